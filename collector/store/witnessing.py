"""What a witness reads of a log, and the lines it adds to checkpoints."""

from contextlib import aclosing
from typing import Final

from collector.errors import NotFoundError, RefusedError
from collector.store.checkpoints import add_cosignature, last_checkpoint
from collector.store.log import entries
from collector.store.pool import Connection
from collector.store.tenants import TenantId

_MOST_COSIGNATURES: Final = 16  # of one checkpoint: its note stays one that everybody reads


class CosignedEnoughError(RefusedError):
    """A checkpoint bears as many cosignatures as it may."""


async def signed_size(connection: Connection, tenant_id: TenantId) -> int:
    """Return how many entries the newest kept checkpoint covers, 0 without any."""
    last = await last_checkpoint(connection, tenant_id)
    return 0 if last is None else last.note.checkpoint.size


async def read_leaves(
    connection: Connection, tenant_id: TenantId, start: int, count: int, enough_bytes: int
) -> list[bytes]:
    """Return at most `count` entries from a place on, as they were hashed; no more once enough."""
    leaves: list[bytes] = []
    size = 0
    async with aclosing(entries(connection, tenant_id, start=start)) as found:
        async for entry in found:
            leaves.append(entry.envelope.encode())
            size += len(leaves[-1])
            if len(leaves) >= count or size >= enough_bytes:
                break
    return leaves


async def take_cosignature(
    connection: Connection, tenant_id: TenantId, size: int, line: str, at_us: int
) -> None:
    """Keep the cosignature of a checkpoint, inside the caller's transaction.

    Raises `NotFoundError` when there is no checkpoint of that size, `CosignedEnoughError` when it
    bears enough lines.
    """
    if not await add_cosignature(connection, tenant_id, size, line, at_us):
        raise NotFoundError(f"no checkpoint of {size} entries was signed")
    lines = await connection.fetchval(
        "SELECT count(*) FROM cosignature WHERE tenant_id = $1 AND size = $2", tenant_id, size
    )
    if lines > _MOST_COSIGNATURES:
        raise CosignedEnoughError(
            f"the checkpoint of {size} entries bears {_MOST_COSIGNATURES} cosignatures already"
        )
