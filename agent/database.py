"""Opening the spool's SQLite file: durable, alone, and never over a damaged one.

WAL with synchronous=FULL: what was committed is on the disk. One connection that locks the file
against every other: a second agent is refused, and the WAL-reset defect of SQLite before 3.51.3,
which needs two connections, cannot strike. A damaged file is moved aside, never deleted.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agent.keys import sync_folder

SCHEMA_VERSION: Final = 2
_APPLICATION_ID: Final = 0x436F6E53  # "ConS"
_NO_SPACE: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE})
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SIDE_FILES: Final = ("", "-wal", "-shm", "-journal")

_SCHEMA: Final = """
CREATE TABLE state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  epoch TEXT NOT NULL,
  agent TEXT NOT NULL,
  next_sample INTEGER NOT NULL,
  next_batch INTEGER NOT NULL,
  previous TEXT NOT NULL,
  lost INTEGER NOT NULL
);
CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  boot TEXT NOT NULL,
  agent_version TEXT NOT NULL,
  config TEXT NOT NULL,
  intervals TEXT NOT NULL,
  wall_us INTEGER NOT NULL,
  monotonic_us INTEGER NOT NULL,
  boottime_us INTEGER NOT NULL,
  offset_us INTEGER NOT NULL,
  error_us INTEGER NOT NULL,
  estimated INTEGER NOT NULL
);
CREATE TABLE sample (
  sequence INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run,
  check_name TEXT NOT NULL,
  start_us INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  failure TEXT,
  operation TEXT,
  detail TEXT NOT NULL,
  version TEXT
);
CREATE TABLE batch (
  number INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  digest TEXT NOT NULL,
  body BLOB NOT NULL,
  gzipped INTEGER NOT NULL
);
CREATE TABLE cursor (
  collector TEXT PRIMARY KEY,
  batch INTEGER NOT NULL,
  sample INTEGER NOT NULL,
  leaf INTEGER NOT NULL,
  checkpoint TEXT NOT NULL,
  halted TEXT NOT NULL,
  refused TEXT NOT NULL
);
"""


class SpoolError(Exception):
    """The spool cannot be used; the message says why and what to do."""


class SpoolBusyError(SpoolError):
    """Another process has the spool open."""


class SpoolDamagedError(SpoolError):
    """The file is not what was written to it."""


class SpoolFullError(SpoolError):
    """There is no room: the disk is full, or the cap is reached."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open the spool's file, made when there is none; only this thread may use the connection."""
    try:
        _make_private(path)
        database = sqlite3.connect(path, isolation_level=None, timeout=0)
    except (OSError, sqlite3.Error) as error:
        raise SpoolError(f"cannot open {path}: {error}") from None
    try:
        with explained(path):
            _prepare(database, path)
    except BaseException:
        database.close()
        raise
    return database


def move_aside(path: Path, stamp: str) -> Path:
    """Rename a damaged spool and its side files, so that nothing is lost; return its new name."""
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    for suffix in _SIDE_FILES:
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.rename(f"{aside}{suffix}")
    sync_folder(path.parent)
    return aside


@contextmanager
def transaction(database: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Run the block in one transaction: all of it is on the disk afterwards, or none of it."""
    with explained(path):
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:  # some faults have rolled back by themselves
                database.execute("ROLLBACK")
            raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn SQLite's faults into the spool's."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code in _NO_SPACE:
            raise SpoolFullError(f"cannot write {path}: no space left") from error
        if code & 0xFF == sqlite3.SQLITE_BUSY:
            raise SpoolBusyError(
                f"cannot open {path}: another agent is using it; stop that one first"
            ) from error
        if code & 0xFF in _DAMAGED:
            raise SpoolDamagedError(f"{path} is damaged: {error}") from error
        raise SpoolError(f"cannot use {path}: {error}") from error


def _make_private(path: Path) -> None:
    """Create the file readable by its owner only; SQLite gives its side files the same rights."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    sync_folder(path.parent)


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(f"PRAGMA journal_size_limit = {8 << 20}")
    with transaction(database, path):
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            _create(database)
        elif version == 1:
            _upgrade(database)
        elif version != SCHEMA_VERSION:
            raise SpoolError(
                f"cannot use {path}: it has format {version}, this agent knows {SCHEMA_VERSION}"
            )
    fault = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise SpoolDamagedError(f"{path} is damaged: {fault}")


def _create(database: sqlite3.Connection) -> None:
    for statement in _SCHEMA.split(";"):
        database.execute(statement)
    database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _upgrade(database: sqlite3.Connection) -> None:
    """Take a spool of format 1, whose heads could not be verified: each is shown anew."""
    database.execute("ALTER TABLE cursor DROP COLUMN head_size")
    database.execute("ALTER TABLE cursor RENAME COLUMN head_chain TO checkpoint")
    database.execute("ALTER TABLE cursor ADD COLUMN refused TEXT NOT NULL DEFAULT ''")
    database.execute("UPDATE cursor SET checkpoint = ''")
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
