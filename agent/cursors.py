"""How far each collector is in the chain of batches, and which batches nobody needs any more.

A batch is deleted when every collector that is followed has it, and not at once: the newest
`KEPT_BATCHES` stay, so that a collector restored from last night's copy can be brought up to date.
When room is short those go first, then what at least one collector has; what no collector has is
never deleted.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

from agent.database import transaction

KEPT_BATCHES: Final = 2_880  # one day, at two a minute
_EVICTED_AT_ONCE: Final = 256


@dataclass(frozen=True, slots=True)
class Cursor:
    """What one collector has: batches and samples up to these numbers, and its latest checkpoint.

    `halted` says why nothing more is sent to it; empty while it is served. `refused` is a
    checkpoint that contradicts the latest.
    """

    batch: int = 0
    sample: int = 0
    leaf: int = -1
    checkpoint: str = ""
    halted: str = ""
    refused: str = ""


class Cursors:
    """The cursors kept in an open spool."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path
        self._followed: dict[str, Cursor] = {}

    def follow(self, collectors: Iterable[str]) -> None:
        """Say which collectors must have a batch before it may be deleted."""
        self._followed = {name: self._load(name) for name in collectors}

    def get(self, collector: str) -> Cursor:
        """Return how far a collector that is followed is."""
        return self._followed[collector]

    def move(self, collector: str, cursor: Cursor) -> None:
        """Set how far a collector is, and delete what none will ask for again."""
        followed = {**self._followed, collector: cursor}
        with transaction(self._database, self._path):
            self._database.execute(
                "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?, ?, ?, ?)",
                (collector, *astuple(cursor)),
            )
            done = min(each.batch for each in followed.values()) - KEPT_BATCHES
            self._database.execute("DELETE FROM batch WHERE number <= ?", (done,))
        self._followed = followed

    @property
    def last_sample(self) -> int:
        """The last sample that every collector has."""
        return min((cursor.sample for cursor in self._followed.values()), default=0)

    @property
    def farthest_batch(self) -> int:
        """The last batch that some collector has."""
        return max((cursor.batch for cursor in self._followed.values()), default=0)

    def evict(self) -> bool:
        """Delete the oldest batches that every collector has, else that one has; say if any was."""
        batches = [cursor.batch for cursor in self._followed.values()]
        return any(batches) and (self._evict(min(batches)) or self._evict(max(batches)))

    def _evict(self, last: int) -> bool:
        with transaction(self._database, self._path):
            deleted = self._database.execute(
                "DELETE FROM batch WHERE number IN"
                " (SELECT number FROM batch WHERE number <= ? ORDER BY number LIMIT ?)",
                (last, _EVICTED_AT_ONCE),
            )
        return deleted.rowcount > 0

    def _load(self, collector: str) -> Cursor:
        row = self._database.execute(
            "SELECT batch, sample, leaf, checkpoint, halted, refused FROM cursor"
            " WHERE collector = ?",
            (collector,),
        ).fetchone()
        return Cursor(*row) if row else Cursor()
