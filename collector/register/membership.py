"""Which hospitals an operation is about: those named, and those of a group with the service."""

from collections.abc import Sequence

from collector.errors import ConfigurationError, NotFoundError
from collector.record.catalogue import ItemKind
from collector.store.catalogue import hospitals_of_group, items_in_force
from collector.store.pool import Connection
from collector.store.tenants import tenant_named


async def hospitals_asked(
    connection: Connection, hospitals: Sequence[str], group: str | None, service: str
) -> list[str]:
    """Return the hospitals, each once: those named first, then the rest of the group."""
    members: list[str] = []
    if group is not None:
        belonging = await hospitals_of_group(connection, group)
        members = [name for name in belonging if await _has(connection, name, service)]
        if not members:
            what = f"no hospital with a service {service!r}" if belonging else "no hospital"
            raise NotFoundError(f"the group {group} has {what}: see the catalogue")
    if not hospitals and not members:
        raise ConfigurationError("which hospital? Give --hospital, or --group")
    return list(dict.fromkeys([*hospitals, *members]))


async def _has(connection: Connection, hospital: str, service: str) -> bool:
    items = await items_in_force(connection, await tenant_named(connection, hospital))
    return (ItemKind.SERVICE, service) in {(item.kind, item.name) for item in items}
