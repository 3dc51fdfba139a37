"""Reading the spans of months or years, as the judge takes them.

Spans are summaries and stay so: only where one does not tell enough are its own measurements read
from the log, a day at a time. Unlike the horizon of a window, a period of the calendar cuts no
data: what was measured just outside it says how it began and ended.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Final, NamedTuple

from collector.judge.assessment import CheckSpans
from collector.judge.timeline import DOWN, Span, spans_of
from collector.store.pool import Connection
from collector.store.series import Key, Scope, find_spans, reach_of, read_measurements
from probes.model.instant import DAY
from probes.model.interval import Interval, IntervalSet
from probes.model.measurement import Measurement

_NOWHERE: Final = IntervalSet()


async def read_history(
    connection: Connection, scope: Scope, isolate: IntervalSet = _NOWHERE
) -> list[CheckSpans]:
    """Return the spans of a scope that could say something of its horizon, whole.

    A failure that intersects an instant of `isolate` gets a span of its own.
    """
    found = await find_spans(connection, scope)
    least_gap = min(scope.max_gaps_us.values(), default=0)
    if found.largest_gap <= least_gap and not found.mixed and not len(isolate):
        return [CheckSpans(*key, spans) for key, spans in found.checks.items()]
    sorted_out = [_sort_out(key, spans, scope, isolate) for key, spans in found.checks.items()]
    expanded = await _expanded(connection, scope, sorted_out, isolate)
    return [
        CheckSpans(*part.key, sorted(chain(part.clear, expanded[part.key]), key=_FIRST_START))
        for part in sorted_out
    ]


class _Sorted(NamedTuple):
    """The spans of one check: those that tell enough, and those that must be read one by one."""

    key: Key
    clear: list[Span]
    vague: list[Span]


_FIRST_START: Final = itemgetter(2)
_LAST_START: Final = 5


def _sort_out(key: Key, spans: Sequence[Span], scope: Scope, isolate: IntervalSet) -> _Sorted:
    ordered = sorted(spans, key=_FIRST_START)
    entangled = set(_entangled(ordered))
    part = _Sorted(key, [], [])
    for at, span in enumerate(ordered):
        vague = at in entangled or _is_vague(span, scope.max_gaps_us[key[1]], isolate)
        (part.vague if vague else part.clear).append(span)
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
    hidden = len(isolate) and span[0] == DOWN and span[1] > 1
    return bool(hidden and isolate.overlapping(Interval(span[2], reach_of(span) + 1)))


async def _expanded(
    connection: Connection, scope: Scope, sorted_out: Sequence[_Sorted], isolate: IntervalSet
) -> dict[Key, list[Span]]:
    days: dict[int, list[tuple[Key, Span]]] = defaultdict(list)
    for part in sorted_out:
        for span in part.vague:
            days[span[2] // DAY].append((part.key, span))
    expanded: dict[Key, list[Span]] = defaultdict(list)
    for _, vague in sorted(days.items()):
        for key, members in (await _measurements(connection, scope, vague)).items():
            expanded[key] += spans_of(members, scope.max_gaps_us[key[1]], isolate)
    return expanded


async def _measurements(
    connection: Connection, scope: Scope, vague: Sequence[tuple[Key, Span]]
) -> dict[Key, list[Measurement]]:
    """Return the measurements that some spans of one day are made of."""
    starts: dict[Key, list[tuple[int, int]]] = defaultdict(list)
    for key, span in vague:
        starts[key].append((span[2], span[_LAST_START] + 1))
    asked = {key: IntervalSet(pieces) for key, pieces in starts.items()}
    narrow = Scope(
        scope.tenant_id,
        sorted({vantage for vantage, _ in asked}),
        {check: scope.max_gaps_us[check] for _, check in asked},
        Interval(min(s[2] for _, s in vague), max(reach_of(s) for _, s in vague)),
    )
    members: dict[Key, list[Measurement]] = defaultdict(list)
    for measurement in await read_measurements(connection, narrow):
        key = (measurement.vantage, measurement.check)
        if key in asked and measurement.start_us in asked[key]:
            members[key].append(measurement)
    return members
