"""A log of statements that say nothing, and a hand that changes it underneath."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from collector.record.entry import RegisterEntry
from collector.store.log import append
from collector.store.pool import Connection, Pool, connected, transaction
from collector.store.tenants import TenantId, ensure_tenant
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT


async def grown(pool: Pool, size: int) -> TenantId:
    """Return a hospital whose log has so many entries."""
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, TENANT)
        await grow(connection, tenant_id, size)
    return tenant_id


async def grow(connection: Connection, tenant_id: TenantId, count: int, said: str = "") -> None:
    """Append some entries."""
    for number in range(count):
        entry = RegisterEntry(TENANT, "a", NOON_US, "test", {"n": number, "said": said})
        await append(connection, tenant_id, entry, LOG_KEY)


@asynccontextmanager
async def tampered(pool: Pool, *statements: str) -> AsyncIterator[Connection]:
    """A connection on a log that a superuser has changed."""
    async with connected(pool) as connection:
        await connection.execute("ALTER TABLE log DISABLE TRIGGER USER")
        for statement in statements:
            await connection.execute(statement)
        yield connection
