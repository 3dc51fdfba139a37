"""`POST /v1/batches`: a signed batch is made durable, then acknowledged."""

from base64 import b64encode
from typing import Final

from aiohttp import web

from collector.api.answers import answer, refusal
from collector.api.body import read_body
from collector.store.ingest import BusyError, Ingest
from collector.store.received import LARGEST_ENVELOPE
from probes.model.canonical import MalformedError

MOST_AT_ONCE: Final = 512
MOST_BYTES_AT_ONCE: Final = 128 << 20
SEEN_HEADER: Final = "Constat-Seen"

_MOST_DIGITS: Final = 15


class BatchesHandler:
    """Takes batches over HTTP; beyond so many at once, the next are told to come again."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._at_once = 0
        self._bytes_at_once = 0

    async def post(self, request: web.Request) -> web.Response:
        """Answer one batch."""
        seen = _seen(request)
        size = LARGEST_ENVELOPE if request.content_length is None else request.content_length
        if self._at_once >= MOST_AT_ONCE or self._bytes_at_once + size > MOST_BYTES_AT_ONCE:
            return refusal(BusyError("too many requests at once"))
        self._at_once += 1
        self._bytes_at_once += size
        try:
            data = await read_body(request, largest=LARGEST_ENVELOPE)
            ack = await self._ingest.submit(data, seen=seen)
        finally:
            self._at_once -= 1
            self._bytes_at_once -= size
        return answer(
            {
                "agent": ack.agent,
                "batch": ack.number,
                "index": ack.index,
                "checkpoint": ack.checkpoint,
                "inclusion": [b64encode(each).decode() for each in ack.inclusion],
                "seen": ack.seen,
                "consistency": [b64encode(each).decode() for each in ack.consistency],
            }
        )


def _seen(request: web.Request) -> int:
    """Return the size of the log that the agent saw last, 0 if it does not say."""
    said = request.headers.get(SEEN_HEADER, "0")
    if not (said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS):
        raise MalformedError(f"{SEEN_HEADER}: {said[:20]!r} is no size of a log")
    return int(said)
