"""The items of the catalogue: every value each one ever had, and the entry that gave it."""

import json

from collector.record.catalogue import StoredItem
from collector.record.entry import RegisterEntry
from collector.store.pool import Connection
from collector.store.tenants import TenantId


async def add_item(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the entry of an item into the table."""
    await connection.execute(
        "INSERT INTO catalogue_item (tenant_id, kind, name, entry, at_us, value)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        tenant_id,
        entry.body["item"],
        entry.body["name"],
        index,
        entry.at_us,
        json.dumps(entry.body["value"]),
    )


async def items_in_force(
    connection: Connection, tenant_id: TenantId, *, by_us: int | None = None
) -> list[StoredItem]:
    """Return the newest value of every item, of those given by an instant if there is one."""
    rows = await connection.fetch(
        "SELECT DISTINCT ON (kind, name) kind, name, value, entry, at_us FROM catalogue_item"
        " WHERE tenant_id = $1 AND ($2::bigint IS NULL OR at_us <= $2)"
        " ORDER BY kind, name, entry DESC",
        tenant_id,
        by_us,
    )
    return [
        StoredItem(row["kind"], row["name"], json.loads(row["value"]), row["entry"], row["at_us"])
        for row in rows
    ]


async def hospitals_of_group(connection: Connection, group: str) -> list[str]:
    """Return the hospitals that belong to a group now, in order of name."""
    rows = await connection.fetch(
        "SELECT t.name FROM tenant t JOIN LATERAL (SELECT value FROM catalogue_item i"
        " WHERE i.tenant_id = t.tenant_id AND kind = 'hospital' ORDER BY entry DESC LIMIT 1)"
        " AS own ON own.value ->> 'group' = $1 ORDER BY t.name",
        group,
    )
    return [row["name"] for row in rows]


async def names_in_use(connection: Connection, kind: str) -> list[str]:
    """Return the names of the items of a kind, in whatever hospital, in order."""
    rows = await connection.fetch(
        "SELECT DISTINCT name FROM catalogue_item WHERE kind = $1 ORDER BY name", kind
    )
    return [row["name"] for row in rows]


async def instants_of_change(connection: Connection, tenant_id: TenantId) -> list[int]:
    """Return when the catalogue of a tenant changed, in order."""
    rows = await connection.fetch(
        "SELECT DISTINCT at_us FROM catalogue_item WHERE tenant_id = $1 ORDER BY at_us", tenant_id
    )
    return [row[0] for row in rows]
