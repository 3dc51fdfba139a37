"""Taking a hospital's log back from what its witness mirrored, and making the tables from it."""

from collector.register.rebuilding import rebuild
from collector.store.checkpoints import put_checkpoint
from collector.store.pool import Pool, transaction
from collector.store.reloading import reload
from collector.store.tenants import ensure_tenant
from collector.witness.opening import Mirror
from probes.model.instant import SECOND


async def take_back(pool: Pool, mirror: Mirror) -> int:
    """Fill a database that holds nothing of a hospital; return how many entries came back.

    Checkpoints come back as they were signed and cosigned. Names of persons do not: they are not in
    the log.
    """
    signed = mirror.checkpoints[-1].note.checkpoint
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, mirror.hospital)
        await reload(connection, tenant_id, mirror.leaves, signed)
        for note, seen_at_s, line in mirror.checkpoints:
            lines = [] if line is None else [line]
            await put_checkpoint(connection, tenant_id, note, lines, seen_at_s * SECOND)
    async for _ in rebuild(pool, mirror.hospital, measurements=True):
        pass
    return signed.size
