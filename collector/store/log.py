"""The log of a tenant: entries are appended, each a leaf under a running hash, and never changed.

The leaf of an entry is SHA-256(0x00 ‖ envelope bytes), as in RFC 9162; the chain at a leaf is
SHA-256(chain before ‖ leaf). Whoever appends holds the row of the tenant's head until the
transaction ends, so indices have no gaps and no two writers see the same head. In one transaction
heads are locked after agents' cursors, and in order of tenant.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from collector.errors import NotFoundError
from collector.store.packing import pack, unpack
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


@dataclass(frozen=True, slots=True)
class Head:
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
    """An entry ready to be stored: packed, its leaf hash taken; numbered if it is a batch."""

    kind: str
    leaf_hash: bytes
    packed: bytes
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
        SealedRow(entry.kind, leaf_hash(entry.envelope.encode()), pack(entry.envelope))
        for entry in entries
    ]
    return await append_rows(connection, tenant_id, rows, at_us=at_us)


async def append_rows(
    connection: Connection, tenant_id: TenantId, rows: Sequence[SealedRow], *, at_us: int
) -> list[Leaf]:
    """Append entries that were sealed and packed before, inside the caller's transaction."""
    head = await lock_head(connection, tenant_id)
    leaves = _chained(head, [row.leaf_hash for row in rows])
    if not leaves:
        return []
    records = [
        (leaf.index, at_us, tenant_id, row.agent_id, row.number, row.kind, leaf.chain, row.packed)
        for leaf, row in zip(leaves, rows, strict=True)
    ]
    await connection.copy_records_to_table("log", records=records, columns=_COLUMNS)
    await connection.execute(
        "UPDATE log_head SET size = $2, chain = $3 WHERE tenant_id = $1",
        tenant_id,
        leaves[-1].index + 1,
        leaves[-1].chain,
    )
    await connection.execute("SELECT pg_notify($1, $2)", LOG_CHANNEL, str(tenant_id))
    return leaves


def _chained(head: Head, leaf_hashes: Sequence[bytes]) -> list[Leaf]:
    chain, leaves = head.chain, []
    for index, leaf in enumerate(leaf_hashes, start=head.size):
        chain = sha256(chain + leaf).digest()
        leaves.append(Leaf(index, leaf, chain))
    return leaves


async def lock_head(connection: Connection, tenant_id: TenantId) -> Head:
    """Return the head of a log and keep others from appending until the transaction ends."""
    return await _head(connection, tenant_id, "FOR UPDATE")


async def read_head(connection: Connection, tenant_id: TenantId) -> Head:
    """Return the head of a log as committed."""
    return await _head(connection, tenant_id, "")


async def _head(connection: Connection, tenant_id: TenantId, lock: str) -> Head:
    row = await connection.fetchrow(
        f"SELECT size, chain FROM log_head WHERE tenant_id = $1 {lock}",  # noqa: S608 - constant
        tenant_id,
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

    Batches are read only without kinds: they are the bulk of a log, and have readers of their own.
    """
    wanted = "" if kinds is None else "AND number IS NULL AND kind = ANY($3)"
    query = (
        "SELECT idx, kind, received_at, chain, envelope FROM log"  # noqa: S608 - constant parts
        f" WHERE tenant_id = $1 AND idx >= $2 {wanted} ORDER BY idx LIMIT {_PAGE}"
    )
    arguments = [] if kinds is None else [list(kinds)]
    while page := await connection.fetch(query, tenant_id, start, *arguments):
        for row in page:
            yield Entry(
                row["idx"], row["kind"], row["received_at"], unpack(row["envelope"]), row["chain"]
            )
        start = page[-1]["idx"] + 1
