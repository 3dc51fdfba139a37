"""What the shell completes: the ids in a database, if it answers while somebody waits."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from collector.store.catalogue import names_in_use
from collector.store.interventions import list_interventions
from collector.store.pool import Connection, connected, open_pool
from collector.store.tenants import tenant_names
from collector.store.windows import list_windows

_PATIENCE_S: Final = 2.0


def names_of(what: str, dsn: str) -> list[str]:
    """Return the ids of a kind: hospital, service, window, intervention, group or site."""
    return asyncio.run(_names_of(what, dsn))


async def _names_of(what: str, dsn: str) -> list[str]:
    async with (
        asyncio.timeout(_PATIENCE_S),
        open_pool(dsn, size=1) as pool,
        connected(pool) as connection,
    ):
        return await _READERS[what](connection)


async def _windows(connection: Connection) -> list[str]:
    return sorted({window.id for window in await list_windows(connection)})


async def _services(connection: Connection) -> list[str]:
    return await names_in_use(connection, "service")


async def _interventions(connection: Connection) -> list[str]:
    return sorted({row.intervention.id for row in await list_interventions(connection)})


async def _groups(connection: Connection) -> list[str]:
    return await names_in_use(connection, "group")


async def _sites(connection: Connection) -> list[str]:
    return await names_in_use(connection, "site")


_READERS: Final[dict[str, Callable[[Connection], Awaitable[list[str]]]]] = {
    "group": _groups,
    "hospital": tenant_names,
    "intervention": _interventions,
    "service": _services,
    "site": _sites,
    "window": _windows,
}
