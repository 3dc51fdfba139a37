"""Raw rows as the server takes them fastest: PostgreSQL's binary COPY, built without a step a row.

Rows without a failure all have one layout, so each byte of a column lies a fixed step from the next
and a whole column is put in its place by slices. Rows with one are rare, and packed singly.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator, Sequence
from struct import Struct
from typing import Final

from collector.record.summary import Columns, failure_at, singly
from collector.store.columns import EntryColumns
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.instant import DAY

_COLUMNS: Final = (
    "tenant_id", "series_id", "start_us", "duration_us", "error_us", "outcome", "failure",
    "operation",
)  # fmt: skip
# A count of columns, then each with its length before it; a length of -1 is NULL.
_HEAD: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END: Final = b"\xff\xff"
_ROW: Final = Struct(">hiiiiiqiqiqi1s")
_NULL: Final = b"\xff\xff\xff\xff"
_SERIES_AT: Final = 14
_START_AT: Final = 22
_DURATION_AT: Final = 34
_ERROR_AT: Final = 46
_OUTCOME_AT: Final = 58


class RawRows:
    """Rows of the measurement table of one tenant, gathered to be written together.

    A row is kept when it began no more than `keep_us` before it was received, or a day after.
    """

    def __init__(self, tenant_id: TenantId, keep_us: int) -> None:
        self._tenant_id = tenant_id
        self._keep_us = keep_us
        self._series: array[int] = array("i")
        self._starts: array[int] = array("q")
        self._durations: array[int] = array("q")
        self._errors: array[int] = array("q")
        self._outcomes: list[str] = []
        self._failing: list[bytes] = []
        self.days: set[int] = set()

    def add(self, series_id: int, arrived: Sequence[EntryColumns]) -> None:
        """Add the measurements that some entries hold of one series."""
        count = 0
        for _, _, received_at_us, columns in arrived:
            starts, outcomes = columns.starts, columns.outcomes
            oldest = received_at_us - self._keep_us
            first = bisect_left(starts, oldest)
            if first == len(starts) or starts[-1] > received_at_us + DAY:
                continue
            self.days.update(range(starts[first] // DAY, starts[-1] // DAY + 1))
            if outcomes.strip("UG"):
                self._failing += self._singly(series_id, columns, oldest)
                continue
            self._starts.fromlist(starts[first:])
            self._durations.fromlist(columns.durations[first:])
            self._errors.extend(array("q", (columns.error_us,)) * (len(starts) - first))
            self._outcomes.append(outcomes[first:])
            count += len(starts) - first
        self._series.extend(array("i", (series_id,)) * count)

    async def write(self, connection: Connection) -> None:
        """Write all rows."""
        if self._starts or self._failing:
            await connection.copy_to_table(
                "measurement", source=self._stream(), columns=_COLUMNS, format="binary"
            )

    async def _stream(self) -> AsyncIterator[bytes]:
        yield _HEAD
        yield self._steady()
        yield b"".join(self._failing)
        yield _END

    def _steady(self) -> bytes:
        row = self._row(0, 0, 0, 0, b"U") + _NULL + _NULL
        rows = bytearray(row * len(self._starts))
        for offset, values in (
            (_SERIES_AT, self._series),
            (_START_AT, self._starts),
            (_DURATION_AT, self._durations),
            (_ERROR_AT, self._errors),
        ):
            width, column = values.itemsize, _big_endian(values)
            for place in range(width):
                rows[offset + place :: len(row)] = column[place::width]
        rows[_OUTCOME_AT :: len(row)] = "".join(self._outcomes).encode()
        return bytes(rows)

    def _singly(self, series_id: int, columns: Columns, oldest: int) -> Iterator[bytes]:
        for one in singly(columns):
            if one.starts[0] >= oldest:
                failed = failure_at(one, 0) if one.failures else (None, None)
                start, duration = one.starts[0], one.durations[0]
                row = self._row(series_id, start, duration, one.error_us, one.outcomes.encode())
                yield row + b"".join(map(_text, failed))

    def _row(self, series_id: int, start: int, duration: int, error: int, outcome: bytes) -> bytes:
        return _ROW.pack(
            len(_COLUMNS), 4, self._tenant_id, 4, series_id, 8, start, 8, duration, 8, error,
            1, outcome,
        )  # fmt: skip


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    encoded = value.encode()
    return len(encoded).to_bytes(4, "big") + encoded


def _big_endian(values: "array[int]") -> bytes:
    if sys.byteorder == "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()
