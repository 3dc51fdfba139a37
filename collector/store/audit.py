"""The tree of a log made again from its envelopes, a few at a time, however long it is.

What lies below a head never changes, so no transaction has to last as long as the reading. Whoever
else needs the event loop waits for one turn at most.
"""

import asyncio
from collections.abc import Mapping
from time import perf_counter
from typing import Final

from collector.store.headers import HeaderReader
from collector.store.log import TILE_LEVELS, Head, UnsoundLogError
from collector.store.packing import unpack
from collector.store.pool import Connection, Record
from collector.store.tenants import TenantId
from collector.store.tree import kept_hashes
from probes.model.merkle import EMPTY, Frontier, Node, leaf_hash

PAGE: Final = 256
PAGE_BYTES: Final = 256 << 10
# From an entry on and before another, as many as a page holds, at least one.
ENTRIES: Final = (
    "SELECT idx, leaf, envelope FROM (SELECT idx, leaf, envelope,"
    " sum(length(envelope)) OVER (ORDER BY idx) AS bytes FROM log"
    " WHERE tenant_id = $1 AND idx >= $2 AND idx < $3) AS page"
    " WHERE bytes <= $4 OR idx = $2 ORDER BY idx"
)

_LARGE: Final = 4 << 10
_TURN_S: Final = 0.002


async def verify_tree(  # noqa: PLR0913 - a log, and what is known of it
    connection: Connection,
    tenant_id: TenantId,
    head: Head,
    *,
    above: Frontier = EMPTY,
    known: Frontier = EMPTY,
    rest: float = 0,
) -> None:
    """Make the tree again from the envelopes; `UnsoundLogError` unless it is the head's.

    Tells which leaf, tile or end is not what it was. `above` is a tree that was made just before,
    of which only what follows is read; `known` one that was made at another time, with which the
    log must still begin. After each turn the event loop is left to others for `rest` times as long.
    """
    if head.size < known.size:
        raise UnsoundLogError(f"the log has {head.size} entries, and had {known.size}")
    reader, tree = _Reader(connection, tenant_id, _Turn(rest)), above
    while tree.size < head.size:
        end = known.size if tree.size < known.size else head.size
        tree, made = tree.appended(await reader.leaves(tree.size, end))
        await reader.compare_tiles(made)
        if tree.size == known.size and tree != known:
            raise UnsoundLogError(f"the first {known.size} entries of the log are not those it had")
    if tree != head.tree:
        raise UnsoundLogError("the log does not come to the root that was kept of it")


class _Turn:
    """How long the event loop has been kept from others."""

    def __init__(self, rest: float) -> None:
        self._rest = rest
        self._began = perf_counter()

    @property
    def is_over(self) -> bool:
        return perf_counter() - self._began >= _TURN_S

    async def pass_on(self) -> None:
        """Let the others come, and begin another turn."""
        await asyncio.sleep((perf_counter() - self._began) * self._rest)
        self._began = perf_counter()


class _Reader:
    """Reads a log, and compares what is kept beside its envelopes with what they come to."""

    def __init__(self, connection: Connection, tenant_id: TenantId, turn: _Turn) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._turn = turn
        self._headers = HeaderReader()

    async def leaves(self, start: int, end: int) -> list[bytes]:
        """Return the hashes of some entries from `start` on, before `end`, made again."""
        rows = await self._connection.fetch(
            ENTRIES, self._tenant_id, start, min(end, start + PAGE), PAGE_BYTES
        )
        if not rows:
            raise UnsoundLogError(f"entry {start} of the log is not there any more")
        for place, (row, form) in enumerate(
            zip(rows, await self._with_headers(rows), strict=True), start
        ):
            if row["idx"] != place:
                raise UnsoundLogError(f"entry {place} of the log is not there any more")
            is_large = len(form[0]) >= _LARGE
            leaf = await asyncio.to_thread(_leaf, *form) if is_large else _leaf(*form)
            if leaf != row["leaf"]:
                raise UnsoundLogError(f"entry {place} of the log is not what was appended")
            if self._turn.is_over:
                await self._turn.pass_on()
        return [row["leaf"] for row in rows]

    async def compare_tiles(self, made: Mapping[Node, bytes]) -> None:
        """Compare the nodes that are kept with those that were made."""
        for level in TILE_LEVELS:
            tiles = {node.place: value for node, value in made.items() if node.level == level}
            places = [range(place, place + 1) for place in tiles]
            if await kept_hashes(self._connection, self._tenant_id, level, places) != tiles:
                raise UnsoundLogError(f"the nodes of level {level} are not what was appended")

    async def _with_headers(self, rows: list[Record]) -> list[tuple[bytes, bytes]]:
        packed = [row["envelope"] for row in rows]
        try:
            return await self._headers.with_headers(self._connection, self._tenant_id, packed)
        except KeyError as missing:
            raise UnsoundLogError(f"header {missing} of the log is not there any more") from None


def _leaf(packed: bytes, header: bytes) -> bytes | None:
    """Return the hash of a stored envelope; None for bytes that were one once."""
    try:
        return leaf_hash(unpack(packed, header).encode())
    except Exception:  # noqa: BLE001 - whatever its readers say of what somebody wrote over it
        return None
