"""What a witness remembers in SQLite: every checkpoint it cosigned, and the leaves it mirrors.

Of the mirror, the leaves up to the last checkpoint that they were compared with are *sound*; those
after it were only received. What is committed is on the disk, so that a signature can follow.
"""

import os
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from collector.errors import ConstatError
from probes.model.checkpoint import Note, read_checkpoint
from probes.model.merkle import Frontier

_VERSION: Final = 1
_PAGE: Final = 500
_PATIENCE_S: Final = 10.0  # `status` reads while a round writes

_SCHEMA: Final = """
CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,
  note TEXT NOT NULL,
  seen_at_s INTEGER NOT NULL,
  line TEXT
);
CREATE TABLE mirror (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  size INTEGER NOT NULL,
  frontier BLOB NOT NULL,
  sound_size INTEGER NOT NULL,
  sound_frontier BLOB NOT NULL
);
INSERT INTO mirror VALUES (1, 0, x'', 0, x'');
CREATE TABLE leaf (
  place INTEGER PRIMARY KEY,
  packed BLOB NOT NULL
);
"""


class Kept(NamedTuple):
    """A checkpoint that was seen, when, and the cosignature that was made of it."""

    note: Note
    seen_at_s: int
    line: str | None


@contextmanager
def open_state(path: Path) -> Iterator["State"]:
    """Yield what a witness remembers, nothing yet if there is no such file.

    Every fault of SQLite in the block is a `ConstatError` that names the file.
    """
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        database = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE_S)
        try:
            # Not WAL: that has a defect before SQLite 3.51.3 that needs two connections.
            database.execute("PRAGMA journal_mode = DELETE")
            database.execute("PRAGMA synchronous = EXTRA")
            _prepare(database, path)
            yield State(database)
        finally:
            database.close()
    except sqlite3.Error as error:
        raise ConstatError(f"cannot use {path}: {error}") from None


class State:
    """The open memory of a witness; only one thread may use it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def last(self) -> Note | None:
        """Return the largest checkpoint that was kept."""
        row = self._database.execute(
            "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1"
        ).fetchone()
        return None if row is None else read_checkpoint(row[0].encode())

    def keep(self, note: Note, at_s: int, sound: Frontier | None) -> None:
        """Keep a checkpoint before it is cosigned; `sound` is the mirror that agrees with it."""
        with self._transaction():
            self._database.execute(
                "INSERT INTO checkpoint (size, note, seen_at_s) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (note.checkpoint.size, note.text(), at_s),
            )
            if sound is not None:
                self._database.execute(
                    "UPDATE mirror SET sound_size = ?, sound_frontier = ?",
                    (sound.size, sound.encode()),
                )

    def kept(self, up_to: int) -> Iterator[Kept]:
        """Yield the checkpoints that were kept up to a size, the smallest first."""
        rows = self._database.execute(
            "SELECT note, seen_at_s, line FROM checkpoint WHERE size <= ? ORDER BY size", (up_to,)
        )
        return (Kept(read_checkpoint(row[0].encode()), row[1], row[2]) for row in rows)

    def line_of(self, size: int) -> str | None:
        """Return the cosignature that was made of a checkpoint; None if none was."""
        row = self._database.execute(
            "SELECT line FROM checkpoint WHERE size = ?", (size,)
        ).fetchone()
        return None if row is None else row[0]

    def keep_line(self, size: int, line: str) -> None:
        """Keep the cosignature that was made of a checkpoint."""
        with self._transaction():
            self._database.execute("UPDATE checkpoint SET line = ? WHERE size = ?", (line, size))

    def cosigned(self) -> int:
        """Return how many checkpoints were cosigned."""
        row = self._database.execute("SELECT count(line) FROM checkpoint").fetchone()
        return int(row[0])

    def received(self) -> Frontier:
        """Return the tree over all leaves of the mirror."""
        return Frontier.decode(
            *self._database.execute("SELECT size, frontier FROM mirror").fetchone()
        )

    def sound(self) -> Frontier:
        """Return the tree over its sound leaves."""
        return Frontier.decode(
            *self._database.execute("SELECT sound_size, sound_frontier FROM mirror").fetchone()
        )

    def add_leaves(self, envelopes: Sequence[bytes], grown: Frontier) -> None:
        """Add the envelopes that made the mirror grow."""
        start = grown.size - len(envelopes)
        with self._transaction():
            self._database.executemany(
                "INSERT INTO leaf VALUES (?, ?)",
                ((place, zlib.compress(each)) for place, each in enumerate(envelopes, start)),
            )
            self._set_received(grown)

    def forget_unsound(self) -> None:
        """Drop the leaves that no checkpoint was compared with."""
        sound = self.sound()
        with self._transaction():
            self._database.execute("DELETE FROM leaf WHERE place >= ?", (sound.size,))
            self._set_received(sound)

    def leaves(self, start: int = 0) -> Iterator[bytes]:
        """Yield the sound leaves from a place on, as the envelopes they are.

        They are read in pages: a reader must not keep a witness at work from writing.
        """
        end = self.sound().size
        for place in range(start, end, _PAGE):
            rows = self._database.execute(
                "SELECT packed FROM leaf WHERE place >= ? AND place < ? ORDER BY place",
                (place, min(end, place + _PAGE)),
            ).fetchall()
            yield from (zlib.decompress(row[0]) for row in rows)

    def _set_received(self, tree: Frontier) -> None:
        self._database.execute(
            "UPDATE mirror SET size = ?, frontier = ?", (tree.size, tree.encode())
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:  # some faults have rolled back by themselves
                self._database.execute("ROLLBACK")
            raise


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        database.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {_VERSION};COMMIT;")
    elif version != _VERSION:
        raise ConstatError(
            f"cannot use {path}: it has format {version}, this witness knows {_VERSION}"
        )
