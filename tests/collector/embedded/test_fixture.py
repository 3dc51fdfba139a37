"""The database that every test may ask for."""

import asyncpg


async def test_a_test_gets_an_empty_database_of_its_own(database_dsn: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    try:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert await connection.fetchval(tables) == 0
        await connection.execute("CREATE TABLE left_behind ()")
    finally:
        await connection.close()


async def test_what_a_test_left_is_gone_for_the_next(database_dsn: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    try:
        assert await connection.fetchval("SELECT to_regclass('left_behind')") is None
    finally:
        await connection.close()
