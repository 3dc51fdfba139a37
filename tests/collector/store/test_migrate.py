"""The schema: made from nothing, made again without harm, and never guessed at."""

import asyncio

import asyncpg
import pytest

from collector.errors import RefusedError
from collector.store.level import StorageLevel, find_level
from collector.store.migrate import Migration, migrate, parse, read_migrations, read_schema
from collector.store.pool import DatabaseUnavailableError, Pool, connected, open_pool

FIRST = parse("0001_first.sql", "CREATE TABLE first (x integer);")
SECOND = parse("0002_second.sql", "CREATE TABLE second (x integer);")


@pytest.fixture(scope="session")
def database_template() -> str:
    return "template0"


async def _migrate(dsn: str, *migrations: Migration) -> int:
    async with open_pool(dsn) as pool, connected(pool) as connection:
        schema = await migrate(connection, list(migrations) or None)
    return schema.version


async def test_a_schema_is_made_from_nothing_and_made_again(database_dsn: str) -> None:
    newest = read_migrations()[-1].number
    assert await _migrate(database_dsn) == newest
    assert await _migrate(database_dsn) == newest


async def test_processes_that_start_together_make_it_once(database_dsn: str) -> None:
    versions = await asyncio.gather(*[_migrate(database_dsn, FIRST, SECOND) for _ in range(4)])
    assert versions == [2, 2, 2, 2]


async def test_what_is_missing_is_applied(database_dsn: str) -> None:
    assert await _migrate(database_dsn, FIRST) == 1
    assert await _migrate(database_dsn, FIRST, SECOND) == 2


async def test_a_file_that_fails_leaves_nothing_behind(database_dsn: str) -> None:
    broken = parse("0002_broken.sql", "CREATE TABLE half (x integer); SELECT 1/0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await _migrate(database_dsn, FIRST, broken)
    assert await _migrate(database_dsn, FIRST, SECOND) == 2


async def test_a_changed_file_is_refused(database_dsn: str) -> None:
    await _migrate(database_dsn, FIRST)
    edited = parse("0001_first.sql", "CREATE TABLE first (x bigint);")
    with pytest.raises(RefusedError, match=r"0001_first\.sql is not the one"):
        await _migrate(database_dsn, edited)


async def test_a_newer_schema_is_refused(database_dsn: str) -> None:
    await _migrate(database_dsn, FIRST, SECOND)
    with pytest.raises(RefusedError, match=r"0002_second\.sql.*upgrade Constat"):
        await _migrate(database_dsn, FIRST)


async def test_timescaledb_is_used_wherever_the_server_has_it(database_dsn: str) -> None:
    async with open_pool(database_dsn) as pool, connected(pool) as connection:
        libraries = await connection.fetchval("SHOW shared_preload_libraries")
        level = await find_level(connection)
        assert (level is StorageLevel.PLAIN) == ("timescaledb" not in libraries)
        with_extension = "SELECT true FROM pg_extension WHERE extname = 'timescaledb'"
        assert await connection.fetchval(with_extension) == (
            None if level is StorageLevel.PLAIN else True
        )


async def test_a_file_for_another_level_is_left_out(database_dsn: str) -> None:
    async with open_pool(database_dsn) as pool, connected(pool) as connection:
        level = await find_level(connection)
        other = "timescale" if level is StorageLevel.PLAIN else "plain"
        theirs = parse("0002_theirs.sql", f"-- level: {other}\nCREATE TABLE theirs (x integer);")
        await migrate(connection, [FIRST, theirs])
        assert await connection.fetchval("SELECT to_regclass('theirs')") is None
        assert (await read_schema(connection)).version == 1


async def test_a_file_outside_a_transaction_is_applied_statement_by_statement(
    database_dsn: str,
) -> None:
    index = parse(
        "0002_index.sql",
        "-- transaction: none\nCREATE INDEX CONCURRENTLY first_x ON first (x);\nSELECT 1;\n",
    )
    assert await _migrate(database_dsn, FIRST, index) == 2


async def test_a_database_laid_out_as_plain_stays_so(database_dsn: str) -> None:
    plain = Migration(2, "0002_plain.sql", "SELECT 1;", "plain", in_transaction=True)
    async with open_pool(database_dsn) as pool, connected(pool) as connection:
        await migrate(connection, [FIRST])
        await connection.execute(
            "INSERT INTO migration (number, name, level, checksum) VALUES (2, $1, 'plain', $2)",
            plain.name,
            plain.checksum,
        )
        assert (await migrate(connection, [FIRST, plain])).level is StorageLevel.PLAIN


async def test_a_database_without_a_schema_is_told_apart(database_dsn: str) -> None:
    async with open_pool(database_dsn) as pool, connected(pool) as connection:
        with pytest.raises(RefusedError, match="constat up"):
            await read_schema(connection)


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("first.sql", ""),
        ("0001_first.sql", "-- level: enterprise"),
        ("0001_first.sql", "-- transaction: two"),
    ],
)
def test_a_file_with_unknown_marks_is_refused(name: str, sql: str) -> None:
    with pytest.raises(ValueError, match=r"first\.sql"):
        parse(name, sql)


async def test_a_server_that_is_not_there_is_explained() -> None:
    with pytest.raises(DatabaseUnavailableError, match="cannot be reached"):
        async with open_pool("postgresql://nobody@127.0.0.1:1/none"):
            pass


async def test_a_connection_that_was_cut_is_explained(pool: Pool) -> None:
    async def be_cut() -> None:
        async with connected(pool) as connection:
            pid = connection.get_server_pid()
            async with connected(pool) as other:
                await other.execute("SELECT pg_terminate_backend($1)", pid)
            await connection.execute("SELECT 1")

    with pytest.raises(DatabaseUnavailableError):
        await be_cut()
    async with connected(pool) as connection:
        assert await connection.fetchval("SELECT 1") == 1
