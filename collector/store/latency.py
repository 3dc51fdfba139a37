"""Latency by series and minute: pure sums here, one row a minute in the table."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from collector.store.pool import Connection
from collector.store.summary import Columns, is_failing
from collector.store.tenants import TenantId
from probes.model.instant import MINUTE

_COLUMNS: Final = (
    "tenant_id", "series_id", "minute", "measured", "failed", "min_us", "sum_us", "max_us",
    "p95_us", "durations",
)  # fmt: skip
_PERCENT: Final = 95


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
            sum(lengths), lengths[-1], lengths[rank], lengths,
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


async def add(connection: Connection, tenant_id: TenantId, minutes: Sequence[Minute]) -> None:
    """Add probes to their minutes, which may hold some already."""
    joined: dict[tuple[int, int], Minute] = {}
    for minute in minutes:
        key = minute[:2]
        joined[key] = _sum(joined[key], minute) if key in joined else minute
    taken = await _take(connection, tenant_id, list(joined))
    for key, minute in taken.items():
        joined[key] = _sum(joined[key], minute)
    rows = [joined[key].row(tenant_id) for key in sorted(joined)]
    await connection.copy_records_to_table("latency", records=rows, columns=_COLUMNS)


async def _take(
    connection: Connection, tenant_id: TenantId, keys: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Minute]:
    """Take the minutes that are held already out of the table."""
    rows = await connection.fetch(
        "DELETE FROM latency USING unnest($2::int[], $3::bigint[]) AS asked (series_id, minute)"
        " WHERE latency.tenant_id = $1 AND latency.series_id = asked.series_id"
        " AND latency.minute = asked.minute"
        " RETURNING latency.series_id, latency.minute, failed, durations",
        tenant_id,
        [series_id for series_id, _ in keys],
        [minute for _, minute in keys],
    )
    return {(row[0], row[1]): Minute(*row) for row in rows}


def _sum(one: Minute, other: Minute) -> Minute:
    durations = sorted([*one.durations, *other.durations])
    return Minute(one.series_id, one.minute, one.failed + other.failed, durations)
