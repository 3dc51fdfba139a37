"""Series of measurements: their numbers, and what they hold of a window, as the judge reads it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, cast

from collector.judge.timeline import Span
from collector.record.measured import SeriesKey, measurements_of
from collector.store.columns import ColumnReader
from collector.store.pool import Connection
from collector.store.spans import SPAN_COLUMNS
from collector.store.tenants import TenantId
from probes.model.instant import DAY
from probes.model.interval import Interval
from probes.model.measurement import Measurement

Key: TypeAlias = tuple[str, str]

# A span begins and ends on one day, and a probe lasts less than another.
_LONGEST_SPAN_US: Final = 2 * DAY


async def series_ids(
    connection: Connection, tenant_id: TenantId, keys: Sequence[SeriesKey]
) -> dict[SeriesKey, int]:
    """Return the number of each series, given now to those that have none.

    The caller holds the tenant's watermark, so numbers are given in the order of the log. A vantage
    point that only imported measurements speak of is made here.
    """
    for vantage, kind in sorted({(key.vantage, key.kind) for key in keys}):
        await connection.execute(
            "INSERT INTO vantage (tenant_id, vantage_id, name, kind, enrolled_at)"
            " SELECT $1, coalesce(max(vantage_id), 0) + 1, $2, $3, NULL FROM vantage"
            " WHERE tenant_id = $1 ON CONFLICT (tenant_id, name) DO NOTHING",
            tenant_id,
            vantage,
            kind.value,
        )
    numbers: dict[SeriesKey, int] = {}
    for key in keys:
        numbers[key] = await connection.fetchval(
            "WITH named AS (SELECT vantage_id FROM vantage WHERE tenant_id = $1 AND name = $2),"
            " made AS (INSERT INTO series (tenant_id, series_id, vantage_id, check_name, imported)"
            " SELECT $1, (SELECT coalesce(max(series_id), 0) + 1 FROM series WHERE tenant_id = $1),"
            " vantage_id, $3, $4 FROM named"
            " ON CONFLICT (tenant_id, vantage_id, check_name, imported) DO NOTHING"
            " RETURNING series_id)"
            " SELECT series_id FROM made UNION ALL"
            " SELECT series_id FROM series JOIN named USING (vantage_id)"
            " WHERE tenant_id = $1 AND check_name = $3 AND imported = $4",
            tenant_id,
            key.vantage,
            key.check,
            key.imported,
        )
    return numbers


async def agents_of(
    connection: Connection, tenant_id: TenantId, vantages: Iterable[str]
) -> list[int]:
    """Return the numbers of all agents that ever stood at some vantage points."""
    rows = await connection.fetch(
        "SELECT agent_id FROM agent JOIN vantage USING (tenant_id, vantage_id)"
        " WHERE tenant_id = $1 AND name = ANY($2)",
        tenant_id,
        list(vantages),
    )
    return [row["agent_id"] for row in rows]


class Scope(NamedTuple):
    """Which measurements of a tenant are asked for: checks with their max_gap, and from where.

    `vantages` is None for all of them.
    """

    tenant_id: TenantId
    vantages: Sequence[str] | None
    max_gaps_us: Mapping[str, int]
    horizon: Interval

    @property
    def names(self) -> list[str] | None:
        """The vantage points as an argument of a query."""
        return None if self.vantages is None else list(self.vantages)


async def read_measurements(connection: Connection, scope: Scope) -> list[Measurement]:
    """Return the single measurements that lie whole inside the horizon, read from the log.

    In order of vantage point, check and start.
    """
    row = await connection.fetchrow(
        "SELECT min(first_entry), max(last_entry) FROM span"  # noqa: S608 - constant
        " JOIN series USING (tenant_id, series_id) JOIN vantage USING (tenant_id, vantage_id)"
        f" WHERE {_IN_SCOPE} AND last_start >= $6",
        *_arguments(scope),
        scope.horizon.start,
    )
    if row is None or row[0] is None:
        return []
    names = scope.names
    agents = None if names is None else await agents_of(connection, scope.tenant_id, names)
    reader = ColumnReader()
    held = await reader.of_agents(connection, scope.tenant_id, agents, (row[0], row[1]))
    vantages, horizon = None if names is None else set(names), scope.horizon
    measurements = [
        measurement
        for entry in held
        if vantages is None or entry.key.vantage in vantages
        if entry.key.check in scope.max_gaps_us
        for measurement in measurements_of(entry.key, entry.columns)
        if horizon.start <= measurement.start_us and measurement.end_us <= horizon.end
    ]
    return sorted(measurements, key=lambda m: (m.vantage, m.check, m.start_us, m.duration_us))


class FoundSpans(NamedTuple):
    """The spans of each check at each vantage point, in order of start, and what they reach.

    `series` holds the number of their series. `mixed` are those of which there are two, an agent's
    and an imported one, one after the other.
    """

    checks: dict[Key, Sequence[Span]]
    series: dict[Key, int]
    mixed: set[Key]
    first: int
    last: int
    largest_gap: int


_NOTHING: Final = FoundSpans({}, {}, set(), 0, 0, 0)
_IN_SCOPE: Final = (
    "tenant_id = $1 AND ($2::text[] IS NULL OR name = ANY($2)) AND check_name = ANY($3)"
    " AND first_start BETWEEN $4 AND $5"
)


async def find_spans(connection: Connection, scope: Scope) -> FoundSpans:
    """Return the spans that begin where a measurement of the horizon could be inside."""
    # Whole columns, as one array each: a row apiece would cost more than judging them.
    columns = await connection.fetchrow(
        f"SELECT array_agg(series_id), {', '.join(f'array_agg({c})' for c in SPAN_COLUMNS)}"  # noqa: S608 - constant names
        " FROM (SELECT span.* FROM span JOIN series USING (tenant_id, series_id)"
        " JOIN vantage USING (tenant_id, vantage_id)"
        f" WHERE {_IN_SCOPE} ORDER BY series_id, first_start, part) AS ordered",
        *_arguments(scope),
    )
    if columns is None or columns[0] is None:
        return _NOTHING
    series, _, _, starts, first_ends, _, _, last_ends, _, _, tails, gaps = columns
    # The judge unpacks spans as plain tuples, which these are.
    spans = cast("list[Span]", list(zip(*columns[1:], strict=True)))
    names = await _names(connection, scope.tenant_id)
    checks: dict[Key, Sequence[Span]] = {}
    numbers: dict[Key, int] = {}
    mixed: set[Key] = set()
    at = 0
    for series_id, count in Counter(series).items():
        key = names[series_id]
        if key in checks:
            mixed.add(key)
            checks[key] = [*checks[key], *spans[at : at + count]]
        else:
            checks[key] = spans[at : at + count]
        numbers[key] = series_id
        at += count
    last = max(map(max, (first_ends, last_ends, [*filter(None, tails), 0])))
    return FoundSpans(checks, numbers, mixed, min(starts), last, max(gaps))


def _arguments(scope: Scope) -> tuple[object, ...]:
    horizon = scope.horizon
    first = horizon.start - _LONGEST_SPAN_US
    return (scope.tenant_id, scope.names, list(scope.max_gaps_us), first, horizon.end)


async def _names(connection: Connection, tenant_id: TenantId) -> dict[int, Key]:
    columns = await connection.fetchrow(
        "SELECT array_agg(series_id), array_agg(name), array_agg(check_name)"
        " FROM series JOIN vantage USING (tenant_id, vantage_id) WHERE tenant_id = $1",
        tenant_id,
    )
    assert columns is not None  # noqa: S101 - an aggregate has one row
    series, vantages, checks = columns
    return dict(zip(series, zip(vantages, checks, strict=True), strict=True))


def reach_of(span: Span) -> int:
    """Return an instant that no measurement of a span ends after."""
    _, _, _, end, _, _, last_end, _, _, hi_tail, _ = span
    return max(end, last_end, hi_tail or last_end)
