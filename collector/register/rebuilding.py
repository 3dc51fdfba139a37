"""Making tables again from the log: what they showed must come out of it, row by row."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from collector.record.entry import RegisterEntry
from collector.register.projections import PROJECTIONS, TABLES
from collector.store.log import entries, lock_head
from collector.store.pool import Connection, Pool, connected, transaction
from collector.store.projector import Projector
from collector.store.rebuild import (
    SERIES_TABLES,
    Filling,
    differing,
    empty,
    fillings,
    forget_watermark,
)
from collector.store.tenants import TenantId, tenant_named, tenant_names


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The tables of one hospital as they came out of its log, and those that had been different."""

    hospital: str
    tables: dict[str, Filling]
    differed: tuple[str, ...]


async def rebuild(
    pool: Pool, hospital: str | None = None, *, measurements: bool = False, keep: bool = True
) -> AsyncIterator[Rebuilt]:
    """Make the tables of every hospital, or of one, again from its log; yield each when it is done.

    Nothing is appended to a log meanwhile, and readers see the old rows until the new ones are
    there. Without `keep` the old ones stay: the tables are only compared. `measurements` makes the
    time series again too, page by page, and cannot be undone.
    """
    for name in await _hospitals(pool, hospital):
        rebuilt = await _register(pool, name, keep=keep)
        if measurements and keep:
            series = await _series(pool, name)
            tables = {**rebuilt.tables, **series.tables}
            rebuilt = Rebuilt(name, tables, (*rebuilt.differed, *series.differed))
        yield rebuilt


async def _hospitals(pool: Pool, hospital: str | None) -> list[str]:
    async with connected(pool) as connection:
        if hospital is None:
            return await tenant_names(connection)
        await tenant_named(connection, hospital)
        return [hospital]


async def _register(pool: Pool, hospital: str, *, keep: bool) -> Rebuilt:
    async with connected(pool) as connection:
        made = connection.transaction()
        await made.start()
        try:
            rebuilt = await _replayed(connection, hospital)
        except BaseException:
            await made.rollback()
            raise
        await (made.commit() if keep else made.rollback())
        return rebuilt


async def _replayed(connection: Connection, hospital: str) -> Rebuilt:
    tenant_id = await tenant_named(connection, hospital)
    await lock_head(connection, tenant_id)
    before = await fillings(connection, tenant_id, TABLES)
    await empty(connection, tenant_id, TABLES)
    await _replay(connection, tenant_id)
    after = await fillings(connection, tenant_id, TABLES)
    return Rebuilt(hospital, after, tuple(differing(before, after)))


async def _replay(connection: Connection, tenant_id: TenantId) -> None:
    async for stored in entries(connection, tenant_id, kinds=list(PROJECTIONS)):
        entry = RegisterEntry.decode(stored.envelope.payload)
        await PROJECTIONS[stored.kind](connection, tenant_id, stored.index, entry)


async def _series(pool: Pool, hospital: str) -> Rebuilt:
    projector = Projector(pool)
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, hospital)
    await projector.catch_up(tenant_id)
    async with transaction(pool) as connection:
        before = await fillings(connection, tenant_id, SERIES_TABLES)
        await empty(connection, tenant_id, SERIES_TABLES)
        await forget_watermark(connection, tenant_id)
    await projector.catch_up(tenant_id)
    async with connected(pool) as connection:
        after = await fillings(connection, tenant_id, SERIES_TABLES)
    return Rebuilt(hospital, after, tuple(differing(before, after)))
