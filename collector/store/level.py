"""What the database server can do: plain PostgreSQL, or one of the two editions of TimescaleDB."""

from enum import StrEnum
from typing import Final

import asyncpg

from collector.errors import RefusedError
from collector.store.pool import Connection

OLDEST_POSTGRESQL: Final = 15


class StorageLevel(StrEnum):
    """The three levels, from the least; each offers all the one before it does."""

    PLAIN = "plain"
    TIMESCALE_APACHE = "timescale-apache"
    TIMESCALE_COMMUNITY = "timescale-community"


async def find_level(connection: Connection) -> StorageLevel:
    """Return the level of this database; `RefusedError` when its server is too old."""
    version = connection.get_server_version()
    if version.major < OLDEST_POSTGRESQL:
        raise RefusedError(
            f"the database server is PostgreSQL {version.major}:"
            f" Constat needs {OLDEST_POSTGRESQL} or later"
        )
    if not await _with_extension(connection):
        return StorageLevel.PLAIN
    if await connection.fetchval("SHOW timescaledb.license") == "timescale":
        return StorageLevel.TIMESCALE_COMMUNITY
    return StorageLevel.TIMESCALE_APACHE


async def _with_extension(connection: Connection) -> bool:
    """Return whether TimescaleDB is in this database; put it there when that is allowed."""
    query = "SELECT true FROM pg_extension WHERE extname = 'timescaledb'"
    if await connection.fetchval(query):
        return True
    # Its loader has this setting. Without the loader the next statement ends the connection; and
    # the licence is known only once the extension is there.
    if not await connection.fetchval("SELECT current_setting('timescaledb.disable_load', true)"):
        return False
    try:
        await connection.execute("CREATE EXTENSION timescaledb")
    except asyncpg.PostgresError:
        return False
    return True
