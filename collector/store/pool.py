"""Connections to the database, and what is said when there is none."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress
from typing import Final, TypeAlias

import asyncpg

from collector.errors import RefusedError

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Record: TypeAlias = asyncpg.Record

_ACQUIRE_TIMEOUT_S: Final = 10
_CLOSE_TIMEOUT_S: Final = 5
# Times are read back as UTC whatever the server's zone; short queries do not repay compilation.
_SETTINGS: Final = {"application_name": "constat", "timezone": "UTC", "jit": "off"}

# What asyncpg raises when a server goes away, restarts, refuses, or has no connection left.
_LOST: Final = (
    ConnectionError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
_NOT_OPENED: Final = (
    OSError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    *_LOST,
)


class DatabaseUnavailableError(RefusedError):
    """The database cannot be reached at this moment; what was asked was not done."""


@asynccontextmanager
async def open_pool(dsn: str, *, size: int = 8) -> AsyncIterator[Pool]:
    """Yield a pool of connections; `DatabaseUnavailableError` when the server does not answer."""
    with _explained(_NOT_OPENED):
        pool = await asyncpg.create_pool(
            dsn, min_size=1, max_size=size, server_settings=_SETTINGS, timeout=_ACQUIRE_TIMEOUT_S
        )
    try:
        yield pool
    finally:
        try:
            await asyncio.wait_for(pool.close(), _CLOSE_TIMEOUT_S)
        except (TimeoutError, *_LOST):
            pool.terminate()


@asynccontextmanager
async def connected(pool: Pool) -> AsyncIterator[Connection]:
    """Yield a connection; a server lost meanwhile is a `DatabaseUnavailableError`."""
    with _explained(_NOT_OPENED):
        connection = await pool.acquire(timeout=_ACQUIRE_TIMEOUT_S)
    try:
        with _explained(_LOST):
            yield connection
    finally:
        # The pool drops what was lost. That is no fault of work that is done, and must not take the
        # place of one that is being raised, a cancellation above all.
        with suppress(*_LOST):
            await pool.release(connection)


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Yield a connection inside a transaction, committed when the block ends without an error.

    A task must never be cancelled in here: asyncpg would send the cancellation on a connection of
    its own, and the transaction could have been committed all the same.
    """
    async with connected(pool) as connection, connection.transaction():
        yield connection


def is_lost(fault: Exception) -> bool:
    """Return whether a fault says that the server is gone, not that it refused a statement."""
    return isinstance(fault, _LOST)


def lost_connections_explained() -> AbstractContextManager[None]:
    """Return a context in which a lost server is a `DatabaseUnavailableError`."""
    return _explained(_LOST)


@contextmanager
def _explained(faults: tuple[type[Exception], ...]) -> Iterator[None]:
    try:
        yield
    except faults as fault:
        raise DatabaseUnavailableError(f"the database cannot be reached: {fault}") from fault
