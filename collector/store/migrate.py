"""Brings the schema of a database up to this version: numbered SQL files, each applied once.

A file begins with comments that say what it is for; two of them are read here:

    -- level: plain | timescale | community    only where the database has that level
    -- transaction: none                       statement by statement, each may be repeated

What was applied is recorded with its checksum. A file that was edited after it was applied is
refused, and so is a schema newer than this version: both would be guesses about what is stored.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from collector.errors import RefusedError
from collector.store.level import StorageLevel, find_level
from collector.store.pool import Connection

MIGRATION_LOCK: Final = 0x436F_6E73_0001  # "Cons", 1

_PLACE: Final = "collector.store.migrations"
_NAME: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_MARK: Final = re.compile(r"^-- (level|transaction): ([a-z]+)$", re.MULTILINE)
_LEVELS: Final = {
    "plain": frozenset({StorageLevel.PLAIN}),
    "timescale": frozenset({StorageLevel.TIMESCALE_APACHE, StorageLevel.TIMESCALE_COMMUNITY}),
    "community": frozenset({StorageLevel.TIMESCALE_COMMUNITY}),
}


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, name and text, and the marks at its head."""

    number: int
    name: str
    sql: str
    level: str | None
    in_transaction: bool

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file."""
        return sha256(self.sql.encode()).hexdigest()

    def belongs_to(self, level: StorageLevel) -> bool:
        """Return whether a database of this level gets the file."""
        return self.level is None or level in _LEVELS[self.level]


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database holds after migration: its level and the number of its newest file."""

    level: StorageLevel
    version: int


def read_migrations() -> list[Migration]:
    """Return every migration of this version, in order."""
    found = [entry for entry in files(_PLACE).iterdir() if _NAME.fullmatch(entry.name)]
    return [parse(entry.name, entry.read_text()) for entry in sorted(found, key=lambda e: e.name)]


def parse(name: str, sql: str) -> Migration:
    """Return the migration of a file; `ValueError` when its marks are not known."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name}: is not named like 0001_what.sql")
    marks = dict(_MARK.findall(sql))
    level, mode = marks.get("level"), marks.get("transaction", "one")
    if level not in (None, *_LEVELS) or mode not in ("one", "none"):
        raise ValueError(f"{name}: the marks {marks} are not known")
    return Migration(int(match[1]), name, sql, level, in_transaction=mode == "one")


async def migrate(connection: Connection, migrations: list[Migration] | None = None) -> Schema:
    """Apply what is missing, while any other process waits; return what the database holds.

    Raises `RefusedError` when the schema is newer than these migrations or one of them changed.
    """
    known = read_migrations() if migrations is None else migrations
    await connection.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    try:
        return await _migrate(connection, known)
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", MIGRATION_LOCK)


async def read_schema(connection: Connection) -> Schema:
    """Return what a database holds, without changing it; `RefusedError` when it was never made."""
    if await connection.fetchval("SELECT to_regclass('migration')") is None:
        raise RefusedError("the database holds no Constat schema: start `constat up` on it once")
    applied = await connection.fetch("SELECT number, level FROM migration")
    level = await _level(connection, {row["level"] for row in applied})
    return Schema(level, max(row["number"] for row in applied))


async def missing_migrations(connection: Connection) -> list[Migration]:
    """Return what `migrate` would apply; `RefusedError` when the schema was never made."""
    schema = await read_schema(connection)
    applied = {row["number"] for row in await connection.fetch("SELECT number FROM migration")}
    return [
        migration
        for migration in read_migrations()
        if migration.belongs_to(schema.level) and migration.number not in applied
    ]


async def _migrate(connection: Connection, known: list[Migration]) -> Schema:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY, name text NOT NULL,"
        " level text, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    rows = await connection.fetch("SELECT number, name, level, checksum FROM migration")
    applied = {row["number"]: row["checksum"] for row in rows}
    _refuse_unknown({row["number"]: row["name"] for row in rows}, known)
    level = await _level(connection, {row["level"] for row in rows})
    for migration in known:
        if not migration.belongs_to(level):
            continue
        if migration.number not in applied:
            await _apply(connection, migration)
        elif applied[migration.number] != migration.checksum:
            raise RefusedError(
                f"the migration {migration.name} is not the one this database was made with:"
                " use the version of Constat that made it, or a later one"
            )
    return Schema(level, known[-1].number)


def _refuse_unknown(applied: dict[int, str], known: list[Migration]) -> None:
    unknown = sorted(set(applied) - {migration.number for migration in known})
    if unknown:
        raise RefusedError(
            f"the database has the migration {applied[unknown[-1]]}, which this version of Constat"
            " does not know: upgrade Constat"
        )


async def _level(connection: Connection, applied: set[str | None]) -> StorageLevel:
    """Return the level; a database whose tables were laid out as plain ones stays so."""
    return StorageLevel.PLAIN if "plain" in applied else await find_level(connection)


async def _apply(connection: Connection, migration: Migration) -> None:
    if migration.in_transaction:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await _record(connection, migration)
        return
    for statement in migration.sql.split(";\n"):
        if statement.strip():
            await connection.execute(statement)
    await _record(connection, migration)


async def _record(connection: Connection, migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO migration (number, name, level, checksum) VALUES ($1, $2, $3, $4)",
        migration.number,
        migration.name,
        migration.level,
        migration.checksum,
    )
