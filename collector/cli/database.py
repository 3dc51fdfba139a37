"""From a command to its database: the pool it works on, once the schema has been found current."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from collector.cli.options import Target
from collector.embedded.folder import dsn_of
from collector.errors import ConfigurationError, RefusedError
from collector.register.sealing import Sealer
from collector.store.migrate import missing_migrations
from collector.store.pool import Pool, connected, open_pool

_Result = TypeVar("_Result")


def now_us() -> int:
    """Return the collector's clock, microseconds UTC."""
    return time.time_ns() // 1_000


def sealer_of(target: Target) -> Sealer:
    """Return who seals for a target: its key and this machine's clock."""
    return Sealer(target.key(), now_us)


def on_database(target: Target, work: Callable[[Pool], Awaitable[_Result]]) -> _Result:
    """Do some work on the target's database and return what it returned."""
    return asyncio.run(_on_database(target, work))


async def _on_database(target: Target, work: Callable[[Pool], Awaitable[_Result]]) -> _Result:
    async with open_pool(dsn_for(target), size=2) as pool:
        await _check_schema(pool)
        return await work(pool)


def dsn_for(target: Target) -> str:
    """Return the DSN of a target: its own, its settings', or that of the embedded database."""
    if target.dsn is not None:
        return target.dsn
    settings = target.settings
    if settings is None:
        raise ConfigurationError("no database is named: --dsn or --config")
    return settings.dsn or dsn_of(settings.database_folder)


async def _check_schema(pool: Pool) -> None:
    async with connected(pool) as connection:
        missing = await missing_migrations(connection)
    if missing:
        raise RefusedError(
            f"the database lacks {missing[0].name}, which this version of Constat needs:"
            " start `constat up` on it once"
        )
