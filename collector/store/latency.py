"""Latency by series and minute: pure sums here, one row a minute in the table.

A row keeps the durations of its minute, so that those which arrive later can be added to it.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from collector.record.summary import Columns, is_failing
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.instant import MINUTE

_COLUMNS: Final = (
    "tenant_id", "series_id", "minute", "measured", "failed", "min_us", "sum_us", "max_us",
    "p95_us", "durations",
)  # fmt: skip
_PERCENT: Final = 95
_WIDE: Final = 1 << 32


class Minute(NamedTuple):
    """The probes of one series that began in one minute; durations in order of length."""

    series_id: int
    minute: int
    failed: int
    durations: list[int]

    def row(self, tenant_id: TenantId) -> tuple[object, ...]:
        """Return the row of the table."""
        lengths = self.durations
        # The nearest-rank percentile: the least value that 95 % of all do not exceed.
        rank = -(-len(lengths) * _PERCENT // 100) - 1
        return (
            tenant_id, self.series_id, self.minute, len(lengths), self.failed, lengths[0],
            sum(lengths), lengths[-1], lengths[rank], _packed(lengths),
        )  # fmt: skip


def minutes_of(series_id: int, columns: Columns) -> Iterator[Minute]:
    """Yield the minutes of columns, whose starts are in order."""
    starts, outcomes, index = columns.starts, columns.outcomes, 0
    while index < len(starts):
        minute = starts[index] // MINUTE * MINUTE
        after = bisect_left(starts, minute + MINUTE, index)
        failed = sum(map(is_failing, outcomes[index:after])) if outcomes.strip("U") else 0
        yield Minute(series_id, minute, failed, sorted(columns.durations[index:after]))
        index = after


async def add(
    connection: Connection, tenant_id: TenantId, minutes: Sequence[Minute], held: Sequence[Minute]
) -> None:
    """Add probes to their minutes; those of `held` may be in the table already."""
    joined: dict[tuple[int, int], Minute] = {}
    for minute in minutes:
        key = minute[:2]
        joined[key] = _sum(joined[key], minute) if key in joined else minute
    for minute in await _take(connection, tenant_id, {minute[:2] for minute in held}):
        joined[minute[:2]] = _sum(joined[minute[:2]], minute)
    rows = [joined[key].row(tenant_id) for key in sorted(joined)]
    await connection.copy_records_to_table("latency", records=rows, columns=_COLUMNS)


async def _take(
    connection: Connection, tenant_id: TenantId, keys: Iterable[tuple[int, int]]
) -> list[Minute]:
    """Take the minutes that are held already out of the table."""
    asked = sorted(keys)
    rows = await connection.fetch(
        "DELETE FROM latency USING unnest($2::int[], $3::bigint[]) AS asked (series_id, minute)"
        " WHERE latency.tenant_id = $1 AND latency.series_id = asked.series_id"
        " AND latency.minute = asked.minute"
        " RETURNING latency.series_id, latency.minute, failed, durations",
        tenant_id,
        [series_id for series_id, _ in asked],
        [minute for _, minute in asked],
    )
    return [Minute(row[0], row[1], row[2], _unpacked(row[3])) for row in rows]


def _sum(one: Minute, other: Minute) -> Minute:
    durations = sorted([*one.durations, *other.durations])
    return Minute(one.series_id, one.minute, one.failed + other.failed, durations)


def _packed(durations: list[int]) -> bytes:
    """Return durations as bytes: a letter for their width, then each, little-endian."""
    values = array("I" if durations[-1] < _WIDE else "Q", durations)
    if sys.byteorder == "big":
        values.byteswap()
    return values.typecode.encode() + values.tobytes()


def _unpacked(packed: bytes) -> list[int]:
    values: array[int] = array(chr(packed[0]))
    values.frombytes(packed[1:])
    if sys.byteorder == "big":
        values.byteswap()
    return values.tolist()
