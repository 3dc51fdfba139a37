"""A pool whose server goes away says so once, and to whom it concerns."""

from threading import Thread

import pytest

from collector.store.pool import Connection, DatabaseUnavailableError, Pool, connected
from tests.postgres import ask, in_own_loop


async def _lose(connection: Connection, dsn: str) -> None:
    """End the server's side of a connection while our loop stands still and cannot notice."""
    process = await connection.fetchval("SELECT pg_backend_pid()")
    end = ask(dsn, f"SELECT pg_terminate_backend({process}, 60000)")
    thread = Thread(target=in_own_loop, args=(end,))
    thread.start()
    thread.join()


async def test_a_connection_lost_in_use_is_a_database_that_cannot_be_reached(
    pool: Pool, collector_dsn: str
) -> None:
    async def work() -> None:
        async with connected(pool) as connection:
            await _lose(connection, collector_dsn)
            await connection.fetchval("SELECT 1")

    with pytest.raises(DatabaseUnavailableError, match="the database cannot be reached"):
        await work()


async def test_a_connection_lost_when_it_is_given_back_is_no_fault_of_the_work(
    pool: Pool, collector_dsn: str
) -> None:
    for _ in range(10):
        async with connected(pool) as connection:
            await _lose(connection, collector_dsn)
    async with connected(pool) as connection:
        assert await connection.fetchval("SELECT 1") == 1
