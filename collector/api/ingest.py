"""`POST /v1/batches`: a signed batch is made durable, then acknowledged."""

from typing import Final

from aiohttp import web

from collector.api.answers import answer, refusal
from collector.api.body import read_body
from collector.store.ingest import BusyError, Ingest
from collector.store.received import LARGEST_ENVELOPE

MOST_AT_ONCE: Final = 512
MOST_BYTES_AT_ONCE: Final = 128 << 20


class BatchesHandler:
    """Takes batches over HTTP; beyond so many at once, the next are told to come again."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._at_once = 0
        self._bytes_at_once = 0

    async def post(self, request: web.Request) -> web.Response:
        """Answer one batch."""
        size = LARGEST_ENVELOPE if request.content_length is None else request.content_length
        if self._at_once >= MOST_AT_ONCE or self._bytes_at_once + size > MOST_BYTES_AT_ONCE:
            return refusal(BusyError("too many requests at once"))
        self._at_once += 1
        self._bytes_at_once += size
        try:
            data = await read_body(request, largest=LARGEST_ENVELOPE)
            ack = await self._ingest.submit(data)
        finally:
            self._at_once -= 1
            self._bytes_at_once -= size
        return answer(
            {
                "agent": ack.agent,
                "batch": ack.number,
                "index": ack.index,
                "head": {"size": ack.head.size, "chain": ack.head.chain.hex()},
            }
        )
