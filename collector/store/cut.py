"""Cutting spans at the ends of a horizon, from the raw rows that they are made of.

The database sums up what lies inside. It is believed only for a span of which every measurement
still has its row: raw rows are kept for some days, what spans summarise is in the log for years.
"""

from collections.abc import Sequence
from typing import Final

from collector.judge.timeline import Span
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.interval import Interval

# Rows of one span have one outcome, so this order is that of `spans_of`.
_SUMMED: Final = """
WITH asked AS (
    SELECT * FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::text[])
    WITH ORDINALITY AS asked (series_id, first, last, outcome, place)
), held AS (
    SELECT place, start_us AS s, duration_us AS d, start_us + duration_us AS e, error_us AS c
    FROM asked JOIN measurement m USING (series_id)
    WHERE m.tenant_id = $1 AND m.outcome = asked.outcome AND m.start_us BETWEEN first AND last
    AND m.start_us BETWEEN $6 AND $7
), counted AS (
    SELECT place, count(*) AS held FROM held GROUP BY place
), inside AS (
    SELECT *, s - lag(s) OVER ordered AS gap, row_number() OVER ordered AS at,
    count(*) OVER (PARTITION BY place) AS size
    FROM held WHERE s >= $8 AND e <= $9
    WINDOW ordered AS (PARTITION BY place ORDER BY s, d, c)
)
SELECT place, held, count(at), min(s),
    min(e) FILTER (WHERE at = 1), min(c) FILTER (WHERE at = 1), max(s),
    min(e) FILTER (WHERE at = size), min(c) FILTER (WHERE at = size),
    min(s - c) FILTER (WHERE at < size), max(e + c) FILTER (WHERE at > 1), coalesce(max(gap), 0)
FROM counted LEFT JOIN inside USING (place) GROUP BY place, held
"""


async def cut_spans(
    connection: Connection,
    tenant_id: TenantId,
    spans: Sequence[tuple[int, Span]],
    horizon: Interval,
) -> list[list[Span] | None]:
    """Return for each span, with the number of its series, what of it lies inside the horizon.

    That is one span, or none; None for a span whose rows are no longer all there.
    """
    if not spans:
        return []
    series, asked = zip(*spans, strict=True)
    firsts, lasts = [span.first_start for span in asked], [span.last_start for span in asked]
    rows = await connection.fetch(
        _SUMMED,
        tenant_id,
        series,
        firsts,
        lasts,
        [span.outcome for span in asked],
        min(firsts),
        max(lasts),
        *horizon,
    )
    found: list[list[Span] | None] = [None] * len(spans)
    for place, held, size, *summed in rows:
        span = asked[place - 1]
        if held == span.measured:
            found[place - 1] = [Span(span.outcome, size, *summed)] if size else []
    return found
