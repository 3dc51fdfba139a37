"""The tenants: one a hospital, each with a log of its own."""

from typing import NewType

from collector.errors import NotFoundError
from collector.store.pool import Connection

TenantId = NewType("TenantId", int)


async def ensure_tenant(connection: Connection, name: str) -> TenantId:
    """Return the number of a tenant, made with an empty log if there was none of that name."""
    found = await connection.fetchval("SELECT tenant_id FROM tenant WHERE name = $1", name)
    if found is not None:
        return TenantId(found)
    async with connection.transaction():
        made = await connection.fetchval(
            "INSERT INTO tenant (name) VALUES ($1)"
            " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING tenant_id",
            name,
        )
        await connection.execute(
            "INSERT INTO log_head (tenant_id, size) VALUES ($1, 0) ON CONFLICT DO NOTHING", made
        )
    return TenantId(made)


async def tenant_named(connection: Connection, name: str) -> TenantId:
    """Return the number of a tenant; `NotFoundError` when there is none of that name."""
    found = await connection.fetchval("SELECT tenant_id FROM tenant WHERE name = $1", name)
    if found is None:
        raise NotFoundError(f"there is no hospital {name!r}: declare it in the catalogue first")
    return TenantId(found)


async def tenant_names(connection: Connection) -> list[str]:
    """Return the names of all tenants, in order."""
    rows = await connection.fetch("SELECT name FROM tenant ORDER BY name")
    return [row["name"] for row in rows]


async def keep_raw(connection: Connection, days: int) -> None:
    """Keep the raw rows of every tenant, those to come too, for that many days."""
    async with connection.transaction():
        await connection.execute("UPDATE tenant SET raw_days = $1 WHERE raw_days <> $1", days)
        await connection.execute(f"ALTER TABLE tenant ALTER COLUMN raw_days SET DEFAULT {days:d}")
