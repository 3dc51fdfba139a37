"""How much room the spool may take, and what is kept in reserve for the day there is none.

The database has a cap. Beyond it there is a reserve: more pages, and a ballast file that takes up
real disk space and is given back when the disk is full. The reserve is for changes of outcome only;
once there is room again the ballast is laid anew and everything is kept as before.
"""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from probes.model.instant import DAY, SECOND

DAYS_HELD: Final = 7
_MEBIBYTE: Final = 1 << 20
_LEAST_BYTES: Final = 64 * _MEBIBYTE
# Seen: some 6 bytes a measurement in a batch of 30 s of 100 checks, 12 with failures and details;
# 1 KiB of header and signature a batch. A page holds one or two small batches, hence the 4 KiB.
_MEASUREMENT_BYTES: Final = 16
_BATCH_BYTES: Final = 4_096
_BATCH_US: Final = 30 * SECOND


@dataclass(frozen=True, slots=True)
class Capacity:
    """The most the spool's database may take, and the size of its ballast file."""

    max_bytes: int
    ballast_bytes: int = 8 * _MEBIBYTE

    @classmethod
    def holding(cls, intervals_us: Iterable[int], days: int = DAYS_HELD) -> "Capacity":
        """Return what these checks need for so many days without a collector."""
        held_us = days * DAY
        measurements = sum(held_us // interval_us for interval_us in intervals_us)
        batches = held_us // _BATCH_US
        needed = measurements * _MEASUREMENT_BYTES + batches * _BATCH_BYTES
        return cls(max(_LEAST_BYTES, needed))

    @property
    def reserve_bytes(self) -> int:
        """What changes of outcome may take beyond the cap."""
        return self.max_bytes // 16


class Space:
    """The room of one open spool. `scarce` while only changes of outcome are to be kept."""

    def __init__(self, database: sqlite3.Connection, ballast: Path, capacity: Capacity) -> None:
        self._database = database
        self._ballast = ballast
        self._page_bytes = self._pragma("page_size")
        self._cap_pages = capacity.max_bytes // self._page_bytes
        self._reserve_pages = capacity.reserve_bytes // self._page_bytes
        self._ballast_bytes = capacity.ballast_bytes
        self._limit_pages(self._cap_pages)
        self.scarce = not self._lay_ballast()

    @property
    def used_bytes(self) -> int:
        """The pages in use, in bytes."""
        return self._used_pages() * self._page_bytes

    def open_reserve(self) -> None:
        """Give way to the reserve, and give back the room of the write-ahead log."""
        self.scarce = True
        self._ballast.unlink(missing_ok=True)
        self._limit_pages(self._cap_pages + self._reserve_pages)
        with suppress(sqlite3.OperationalError):  # there may be no room even for that
            self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def regain(self) -> bool:
        """Return whether there is room again; if so, lay the reserve aside anew."""
        if self._used_pages() + self._reserve_pages > self._cap_pages:
            return False
        if not self._lay_ballast():
            return False
        self._limit_pages(self._cap_pages)
        self.scarce = False
        return True

    def _used_pages(self) -> int:
        return self._pragma("page_count") - self._pragma("freelist_count")

    def _limit_pages(self, pages: int) -> None:
        self._database.execute(f"PRAGMA max_page_count = {pages}")

    def _pragma(self, name: str) -> int:
        return int(self._database.execute(f"PRAGMA {name}").fetchone()[0])

    def _lay_ballast(self) -> bool:
        """Take up the ballast's space on the disk; False when the disk cannot spare it."""
        try:
            if self._ballast.exists() and self._ballast.stat().st_size == self._ballast_bytes:
                return True
            disk = os.statvfs(self._ballast.parent)
            # As much again must stay free, or the ballast itself would fill the disk.
            if disk.f_bavail * disk.f_frsize < 2 * self._ballast_bytes:
                return False
            self._write_ballast()
        except OSError:
            self._ballast.unlink(missing_ok=True)
            return False
        return True

    def _write_ballast(self) -> None:
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._ballast_bytes)
        finally:
            os.close(descriptor)
