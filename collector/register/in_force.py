"""The catalogue in force: every item as it holds now, or held at an instant, and since when."""

from typing import Final, NamedTuple

from collector.record.catalogue import ItemKey, ItemKind, Value
from collector.register.names import as_written, persons_of
from collector.store.catalogue import items_in_force
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named, tenant_names


class ItemInForce(NamedTuple):
    """An item of a hospital, its value, and the entry of the log that gave it."""

    hospital: str
    key: ItemKey
    value: Value
    entry: int
    at_us: int


_ORDER: Final = list(ItemKind)


async def catalogue_in_force(
    pool: Pool, hospital: str | None, by_us: int | None = None
) -> list[ItemInForce]:
    """Return the items of a hospital, or of all; names of contacts are those kept now."""
    found: list[ItemInForce] = []
    async with connected(pool) as connection:
        for tenant in [hospital] if hospital else await tenant_names(connection):
            tenant_id = await tenant_named(connection, tenant)
            persons = await persons_of(connection, tenant_id)
            items = [
                ItemInForce(
                    tenant,
                    ItemKey(ItemKind(item.kind), item.name),
                    as_written(item.kind, item.value, persons),
                    item.entry,
                    item.at_us,
                )
                for item in await items_in_force(connection, tenant_id, by_us=by_us)
            ]
            found += sorted(items, key=lambda item: (_ORDER.index(item.key.kind), item.key.name))
    return found
