"""The log of a tenant: entries are appended, each a leaf of its Merkle tree, and never changed.

The leaf of an entry is SHA-256(0x00 ‖ envelope bytes), as in RFC 9162. Whoever appends holds the
row of the tenant's head until the transaction ends, so indices have no gaps and no two writers see
the same head. In one transaction heads are locked after agents' cursors, and in order of tenant.
"""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from collector.errors import ConstatError, NotFoundError
from collector.record.entry import Place, RegisterEntry, place_after
from collector.store.headers import HeaderReader
from collector.store.packing import pack
from collector.store.pool import Connection, Record
from collector.store.tenants import TenantId
from probes.model.envelope import Envelope
from probes.model.keys import SigningKey
from probes.model.merkle import Frontier, Node, leaf_hash

BATCH_KIND: Final = "batch"
LOG_CHANNEL: Final = "constat_log"

_COLUMNS: Final = (
    "idx", "received_at", "tenant_id", "agent_id", "number", "kind", "leaf", "envelope",
)  # fmt: skip
_PAGE: Final = 500
# Of the nodes of a tree, these levels are kept, and the leaves beside their entries.
TILE_LEVELS: Final = (8, 16, 24)


class UnsoundLogError(ConstatError):
    """What is stored is not what was signed: nothing more may be signed on top of it."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log stands: its tree, and the place of the next entry of its register."""

    tree: Frontier
    next_stated: Place

    @property
    def size(self) -> int:
        """How many leaves the log has."""
        return self.tree.size

    @property
    def root(self) -> bytes:
        """The hash over all of them."""
        return self.tree.root


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as read back. `received_at_us` is the collector's clock when it was appended."""

    index: int
    kind: str
    received_at_us: int
    envelope: Envelope


class SealedRow(NamedTuple):
    """An entry ready to be stored: packed, its leaf hash taken; of a kind, or a numbered batch.

    `at_us` is when it was received, if that is not now.
    """

    tenant_id: TenantId
    leaf_hash: bytes
    packed: bytes
    kind: str | None
    agent_id: int | None = None
    number: int | None = None
    at_us: int | None = None


async def append(
    connection: Connection, tenant_id: TenantId, entry: RegisterEntry, key: SigningKey
) -> int:
    """Seal an entry at its place and append it, inside the caller's transaction; return its index.

    What its entry says was sealed is also kept as the instant of receipt.
    """
    heads = {tenant_id: await lock_head(connection, tenant_id)}
    before = heads[tenant_id]
    envelope = entry.seal(key, before.next_stated)
    row = SealedRow(tenant_id, leaf_hash(envelope.encode()), pack(envelope), entry.kind)
    heads[tenant_id] = Head(before.tree, place_after(before.next_stated, envelope.payload))
    await append_rows(connection, heads, [row], entry.at_us)
    return before.size


async def append_rows(
    connection: Connection, heads: dict[TenantId, Head], rows: Sequence[SealedRow], at_us: int
) -> tuple[list[int], dict[TenantId, dict[Node, bytes]]]:
    """Append entries to logs whose heads the caller's transaction holds; the heads move on.

    Returns the index of each, and by tenant every complete node of its tree that this made.
    """
    indices, records = [], []
    leaves: dict[TenantId, list[bytes]] = {}
    for tenant_id, leaf, packed, kind, agent_id, number, row_at_us in rows:
        received_us = at_us if row_at_us is None else row_at_us
        added = leaves.setdefault(tenant_id, [])
        index = heads[tenant_id].size + len(added)
        added.append(leaf)
        indices.append(index)
        records.append((index, received_us, tenant_id, agent_id, number, kind, leaf, packed))
    made: dict[TenantId, dict[Node, bytes]] = {}
    for tenant_id, added in leaves.items():
        tree, made[tenant_id] = heads[tenant_id].tree.appended(added)
        heads[tenant_id] = Head(tree, heads[tenant_id].next_stated)
    if records:
        await connection.copy_records_to_table("log", records=records, columns=_COLUMNS)
        await _keep_tiles(connection, made)
        await _move_heads(connection, {tenant_id: heads[tenant_id] for tenant_id in leaves})
    return indices, made


