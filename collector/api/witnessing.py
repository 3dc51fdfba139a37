"""What the log of a hospital shows to its witness, and where the witness's cosignatures go.

    GET  /v1/hospitals/H/checkpoint                 the head of the log, signed
    GET  /v1/hospitals/H/consistency?from=M&to=N    that N entries continue the first M
    GET  /v1/hospitals/H/leaves?from=A&count=C      the entries themselves
    GET  /v1/hospitals/H/cosignatures?name=W        the newest checkpoint that W cosigned
    POST /v1/hospitals/H/cosignatures               a size, and the line of a cosignature

Whoever asks shows the hospital's token, made from the collector's key. Only what was signed and
kept is proven; nothing is given that a later start could not give again.
"""

from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from aiohttp import web

from collector.api.answers import answer
from collector.api.body import read_body
from collector.courier.receipt import WITNESS, proves
from collector.errors import NotFoundError
from collector.store.checkpoints import checkpoints_of, consistency, keep_checkpoint
from collector.store.enrolment import TokenRefusedError
from collector.store.ingest import Ingest
from collector.store.pool import Connection, Pool, transaction
from collector.store.tenants import TenantId, tenant_named
from collector.store.witnessing import read_leaves, signed_size, take_cosignature
from probes.model.canonical import MalformedError
from probes.model.checkpoint import CheckpointError, Note, read_cosignature
from probes.model.keys import SigningKey

_SCHEME: Final = "Bearer "
_LONGEST_TOKEN: Final = 64
_LARGEST_LINE: Final = 2048
_MOST_LEAVES: Final = 500
_ENOUGH_BYTES: Final = 4 << 20
_MOST_DIGITS: Final = 15


class _Asked(NamedTuple):
    """A hospital whose token was shown, and the transaction its log is read in."""

    connection: Connection
    tenant: str
    tenant_id: TenantId


class WitnessingHandler:
    """Answers the witness of any hospital."""

    def __init__(
        self, pool: Pool, ingest: Ingest, key: SigningKey, now_us: Callable[[], int]
    ) -> None:
        self._pool = pool
        self._ingest = ingest
        self._key = key
        self._now_us = now_us

    async def checkpoint(self, request: web.Request) -> web.Response:
        """Answer with the checkpoint of the log as it stands, and who cosigned it."""
        async with self._asked(request) as (connection, tenant, tenant_id):
            self._ingest.check_trusted(tenant_id)
            kept = await keep_checkpoint(connection, tenant_id, tenant, self._key, self._now_us())
        return _text(kept.note)

    async def cosigned(self, request: web.Request) -> web.Response:
        """Answer with the newest checkpoint that a witness cosigned."""
        name = request.query.get("name", "")
        async with self._asked(request) as (connection, tenant, tenant_id):
            kept = await checkpoints_of(connection, tenant_id, newest=1, cosigned_by=name)
        if not kept:
            raise NotFoundError(f"{name!r} cosigned nothing of {tenant}")
        return _text(kept[0].note)

    async def consistency(self, request: web.Request) -> web.Response:
        """Answer with the proof between two sizes of the log."""
        async with self._asked(request) as (connection, _, tenant_id):
            old, new = _number(request.query.get("from")), _number(request.query.get("to"))
            signed = await signed_size(connection, tenant_id)
            if not old <= new <= signed:
                raise NotFoundError(f"{signed} entries were signed: no proof from {old} to {new}")
            hashes = await consistency(connection, tenant_id, old, new)
        return _list(old, "hashes", hashes)

    async def leaves(self, request: web.Request) -> web.Response:
        """Answer with some entries from a place on, as many as one answer may hold."""
        async with self._asked(request) as (connection, _, tenant_id):
            start, count = _number(request.query.get("from")), _number(request.query.get("count"))
            signed = await signed_size(connection, tenant_id)
            count = min(count, _MOST_LEAVES, signed - start)
            if count < 1:
                raise NotFoundError(f"{signed} entries were signed: there are none from {start} on")
            leaves = await read_leaves(connection, tenant_id, start, count, _ENOUGH_BYTES)
        return _list(start, "leaves", leaves)

    async def cosign(self, request: web.Request) -> web.Response:
        """Take the cosignature of a checkpoint."""
        self._proven(request)
        size, line = _size_and_line(await read_body(request, largest=_LARGEST_LINE))
        async with self._asked(request) as (connection, _, tenant_id):
            await take_cosignature(connection, tenant_id, size, line, self._now_us())
        return answer({"size": size})

    @asynccontextmanager
    async def _asked(self, request: web.Request) -> AsyncIterator[_Asked]:
        """Yield which hospital is asked for, inside a transaction."""
        tenant = self._proven(request)
        async with transaction(self._pool) as connection:
            yield _Asked(connection, tenant, await tenant_named(connection, tenant))

    def _proven(self, request: web.Request) -> str:
        """Return the hospital whose token is shown; whoever shows none of it learns nothing."""
        tenant = request.match_info["hospital"]
        given = request.headers.get("Authorization", "")
        token = given.removeprefix(_SCHEME).strip()[:_LONGEST_TOKEN]
        if not given.startswith(_SCHEME) or not proves(self._key, tenant, WITNESS, token):
            raise TokenRefusedError("the request has no token for a witness of this hospital")
        return tenant


def _text(note: Note) -> web.Response:
    return web.Response(text=note.text(), headers=_HEADERS)


def _list(start: int, key: str, values: Sequence[bytes]) -> web.Response:
    response = answer({"from": start, key: [b64encode(value).decode() for value in values]})
    response.headers.update(_HEADERS)
    return response


def _number(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise MalformedError(f"expected a number of entries, got {(text or 'none')[:20]!r}")
    return int(text)


def _size_and_line(body: bytes) -> tuple[int, str]:
    try:
        size, _, line = body.decode().partition("\n")
        return _number(size), read_cosignature(line).line()
    except (UnicodeDecodeError, CheckpointError):
        raise MalformedError("the body is not a size and the line of a cosignature") from None


_HEADERS: Final = {"Cache-Control": "no-store"}
