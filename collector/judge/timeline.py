"""What one check proves of its target, instant by instant (rules, sections 3 and 4).

Measurements are summarised in spans: consecutive measurements of one outcome. A span keeps exactly
what the rules need and can be joined to the next without loss, so judging costs the number of
changes, not the number of measurements. From spans come the pieces of time in which the target was
proven available (A), proven down (D), or in transition (T); every other instant is no data (N).

All times are integers, microseconds UTC on the corrected scale; all pieces are half-open.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from probes.model.batch import LETTERS
from probes.model.interval import Interval, IntervalSet
from probes.model.measurement import Measurement

AVAILABLE: Final = frozenset("UG")
DOWN: Final = "D"
UNKNOWN: Final = "X"

_BEFORE_TIME: Final = -(1 << 62)

Piece = tuple[int, int]


class Span(NamedTuple):
    """A run of consecutive measurements of one check with one outcome.

    For measurement i, s is its start, e its end and ε its clock error bound. `lo_head` is the least
    s - ε of all but the last, `hi_tail` the greatest e + ε of all but the first: None when there is
    only one. `largest_gap` is the greatest distance between two consecutive starts.
    """

    outcome: str
    measured: int
    first_start: int
    first_end: int
    first_error: int
    last_start: int
    last_end: int
    last_error: int
    lo_head: int | None
    hi_tail: int | None
    largest_gap: int


class Timeline(NamedTuple):
    """The proven and changing pieces of one check or vantage point, each in normal form."""

    available: list[Piece]
    down: list[Piece]
    transition: list[Piece]


def span_of(measurement: Measurement) -> Span:
    """Return the span that holds one measurement."""
    start, end = measurement.start_us, measurement.end_us
    error = measurement.clock_error_us
    letter = LETTERS[measurement.outcome]
    return Span(letter, 1, start, end, error, start, end, error, None, None, 0)


def joined(earlier: Span, later: Span) -> Span:
    """Return the span of both, one directly after the other and of the same outcome."""
    head = earlier.last_start - earlier.last_error
    tail = later.first_end + later.first_error
    lows = [low for low in (earlier.lo_head, head, later.lo_head) if low is not None]
    highs = [high for high in (earlier.hi_tail, tail, later.hi_tail) if high is not None]
    return Span(
        earlier.outcome,
        earlier.measured + later.measured,
        earlier.first_start,
        earlier.first_end,
        earlier.first_error,
        later.last_start,
        later.last_end,
        later.last_error,
        min(lows),
        max(highs),
        max(earlier.largest_gap, later.first_start - earlier.last_start, later.largest_gap),
    )


def spans_of(
    measurements: Iterable[Measurement],
    max_gap: int,
    isolate: IntervalSet = IntervalSet(),  # noqa: B008 - immutable
) -> list[Span]:
    """Return the spans of one check's measurements, which may come in any order.

    A span ends where the outcome changes or where two starts lie more than `max_gap` apart. A
    measurement that intersects `isolate` gets a span of its own, so that its exact place is kept.
    Measurements that start together are ordered by their end, then by outcome.
    """
    spans: list[Span] = []
    alone = False
    for measurement in sorted(measurements, key=_order):
        span = span_of(measurement)
        apart = bool(isolate.overlapping(Interval(span.first_start, span.first_end + 1)))
        if (
            spans
            and not (apart or alone)
            and spans[-1].outcome == span.outcome
            and span.first_start - spans[-1].last_start <= max_gap
        ):
            spans[-1] = joined(spans[-1], span)
        else:
            spans.append(span)
        alone = apart
    return spans


def _order(measurement: Measurement) -> tuple[int, int, str, int]:
    return (
        measurement.start_us,
        measurement.duration_us,
        measurement.outcome.value,
        measurement.clock_error_us,
    )


def check_timeline(spans: Iterable[Span], max_gap: int) -> Timeline:
    """Return what one check proves (rules, section 3), from its spans in order of start.

    `unknown` spans are left out. Two neighbours are contiguous when their starts are at most
    `max_gap` apart; a span must not hold a larger gap inside itself (`ValueError`), since what lies
    in such a gap cannot be told from the summary: expand it first.
    """
    seen = [span for span in spans if span[0] != UNKNOWN]
    available, down, proven = _proven(seen, max_gap)
    return Timeline(available, down, _transitions(proven, _hulls(seen, max_gap)))


# The two loops below unpack plain tuples: a window of 10 000 vantage points runs each of them some
# 30 000 times, and rows of the database pass as they are.


def _proven(spans: list[Span], max_gap: int) -> tuple[list[Piece], list[Piece], list[Piece]]:
    """Return what the runs prove, `[e_first + ε_first, s_last - ε_last)` each if not empty.

    First the available pieces, then the down ones, then both together; all in order.
    """
    of_class: tuple[list[Piece], list[Piece]] = ([], [])
    proven: list[Piece] = []
    was_up = False
    run_from = run_to = 0
    previous_start = _BEFORE_TIME
    for outcome, _, start, end, error, last_start, _, last_error, _, _, largest_gap in spans:
        if largest_gap > max_gap:
            raise ValueError(f"a span holds a gap of {largest_gap} µs, more than {max_gap} µs")
        up = outcome in AVAILABLE
        if up != was_up or start - previous_start > max_gap:
            if run_from < run_to:
                proven.append((run_from, run_to))
                of_class[not was_up].append(proven[-1])
            run_from = end + error
            was_up = up
        run_to = last_start - last_error
        previous_start = last_start
    if run_from < run_to:
        proven.append((run_from, run_to))
        of_class[not was_up].append(proven[-1])
    return *of_class, proven


def _hulls(spans: list[Span], max_gap: int) -> list[Piece]:
    """Return the union of `(s_i - ε_i, e_j + ε_j)` over all contiguous neighbours i, j."""
    hulls: list[Piece] = []
    low: int | None = None
    high = previous_low = 0
    previous_start = _BEFORE_TIME
    for _, _, start, end, error, last_start, _, last_error, lo_head, hi_tail, _ in spans:
        if start - previous_start > max_gap:
            if low is not None:
                hulls.append((low, high))
            low = None
        elif low is None:
            low, high = previous_low, end + error
        else:
            low = previous_low if previous_low < low else low
            high = end + error if end + error > high else high
        if lo_head is not None and hi_tail is not None:
            if low is None:
                low, high = lo_head, hi_tail
            else:
                low = lo_head if lo_head < low else low
                high = hi_tail if hi_tail > high else high
        previous_low = last_start - last_error
        previous_start = last_start
    if low is not None:
        hulls.append((low, high))
    return hulls


def _transitions(proven: list[Piece], hulls: list[Piece]) -> list[Piece]:
    """Return what lies inside the hulls and was not proven either way."""
    if len(hulls) != 1:
        return _pieces(IntervalSet(hulls).subtract(IntervalSet(proven)))
    changing: list[Piece] = []
    cursor, high = hulls[0]
    for start, end in proven:
        if cursor < start:
            changing.append((cursor, start))
        cursor = end
    if cursor < high:
        changing.append((cursor, high))
    return changing


def vantage_timeline(checks: Sequence[Timeline]) -> Timeline:
    """Return the timeline of a vantage point from those of its checks (rules, section 4).

    D where any check is D; else A where every check is A; else T where any check is T.
    """
    if len(checks) == 1:
        return checks[0]
    if not checks:
        return Timeline([], [], [])
    down = IntervalSet(piece for check in checks for piece in check.down)
    available = IntervalSet(checks[0].available)
    for check in checks[1:]:
        available = available.intersect(IntervalSet(check.available))
    transition = IntervalSet(piece for check in checks for piece in check.transition)
    transition = transition.subtract(down).subtract(available)
    return Timeline(_pieces(available), _pieces(down), _pieces(transition))


def _pieces(pieces: IntervalSet) -> list[Piece]:
    return [(start, end) for start, end in pieces]