async def _keep_tiles(
    connection: Connection, made: Mapping[TenantId, Mapping[Node, bytes]]
) -> None:
    records = [
        (tenant_id, *node, value)
        for tenant_id, nodes in made.items()
        for node, value in nodes.items()
        if node.level in TILE_LEVELS
    ]
    if records:
        columns = ("tenant_id", "level", "place", "hash")
        await connection.copy_records_to_table("log_tile", records=records, columns=columns)


async def _move_heads(connection: Connection, heads: Mapping[TenantId, Head]) -> None:
    await connection.execute(
        "WITH head AS (SELECT * FROM unnest($1::int[], $2::bigint[], $3::bytea[], $4::int[],"
        " $5::text[]) AS head (tenant_id, size, frontier, stated, last_stated)), moved AS"
        " (UPDATE log_head SET size = head.size, frontier = head.frontier, stated = head.stated,"
        " last_stated = head.last_stated FROM head WHERE log_head.tenant_id = head.tenant_id)"
        " SELECT pg_notify($6, tenant_id::text) FROM head",
        list(heads),
        [head.size for head in heads.values()],
        [head.tree.encode() for head in heads.values()],
        [head.next_stated.number - 1 for head in heads.values()],
        [head.next_stated.previous for head in heads.values()],
        LOG_CHANNEL,
    )


async def lock_heads(
    connection: Connection, tenant_ids: Iterable[TenantId]
) -> dict[TenantId, Head]:
    """Return the heads of some logs and keep others from appending until the transaction ends."""
    rows = await connection.fetch(
        f"{_HEADS} WHERE tenant_id = ANY($1) ORDER BY tenant_id FOR UPDATE", list(tenant_ids)
    )
    return {TenantId(row["tenant_id"]): _head(row) for row in rows}


async def lock_head(connection: Connection, tenant_id: TenantId) -> Head:
    """Return the head of one log and keep others from appending until the transaction ends."""
    heads = await lock_heads(connection, [tenant_id])
    if tenant_id not in heads:
        raise NotFoundError(f"there is no tenant {tenant_id}")
    return heads[tenant_id]


async def read_head(connection: Connection, tenant_id: TenantId) -> Head:
    """Return the head of a log as committed."""
    row = await connection.fetchrow(f"{_HEADS} WHERE tenant_id = $1", tenant_id)
    if row is None:
        raise NotFoundError(f"there is no tenant {tenant_id}")
    return _head(row)


_HEADS: Final = "SELECT tenant_id, size, frontier, stated, last_stated FROM log_head"


def _head(row: Record) -> Head:
    place = Place(row["stated"] + 1, row["last_stated"])
    try:
        return Head(Frontier.decode(row["size"], row["frontier"]), place)
    except ValueError as fault:
        raise UnsoundLogError(f"the head that was kept of the log is none: {fault}") from None


async def entries(
    connection: Connection,
    tenant_id: TenantId,
    *,
    start: int = 0,
    kinds: Sequence[str] | None = None,
) -> AsyncGenerator[Entry, None]:
    """Yield the entries from an index on, in order; only those of some kinds when these are given.

    Batches come only without kinds: they are the bulk of a log, and have readers of their own.
    """
    wanted = "" if kinds is None else "AND agent_id IS NULL AND kind = ANY($4)"
    query = (
        "SELECT idx, coalesce(kind, $3), received_at, envelope FROM log"  # noqa: S608 - constant
        f" WHERE tenant_id = $1 AND idx >= $2 {wanted} ORDER BY idx LIMIT {_PAGE}"
    )
    arguments = [BATCH_KIND] if kinds is None else [BATCH_KIND, list(kinds)]
    headers = HeaderReader()
    while page := await connection.fetch(query, tenant_id, start, *arguments):
        packed = [row["envelope"] for row in page]
        envelopes = await headers.unpack_all(connection, tenant_id, packed)
        for (index, kind, received_at_us, _), envelope in zip(page, envelopes, strict=True):
            yield Entry(index, kind, received_at_us, envelope)
        start = page[-1]["idx"] + 1
