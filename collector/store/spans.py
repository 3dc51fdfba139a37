"""The rows of the tables of spans: read for the judge, written by the projector."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from collector.judge.timeline import Span
from collector.record.summary import StoredSpan
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.instant import DAY, HOUR

SPAN_COLUMNS: Final = (
    "outcome", "measured", "first_start", "first_end", "first_error", "last_start", "last_end",
    "last_error", "lo_head", "hi_tail", "largest_gap",
)  # fmt: skip
_OTHER_COLUMNS: Final = (
    "latency_min", "latency_sum", "latency_max", "failure", "operation", "version", "first_entry",
    "last_entry",
)  # fmt: skip
_COLUMNS: Final = ("tenant_id", "series_id", "part", *SPAN_COLUMNS, *_OTHER_COLUMNS)
_PLACED: Final = ("series_id", "part", "first_start")
_TYPES: Final = {"outcome": "text", "measured": "int", "failure": "text", "operation": "text",
                 "version": "text"}  # fmt: skip


class SpanTable(NamedTuple):
    """A table of spans, and after how long each of them ends at the latest, in UTC."""

    name: str
    longest_us: int


DAYS: Final = SpanTable("span", DAY)
HOURS: Final = SpanTable("span_hour", HOUR)


class Place(NamedTuple):
    """Where a span is kept: its series, its first start, and which of those that start there."""

    series_id: int
    first_start: int
    part: int


async def last_spans(
    connection: Connection,
    tenant_id: TenantId,
    series: Sequence[int],
    before: int | None = None,
    table: SpanTable = DAYS,
) -> dict[int, tuple[Place, StoredSpan]]:
    """Return the last span of each series, or the last that ends its starts before an instant."""
    rows = await connection.fetch(
        f"SELECT asked.series_id, part, {_selected('last')}"  # noqa: S608 - constant names
        " FROM unnest($2::int[]) AS asked (series_id) CROSS JOIN LATERAL (SELECT * FROM"
        f" {table.name} AS span WHERE span.tenant_id = $1 AND span.series_id = asked.series_id"
        " AND ($3::bigint IS NULL OR span.last_start < $3)"
        " ORDER BY first_start DESC, part DESC LIMIT 1) AS last",
        tenant_id,
        list(series),
        before,
    )
    return {row[0]: (Place(row[0], row["first_start"], row[1]), _stored(row[2:])) for row in rows}


async def insert(
    connection: Connection,
    tenant_id: TenantId,
    rows: Sequence[tuple[Place, StoredSpan]],
    table: SpanTable = DAYS,
) -> None:
    """Write spans that are new."""
    await connection.copy_records_to_table(
        table.name,
        records=[
            (tenant_id, place.series_id, place.part, *stored.span, *stored[1:])
            for place, stored in rows
        ],
        columns=_COLUMNS,
    )


async def replace(
    connection: Connection,
    tenant_id: TenantId,
    rows: Sequence[tuple[Place, StoredSpan]],
    table: SpanTable = DAYS,
) -> None:
    """Write spans that have grown."""
    if not rows:
        return
    names = ("series_id", "part", *SPAN_COLUMNS, *_OTHER_COLUMNS)
    columns = zip(
        *[(place.series_id, place.part, *stored.span, *stored[1:]) for place, stored in rows],
        strict=True,
    )
    arrays = [f"${n}::{_TYPES.get(name, 'bigint')}[]" for n, name in enumerate(names, start=2)]
    assigned = [f"{name} = grown.{name}" for name in names if name not in _PLACED]
    await connection.execute(
        f"UPDATE {table.name} AS span SET {', '.join(assigned)}"  # noqa: S608 - constant names
        f" FROM unnest({', '.join(arrays)}) AS grown ({', '.join(names)})"
        " WHERE span.tenant_id = $1 AND span.series_id = grown.series_id"
        " AND span.first_start = grown.first_start AND span.part = grown.part",
        tenant_id,
        *columns,
    )


async def delete_from(
    connection: Connection,
    tenant_id: TenantId,
    series_id: int,
    last_start: int,
    table: SpanTable = DAYS,
) -> tuple[int, int, int] | None:
    """Delete the spans of a series whose last start is not before an instant.

    Return the first start among them, and the first and last entry that hold their measurements.
    """
    row = await connection.fetchrow(
        f"WITH gone AS (DELETE FROM {table.name} WHERE tenant_id = $1 AND series_id = $2"  # noqa: S608 - constant names
        " AND last_start >= $3 RETURNING first_start, first_entry, last_entry)"
        " SELECT min(first_start), min(first_entry), max(last_entry) FROM gone",
        tenant_id,
        series_id,
        last_start,
    )
    return None if row is None or row[0] is None else (row[0], row[1], row[2])


def placed(series_id: int, spans: Sequence[StoredSpan]) -> list[tuple[Place, StoredSpan]]:
    """Return spans of one series, in order, each with its place."""
    found: list[tuple[Place, StoredSpan]] = []
    for stored in spans:
        start = stored.span.first_start
        earlier = found[-1][0] if found else None
        part = earlier.part + 1 if earlier is not None and earlier.first_start == start else 0
        found.append((Place(series_id, start, part), stored))
    return found


def _selected(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in (*SPAN_COLUMNS, *_OTHER_COLUMNS))


def _stored(values: Sequence[object]) -> StoredSpan:
    width = len(SPAN_COLUMNS)
    return StoredSpan(Span(*values[:width]), *values[width:])  # type: ignore[arg-type]
