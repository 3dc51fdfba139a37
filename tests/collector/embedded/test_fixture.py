"""The databases that every test may ask for."""

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.postgres import Server, UnsafeServerError, ask, do, in_own_loop, refuse_unsafe


@pytest.fixture
def prepared(postgres: Server) -> Iterator[str]:
    dsn = postgres.create("template0")
    in_own_loop(_prepare(dsn))
    yield postgres.freeze(dsn)
    postgres.drop(dsn)


async def _prepare(dsn: str) -> None:
    if await ask(dsn, "SELECT true FROM pg_available_extensions WHERE name = 'timescaledb'"):
        await do(dsn, "CREATE EXTENSION timescaledb")
    await do(dsn, "CREATE TABLE prepared ()")


async def test_a_test_gets_an_empty_database_of_its_own(database_dsn: str) -> None:
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert await ask(database_dsn, tables) == 0
    await do(database_dsn, "CREATE TABLE left_behind ()")


async def test_what_a_test_left_is_gone_for_the_next(database_dsn: str) -> None:
    assert await ask(database_dsn, "SELECT to_regclass('left_behind')") is None


def test_a_prepared_database_is_copied_again_and_again(postgres: Server, prepared: str) -> None:
    for _ in range(5):
        copy = postgres.create(prepared)
        assert in_own_loop(ask(copy, "SELECT count(*) FROM prepared")) == 0
        postgres.drop(copy)


def test_a_database_is_dropped_under_whoever_stays_connected(postgres: Server) -> None:
    dsn = postgres.create("template0")
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(dsn))
    postgres.drop(dsn)
    connection.terminate()
    loop.run_until_complete(asyncio.sleep(0))  # for the transport to close
    loop.close()
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        in_own_loop(ask(dsn, "SELECT 1"))


def test_a_server_that_holds_something_else_is_not_for_tests(postgres: Server) -> None:
    postgres.run(lambda connection: connection.execute("CREATE DATABASE somebodys"))
    try:
        with pytest.raises(UnsafeServerError, match="the server also holds somebodys"):
            refuse_unsafe(postgres)
    finally:
        postgres.run(lambda connection: connection.execute("DROP DATABASE somebodys"))


def test_a_server_where_we_are_not_superuser_is_not_for_tests(postgres: Server) -> None:
    postgres.run(lambda connection: connection.execute("CREATE ROLE weak LOGIN PASSWORD 'weak'"))
    place = urlsplit(postgres.dsn)
    weak = place._replace(netloc=f"weak:weak@{place.netloc.rpartition('@')[2]}")
    try:
        with pytest.raises(UnsafeServerError, match="tests want a primary server, and a superuser"):
            refuse_unsafe(Server(weak.geturl()))
    finally:
        postgres.run(lambda connection: connection.execute("DROP ROLE weak"))
