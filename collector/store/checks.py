"""The spans of checks as the judge takes them: cut to the horizon of a window, or whole for months.

Spans are summaries and stay so. Only where one does not tell enough are its measurements looked at:
it holds a larger gap than the check allows now, shares instants with another, hides where a failure
lies, or reaches over an end of the horizon. In the last case its hours are asked, and only one of
them is looked into; otherwise its own measurements are read from the log.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Final, NamedTuple

from collector.judge.assessment import CheckSpans
from collector.judge.timeline import DOWN, Span, spans_of
from collector.store.hours import Crossing, inside_by_hours
from collector.store.pool import Connection
from collector.store.series import (
    FoundSpans,
    Key,
    Scope,
    find_spans,
    reach_of,
    read_measurements,
)
from probes.model.instant import DAY
from probes.model.interval import Interval, IntervalSet
from probes.model.measurement import Measurement

_NOWHERE: Final = IntervalSet()


async def read_checks(
    connection: Connection, scope: Scope, isolate: IntervalSet = _NOWHERE
) -> list[CheckSpans]:
    """Return the spans of a scope, cut to its horizon exactly.

    They prove what those would that `spans_of` makes of the single measurements that lie whole
    inside the horizon. A failure that intersects an instant of `isolate` gets a span of its own.
    """
    found = await find_spans(connection, scope)
    inside = scope.horizon.start <= found.first and found.last <= scope.horizon.end
    if inside and _tell_enough(found, scope, isolate):
        return _whole(found)
    sorted_out = [
        _sort_out(key, spans, scope, isolate, scope.horizon) for key, spans in found.checks.items()
    ]
    await _cut(connection, scope, found, sorted_out)
    return await _completed(connection, scope, sorted_out, isolate, scope.horizon)


async def read_history(
    connection: Connection, scope: Scope, isolate: IntervalSet = _NOWHERE
) -> list[CheckSpans]:
    """Return the spans of a scope that could say something of its horizon, whole.

    What was measured just outside the horizon says how it began and ended. A failure that
    intersects an instant of `isolate` gets a span of its own.
    """
    found = await find_spans(connection, scope)
    if _tell_enough(found, scope, isolate):
        return _whole(found)
    sorted_out = [
        _sort_out(key, spans, scope, isolate, None) for key, spans in found.checks.items()
    ]
    return await _completed(connection, scope, sorted_out, isolate, None)


class _Sorted(NamedTuple):
    """The spans of one check: clear ones, some to cut, and some to read one by one."""

    key: Key
    clear: list[Span]
    crossing: list[Span]
    vague: list[Span]


_FIRST_START: Final = itemgetter(2)
_LAST_START: Final = 5


def _tell_enough(found: FoundSpans, scope: Scope, isolate: IntervalSet) -> bool:
    """Return whether no span needs a closer look, but for the ends of the horizon."""
    least_gap = min(scope.max_gaps_us.values(), default=0)
    return found.largest_gap <= least_gap and not found.mixed and not len(isolate)


def _whole(found: FoundSpans) -> list[CheckSpans]:
    return [CheckSpans(*key, spans) for key, spans in found.checks.items()]


def _sort_out(
    key: Key, spans: Sequence[Span], scope: Scope, isolate: IntervalSet, cut_to: Interval | None
) -> _Sorted:
    ordered = sorted(spans, key=_FIRST_START)
    entangled = set(_entangled(ordered))
    max_gap = scope.max_gaps_us[key[1]]
    part = _Sorted(key, [], [], [])
    for at, span in enumerate(ordered):
        if cut_to is not None and span[_LAST_START] < cut_to.start:
            continue
        if at in entangled or _is_vague(span, max_gap, isolate):
            part.vague.append(span)
        elif cut_to is not None and not cut_to.contains(Interval(span[2], reach_of(span))):
            part.crossing.append(span)
        else:
            part.clear.append(span)
    return part


def _entangled(ordered: Sequence[Span]) -> Iterator[int]:
    """Yield the places of spans that share instants with another of an agent or an import."""
    furthest = 0
    for at in range(1, len(ordered)):
        if ordered[at][2] <= ordered[furthest][_LAST_START]:
            yield from (furthest, at)
        if ordered[at][_LAST_START] > ordered[furthest][_LAST_START]:
            furthest = at


def _is_vague(span: Span, max_gap: int, isolate: IntervalSet) -> bool:
    if span[10] > max_gap:
        return True
    hides = len(isolate) and span[0] == DOWN and span[1] > 1
    return bool(hides and isolate.overlapping(Interval(span[2], reach_of(span) + 1)))


async def _cut(
    connection: Connection, scope: Scope, found: FoundSpans, sorted_out: Iterable[_Sorted]
) -> None:
    """Cut the spans that reach over an end of the horizon; those that cannot be are vague."""
    parts = [(part, Span(*span)) for part in sorted_out for span in part.crossing]
    crossing = [Crossing(part.key, found.series[part.key], span) for part, span in parts]
    cuts = await inside_by_hours(connection, scope, crossing)
    for (part, span), pieces in zip(parts, cuts, strict=True):
        if pieces is None:
            part.vague.append(span)
        else:
            part.clear.extend(pieces)


async def _completed(
    connection: Connection,
    scope: Scope,
    sorted_out: Sequence[_Sorted],
    isolate: IntervalSet,
    cut_to: Interval | None,
) -> list[CheckSpans]:
    """Return the spans of every check, with the vague ones made anew from their measurements."""
    days: dict[int, list[tuple[Key, Span]]] = defaultdict(list)
    for part in sorted_out:
        for span in part.vague:
            days[span[2] // DAY].append((part.key, span))
    made: dict[Key, list[Span]] = defaultdict(list)
    for _, vague in sorted(days.items()):
        for key, members in (await _measurements(connection, scope, vague, cut_to)).items():
            made[key] += spans_of(members, scope.max_gaps_us[key[1]], isolate)
    return [
        CheckSpans(*part.key, sorted(chain(part.clear, made[part.key]), key=_FIRST_START))
        for part in sorted_out
        if part.clear or made[part.key]
    ]


async def _measurements(
    connection: Connection,
    scope: Scope,
    vague: Sequence[tuple[Key, Span]],
    cut_to: Interval | None,
) -> Mapping[Key, list[Measurement]]:
    """Return the measurements that some spans of one day are made of."""
    starts: dict[Key, list[tuple[int, int]]] = defaultdict(list)
    for key, span in vague:
        starts[key].append((span[2], span[_LAST_START] + 1))
    asked = {key: IntervalSet(pieces) for key, pieces in starts.items()}
    bounds = Interval(min(s[2] for _, s in vague), max(reach_of(s) for _, s in vague))
    narrow = Scope(
        scope.tenant_id,
        sorted({vantage for vantage, _ in asked}),
        {check: scope.max_gaps_us[check] for _, check in asked},
        bounds if cut_to is None else bounds.clip(cut_to),
    )
    members: dict[Key, list[Measurement]] = defaultdict(list)
    for measurement in await read_measurements(connection, narrow):
        key = (measurement.vantage, measurement.check)
        if key in asked and measurement.start_us in asked[key]:
            members[key].append(measurement)
    return members
