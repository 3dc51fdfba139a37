"""Applying a catalogue: what differs from the log is sealed in it, and nothing else.

Applying the same catalogue again changes nothing. What the document does not mention stays as it
is: an item is never taken away in silence. Names and addresses of contacts are compared as they are
kept beside the log; in it stands what commits to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from collector.errors import NotFoundError
from collector.evidence.names import Person
from collector.record.catalogue import ITEM_SET, ItemKey, ItemKind, Value
from collector.register.changes import Change, changes
from collector.register.names import as_written, keep_person, persons_of
from collector.register.sealing import Desk, Sealer, open_desk
from collector.store.catalogue import items_in_force
from collector.store.pool import Connection, Pool, connected, transaction
from collector.store.tenants import TenantId, ensure_tenant, tenant_named

Catalogue = Mapping[str, Mapping[ItemKey, Value]]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a catalogue changes in a hospital, and the items it does not mention."""

    hospital: str
    changes: tuple[Change, ...]
    unmentioned: tuple[ItemKey, ...]


async def preview(pool: Pool, catalogue: Catalogue) -> list[Applied]:
    """Return what applying a catalogue would change now; nothing is sealed."""
    async with connected(pool) as connection:
        return [
            _compared(hospital, await _current(connection, hospital), wanted)
            for hospital, wanted in catalogue.items()
        ]


async def apply(pool: Pool, sealer: Sealer, catalogue: Catalogue, author: str) -> list[Applied]:
    """Seal what a catalogue changes, one entry an item; each hospital wholly or not at all."""
    applied = []
    for hospital, wanted in catalogue.items():
        async with transaction(pool) as connection:
            tenant_id = await ensure_tenant(connection, hospital)
            desk = await open_desk(connection, tenant_id, hospital, sealer, author)
            compared = _compared(hospital, await _items(connection, tenant_id), wanted)
            for change in compared.changes:
                kind, name = change.key
                value = await _sealed(desk, kind, change.value)
                await desk.seal(ITEM_SET, {"item": kind.value, "name": name, "value": value})
            applied.append(compared)
    return applied


def _compared(
    hospital: str, current: Mapping[ItemKey, Value], wanted: Mapping[ItemKey, Value]
) -> Applied:
    unmentioned = tuple(key for key in current if key not in wanted)
    return Applied(hospital, tuple(changes(current, wanted)), unmentioned)


async def _current(connection: Connection, hospital: str) -> dict[ItemKey, Value]:
    try:
        return await _items(connection, await tenant_named(connection, hospital))
    except NotFoundError:
        return {}


async def _items(connection: Connection, tenant_id: TenantId) -> dict[ItemKey, Value]:
    persons = await persons_of(connection, tenant_id)
    return {
        ItemKey(ItemKind(item.kind), item.name): as_written(item.kind, item.value, persons)
        for item in await items_in_force(connection, tenant_id)
    }


async def _sealed(desk: Desk, kind: ItemKind, value: Value) -> Value:
    """Return what is sealed of an item; the name of a contact is kept beside the log."""
    if kind is not ItemKind.CONTACT:
        return value
    said = dict(value)
    person = Person(said.pop("name"), said.pop("email"))
    return {**said, "person": await keep_person(desk, person)}
