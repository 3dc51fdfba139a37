"""What is or was agreed for a service, as the database has it."""

from zoneinfo import ZoneInfo

from collector.record.agreed import Agreed, agreed_of
from collector.store.catalogue import items_in_force
from collector.store.pool import Connection
from collector.store.tenants import TenantId, tenant_named


async def agreed_for(
    connection: Connection,
    tenant_id: TenantId,
    tenant: str,
    service: str,
    *,
    by_us: int | None = None,
) -> Agreed:
    """Return what was last agreed for a service, or last by an instant."""
    stored = await items_in_force(connection, tenant_id, by_us=by_us)
    return agreed_of(stored, tenant, service)


async def zone_of(connection: Connection, hospital: str, service: str) -> ZoneInfo:
    """Return the zone in which local times of a service are read."""
    tenant_id = await tenant_named(connection, hospital)
    return (await agreed_for(connection, tenant_id, hospital, service)).zone
