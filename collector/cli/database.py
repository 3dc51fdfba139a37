"""From a command to its database: the pool it works on, once the schema has been found current."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from collector.cli.options import Target
from collector.errors import RefusedError
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
    async with open_pool(target.address(), size=2) as pool:
        await _check_schema(pool)
        return await work(pool)


async def _check_schema(pool: Pool) -> None:
    async with connected(pool) as connection:
        missing = await missing_migrations(connection)
    if missing:
        raise RefusedError(
            f"the database lacks {missing[0].name}, which this version of Constat needs:"
            " start `constat up` on it once"
        )
