"""The log of a tenant: entries are appended, each a leaf under a running hash, and never changed.

The leaf of an entry is SHA-256(0x00 ‖ envelope bytes), as in RFC 9162; the chain at a leaf is
SHA-256(chain before ‖ leaf). Whoever appends holds the row of the tenant's head until the
transaction ends, so indices have no gaps and no two writers see the same head. In one transaction
heads are locked after agents' cursors, and in order of tenant.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from collector.errors import NotFoundError
from collector.store.headers import HeaderReader
from collector.store.packing import pack
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.envelope import Envelope

BATCH_KIND: Final = "batch"
LOG_CHANNEL: Final = "constat_log"

_COLUMNS: Final = (
    "idx", "received_at", "tenant_id", "agent_id", "number", "kind", "chain", "envelope",
)  # fmt: skip
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is to be appended: its kind, such as `window.announced`, and its sealed envelope."""

    kind: str
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where an entry stands: its index from 0, its leaf hash, and the chain up to it."""

    index: int
    leaf_hash: bytes
    chain: bytes


class Head(NamedTuple):
    """How many entries a log has, and the chain over all of them (zeros when empty)."""

    size: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as read back. `received_at_us` is the collector's clock when it was appended."""

    index: int
    kind: str
    received_at_us: int
    envelope: Envelope
    chain: bytes

    @property
    def leaf_hash(self) -> bytes:
        """The RFC 9162 hash of the entry."""
        return leaf_hash(self.envelope.encode())


class SealedRow(NamedTuple):
    """An entry ready to be stored: packed, its leaf hash taken; of a kind, or a numbered batch."""

    tenant_id: TenantId
    leaf_hash: bytes
    packed: bytes
    kind: str | None
    agent_id: int | None = None
    number: int | None = None


def leaf_hash(encoded: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162, section 2.1.1) from the bytes of its envelope."""
    return sha256(b"\x00" + encoded).digest()


async def append(
    connection: Connection, tenant_id: TenantId, entries: Sequence[NewEntry], *, at_us: int
) -> list[Leaf]:
    """Append entries inside the caller's transaction; return their leaves, in order.

    `at_us` is the collector's clock, kept as the instant of receipt.
    """
    rows = [
        SealedRow(tenant_id, leaf_hash(entry.envelope.encode()), pack(entry.envelope), entry.kind)
        for entry in entries
    ]
    heads = {tenant_id: await lock_head(connection, tenant_id)}
    return await append_rows(connection, heads, rows, at_us)


async def append_rows(
    connection: Connection, heads: dict[TenantId, Head], rows: Sequence[SealedRow], at_us: int
) -> list[Leaf]:
    """Append entries to logs whose heads the caller's transaction holds; the heads move on."""
    leaves, records = [], []
    for tenant_id, leaf, packed, kind, agent_id, number in rows:
        index, before = heads[tenant_id]
        chain = sha256(before + leaf).digest()
        heads[tenant_id] = Head(index + 1, chain)
        leaves.append(Leaf(index, leaf, chain))
        records.append((index, at_us, tenant_id, agent_id, number, kind, chain, packed))
    if records:
        await connection.copy_records_to_table("log", records=records, columns=_COLUMNS)
        await connection.execute(
            "WITH head AS (SELECT * FROM unnest($1::int[], $2::bigint[], $3::bytea[])"
            " AS head (tenant_id, size, chain)), moved AS (UPDATE log_head"
            " SET size = head.size, chain = head.chain FROM head"
            " WHERE log_head.tenant_id = head.tenant_id)"
            " SELECT pg_notify($4, tenant_id::text) FROM head",
            list(heads),
            [head.size for head in heads.values()],
            [head.chain for head in heads.values()],
            LOG_CHANNEL,
        )
    return leaves


async def lock_heads(
    connection: Connection, tenant_ids: Iterable[TenantId]
) -> dict[TenantId, Head]:
    """Return the heads of some logs and keep others from appending until the transaction ends."""
    rows = await connection.fetch(
        "SELECT tenant_id, size, chain FROM log_head WHERE tenant_id = ANY($1)"
        " ORDER BY tenant_id FOR UPDATE",
        list(tenant_ids),
    )
    return {TenantId(row["tenant_id"]): Head(row["size"], row["chain"]) for row in rows}


async def lock_head(connection: Connection, tenant_id: TenantId) -> Head:
    """Return the head of one log and keep others from appending until the transaction ends."""
    heads = await lock_heads(connection, [tenant_id])
    if tenant_id not in heads:
        raise NotFoundError(f"there is no tenant {tenant_id}")
    return heads[tenant_id]


async def read_head(connection: Connection, tenant_id: TenantId) -> Head:
    """Return the head of a log as committed."""
    row = await connection.fetchrow(
        "SELECT size, chain FROM log_head WHERE tenant_id = $1", tenant_id
    )
    if row is None:
        raise NotFoundError(f"there is no tenant {tenant_id}")
    return Head(row["size"], row["chain"])


async def entries(
    connection: Connection,
    tenant_id: TenantId,
    *,
    start: int = 0,
    kinds: Sequence[str] | None = None,
) -> AsyncIterator[Entry]:
    """Yield the entries from an index on, in order; only those of some kinds when these are given.

    Batches come only without kinds: they are the bulk of a log, and have readers of their own.
    """
    wanted = "" if kinds is None else "AND agent_id IS NULL AND kind = ANY($4)"
    query = (
        "SELECT idx, coalesce(kind, $3), received_at, chain, envelope FROM log"  # noqa: S608 - constant
        f" WHERE tenant_id = $1 AND idx >= $2 {wanted} ORDER BY idx LIMIT {_PAGE}"
    )
    arguments = [BATCH_KIND] if kinds is None else [BATCH_KIND, list(kinds)]
    headers = HeaderReader()
    while page := await connection.fetch(query, tenant_id, start, *arguments):
        packed = [row["envelope"] for row in page]
        envelopes = await headers.unpack_all(connection, tenant_id, packed)
        for (index, kind, received_at_us, chain, _), envelope in zip(page, envelopes, strict=True):
            yield Entry(index, kind, received_at_us, envelope, chain)
        start = page[-1]["idx"] + 1
