"""Checkpoints that are kept, and what witnesses say of them."""

from collections.abc import Iterable
from typing import NamedTuple

from collector.store.log import Head, UnsoundLogError, lock_head
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from collector.store.tree import read_nodes
from probes.model.checkpoint import Checkpoint, Note, origin_of, read_checkpoint, sign_checkpoint
from probes.model.keys import SigningKey
from probes.model.merkle import MerkleError, consistency_path, proof, verify_consistency


class KeptCheckpoint(NamedTuple):
    """A checkpoint with all its signatures, and when the collector signed it."""

    note: Note
    signed_at_us: int


def sign_head(tenant: str, head: Head, key: SigningKey) -> Note:
    """Return the checkpoint of a head, signed by the log's key."""
    origin = origin_of(tenant, key.verifying_key.key_id)
    return sign_checkpoint(Checkpoint(origin, head.size, head.root), key)


async def keep_checkpoint(
    connection: Connection, tenant_id: TenantId, tenant: str, key: SigningKey, at_us: int
) -> KeptCheckpoint:
    """Return the kept checkpoint of a log as it stands, signed now if there was none.

    Refuses with `UnsoundLogError` to sign what does not continue the one kept last.
    """
    head = await lock_head(connection, tenant_id)
    last = await last_checkpoint(connection, tenant_id)
    if last is not None:
        await _continues(connection, tenant_id, last.note.checkpoint, head)
        if last.note.checkpoint.size == head.size:
            return last
    note = sign_head(tenant, head, key)
    await put_checkpoint(connection, tenant_id, note, (), at_us)
    return KeptCheckpoint(note, at_us)


async def put_checkpoint(
    connection: Connection, tenant_id: TenantId, note: Note, lines: Iterable[str], at_us: int
) -> None:
    """Keep a checkpoint that was signed elsewhere, with cosignatures."""
    size = note.checkpoint.size
    await connection.execute(
        "INSERT INTO checkpoint (tenant_id, size, note, signed_at) VALUES ($1, $2, $3, $4)",
        tenant_id,
        size,
        note.text(),
        at_us,
    )
    for line in lines:
        await add_cosignature(connection, tenant_id, size, line, at_us)


async def last_checkpoint(connection: Connection, tenant_id: TenantId) -> KeptCheckpoint | None:
    """Return the newest kept checkpoint of a log; None without any."""
    kept = await checkpoints_of(connection, tenant_id, newest=1)
    return kept[0] if kept else None


async def checkpoints_of(
    connection: Connection,
    tenant_id: TenantId,
    *,
    start: int = 0,
    newest: int | None = None,
    cosigned_by: str | None = None,
) -> list[KeptCheckpoint]:
    """Return kept checkpoints of at least a size, the newest first, with their cosignatures.

    Only those with a line of that name, if one is given.
    """
    rows = await connection.fetch(
        "SELECT note, signed_at, array(SELECT line FROM cosignature o WHERE o.tenant_id ="
        " c.tenant_id AND o.size = c.size ORDER BY received_at, line) AS lines FROM checkpoint c"
        " WHERE tenant_id = $1 AND size >= $2 AND ($4::text IS NULL OR EXISTS (SELECT FROM"
        " cosignature o WHERE o.tenant_id = c.tenant_id AND o.size = c.size"
        " AND split_part(line, ' ', 2) = $4)) ORDER BY size DESC LIMIT $3",
        tenant_id,
        start,
        newest,
        cosigned_by,
    )
    return [
        KeptCheckpoint(
            read_checkpoint(row["note"].encode()).with_lines(row["lines"]), row["signed_at"]
        )
        for row in rows
    ]


async def add_cosignature(
    connection: Connection, tenant_id: TenantId, size: int, line: str, at_us: int
) -> bool:
    """Keep what a witness says of a checkpoint; False when there is none of that size."""
    kept = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM checkpoint WHERE tenant_id = $1 AND size = $2)", tenant_id, size
    )
    if kept:
        await connection.execute(
            "INSERT INTO cosignature (tenant_id, size, line, received_at)"
            " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            tenant_id,
            size,
            line,
            at_us,
        )
    return bool(kept)


async def consistency(
    connection: Connection, tenant_id: TenantId, old: int, new: int
) -> list[bytes]:
    """Return the proof that the first `new` leaves of a log continue its first `old`."""
    path = consistency_path(old, new)
    wanted = {node for step in path for node in step}
    return proof(path, await read_nodes(connection, tenant_id, wanted))


async def _continues(
    connection: Connection, tenant_id: TenantId, last: Checkpoint, head: Head
) -> None:
    if head.size < last.size:
        raise UnsoundLogError(
            f"the log has {head.size} entries, and {last.size} were signed: some are gone"
        )
    hashes = await consistency(connection, tenant_id, last.size, head.size)
    try:
        verify_consistency(last.size, head.size, last.root, head.root, hashes)
    except MerkleError:
        raise UnsoundLogError(
            f"the log is not the one whose first {last.size} entries were signed"
        ) from None
