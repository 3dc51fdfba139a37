"""What of a long span lies inside a horizon, told from its hours.

The hours of a span are as exact as it is. Those that lie whole inside the horizon are joined as
they are; only of an hour that reaches over an end are the measurements looked at: in their raw
rows, as long as those are kept, otherwise in the entries of the log that hold that hour.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from collector.judge.timeline import Span, joined, spans_of
from collector.record.measured import measurements_of
from collector.store.columns import ColumnReader
from collector.store.cut import cut_spans
from collector.store.pool import Connection
from collector.store.series import Key, Scope, agents_of, reach_of
from collector.store.spans import HOURS, SPAN_COLUMNS
from probes.model.batch import LETTERS
from probes.model.interval import Interval
from probes.model.measurement import Measurement

_HOURS: Final = (
    f"SELECT place, first_entry, last_entry, {', '.join(f'held.{name}' for name in SPAN_COLUMNS)}"  # noqa: S608 - constant names
    " FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::text[])"
    " WITH ORDINALITY AS asked (series_id, first, last, outcome, place)"
    f" JOIN {HOURS.name} AS held ON held.tenant_id = $1 AND held.series_id = asked.series_id"
    " AND held.first_start BETWEEN asked.first AND asked.last AND held.outcome = asked.outcome"
    " ORDER BY place, held.first_start, held.part"
)


class Crossing(NamedTuple):
    """A span that reaches over an end of the horizon: its check, and the number of its series."""

    key: Key
    series_id: int
    span: Span


class _Hour(NamedTuple):
    """An hour of a span, and the first and last entry that hold its measurements."""

    of: int
    span: Span
    first_entry: int
    last_entry: int


async def inside_by_hours(
    connection: Connection, scope: Scope, crossing: Sequence[Crossing]
) -> list[list[Span] | None]:
    """Return for each span what of it lies inside the horizon of the scope, as `spans_of` makes it.

    None stands for a span whose hours are not all there: it was made before they were kept.
    """
    hours = await _hours(connection, scope, crossing)
    found: list[list[Span] | None] = []
    edges: list[_Hour] = []
    for held, (_, _, span) in zip(hours, crossing, strict=True):
        if sum(hour.span.measured for hour in held) != span.measured:
            found.append(None)
            continue
        found.append([hour.span for hour in held if _is_inside(hour.span, scope.horizon)])
        edges += [hour for hour in held if _is_at_an_end(hour.span, scope.horizon)]
    for hour, pieces in await _cut(connection, scope, crossing, edges):
        whole = found[hour.of]
        assert whole is not None  # noqa: S101 - its hours are all there
        whole += pieces
    return [
        None if pieces is None else _together(pieces, scope.max_gaps_us[each.key[1]])
        for pieces, each in zip(found, crossing, strict=True)
    ]


def _is_inside(span: Span, horizon: Interval) -> bool:
    return horizon.contains(Interval(span.first_start, reach_of(span)))


def _is_at_an_end(span: Span, horizon: Interval) -> bool:
    apart = span.last_start < horizon.start or horizon.end < span.first_start
    return not apart and not _is_inside(span, horizon)


def _together(pieces: list[Span], max_gap: int) -> list[Span]:
    """Join pieces of one outcome, unless what was cut out between them leaves too large a gap."""
    spans: list[Span] = []
    for piece in sorted(pieces, key=lambda span: span.first_start):
        if spans and piece.first_start - spans[-1].last_start <= max_gap:
            spans[-1] = joined(spans[-1], piece)
        else:
            spans.append(piece)
    return spans


async def _hours(
    connection: Connection, scope: Scope, crossing: Sequence[Crossing]
) -> list[list[_Hour]]:
    rows = await connection.fetch(
        _HOURS,
        scope.tenant_id,
        [each.series_id for each in crossing],
        [each.span.first_start for each in crossing],
        [each.span.last_start for each in crossing],
        [each.span.outcome for each in crossing],
    )
    hours: list[list[_Hour]] = [[] for _ in crossing]
    for place, first_entry, last_entry, *span in rows:
        hours[place - 1].append(_Hour(place - 1, Span(*span), first_entry, last_entry))
    return hours


async def _cut(
    connection: Connection, scope: Scope, crossing: Sequence[Crossing], edges: Sequence[_Hour]
) -> list[tuple[_Hour, list[Span]]]:
    """Return what of each hour lies inside the horizon."""
    done: list[tuple[_Hour, list[Span]]] = []
    # Those at either end lie days apart: asked together, all that is between would be read.
    for early in (True, False):
        there = [hour for hour in edges if (hour.span.first_start < scope.horizon.start) is early]
        asked = [(crossing[hour.of].series_id, hour.span) for hour in there]
        cuts = await cut_spans(connection, scope.tenant_id, asked, scope.horizon)
        unsure: list[_Hour] = []
        for hour, pieces in zip(there, cuts, strict=True):
            max_gap = scope.max_gaps_us[crossing[hour.of].key[1]]
            if pieces is None or any(piece.largest_gap > max_gap for piece in pieces):
                unsure.append(hour)
            else:
                done.append((hour, pieces))
        done += await _read(connection, scope, crossing, unsure)
    return done


async def _read(
    connection: Connection, scope: Scope, crossing: Sequence[Crossing], hours: Sequence[_Hour]
) -> list[tuple[_Hour, list[Span]]]:
    """Return what of some hours of one end lies inside the horizon, from the log."""
    if not hours:
        return []
    keys = {crossing[hour.of].key for hour in hours}
    agents = await agents_of(connection, scope.tenant_id, {vantage for vantage, _ in keys})
    entries = min(hour.first_entry for hour in hours), max(hour.last_entry for hour in hours)
    members: dict[Key, list[Measurement]] = defaultdict(list)
    for entry in await ColumnReader().of_agents(connection, scope.tenant_id, agents, entries):
        key = (entry.key.vantage, entry.key.check)
        if key in keys:
            members[key] += measurements_of(entry.key, entry.columns)
    return [
        (hour, _made_of(members[key], hour.span, scope.horizon, scope.max_gaps_us[key[1]]))
        for hour in hours
        for key in [crossing[hour.of].key]
    ]


def _made_of(
    members: Sequence[Measurement], hour: Span, horizon: Interval, max_gap: int
) -> list[Span]:
    """Return what the measurements of an hour that lie inside the horizon make."""
    return spans_of(
        [
            one
            for one in members
            if hour.first_start <= one.start_us <= hour.last_start
            if LETTERS[one.outcome] == hour.outcome
            if horizon.start <= one.start_us and one.end_us <= horizon.end
        ],
        max_gap,
    )
