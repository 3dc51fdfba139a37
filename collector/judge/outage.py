"""When the service was down for the whole hospital (rules, section 5).

Up while one vantage point of the panel is proven available; proven down while none is, none is in
transition, and at least `quorum` are proven down; possibly down whenever not Up. A component of
possibly down is an outage when a `down` measurement of the panel intersects it, and otherwise
unobserved: silence is never up, and never proves an outage.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from operator import itemgetter

from collector.judge.timeline import DOWN, Piece, Span, Timeline
from probes.model.interval import Interval, IntervalSet


@dataclass(frozen=True, slots=True)
class Outage:
    """One raw outage: where it may extend, the pieces proven, and whether the horizon cut it."""

    span: Interval
    proven: tuple[Interval, ...]
    truncated: bool


@dataclass(frozen=True, slots=True)
class HospitalTimeline:
    """A service at a hospital over the horizon.

    `undecided` are components of possibly down of which summaries do not tell whether one of their
    measurements lies inside: the caller must judge again with those kept apart (see `spans_of`).
    """

    horizon: Interval
    up: IntervalSet
    proven_down: IntervalSet
    outages: tuple[Outage, ...]
    unobserved: IntervalSet
    undecided: IntervalSet

    def settled(self) -> "HospitalTimeline":
        """Return the timeline with what is undecided unobserved.

        Right only when every measurement that intersects those components had a span of its own:
        the summaries that are left then hold none of them.
        """
        unobserved = self.unobserved.union(self.undecided)
        return replace(self, unobserved=unobserved, undecided=IntervalSet())


def hospital_timeline(
    vantages: Sequence[Timeline],
    spans: Iterable[Span],
    horizon: Interval,
    quorum: int,
) -> HospitalTimeline:
    """Return the timeline of a panel, given each vantage point's and all the spans behind them."""
    up = IntervalSet(chain.from_iterable(v.available for v in vantages)).clip(horizon)
    possibly_down = up.gaps(horizon)
    proven_down = _proven_down(vantages, possibly_down, quorum)
    outages: list[Outage] = []
    unobserved: list[Interval] = []
    undecided: list[Interval] = []
    evidence = _DownMeasurements(spans)
    for component in possibly_down:
        match evidence.intersect(component):
            case True:
                truncated = component.start == horizon.start or component.end == horizon.end
                proven = tuple(proven_down.clip(component))
                outages.append(Outage(component, proven, truncated))
            case False:
                unobserved.append(component)
            case _:  # hidden by summaries
                undecided.append(component)
    return HospitalTimeline(
        horizon, up, proven_down, tuple(outages), IntervalSet(unobserved), IntervalSet(undecided)
    )


def _proven_down(vantages: Sequence[Timeline], possibly: IntervalSet, quorum: int) -> IntervalSet:
    pieces = chain.from_iterable(v.down for v in vantages)
    down = possibly.intersect(IntervalSet(pieces) if quorum <= 1 else _at_least(quorum, pieces))
    if down.hull is None:
        return down
    first, last = down.hull
    changing = (
        piece for v in vantages for piece in v.transition if piece[0] < last and piece[1] > first
    )
    return down.subtract(IntervalSet(changing))


def _at_least(quorum: int, pieces: Iterable[Piece]) -> IntervalSet:
    """Return the instants covered by at least `quorum` pieces, one for each vantage point."""
    edges: list[tuple[int, int]] = []
    for start, end in pieces:
        edges.append((start, 1))
        edges.append((end, -1))
    edges.sort()
    covered: list[Piece] = []
    depth = since = 0
    for instant, step in edges:
        if depth == quorum and step < 0:
            covered.append((since, instant))
        depth += step
        if depth == quorum and step > 0:
            since = instant
    return IntervalSet(covered)


class _DownMeasurements:
    """Where the `down` measurements of a panel lie, known from spans."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans = sorted((span for span in spans if span[0] == DOWN), key=itemgetter(2))
        # How far any of the spans up to each one reaches: where to stop looking back.
        self._reaches = list(accumulate(map(_reach, self._spans), max))

    def intersect(self, component: Interval) -> bool | None:
        """Return whether one of them intersects the component; None when the summaries hide it.

        A measurement spans the closed [s, e]: it intersects [a, b) when s < b and e >= a.
        """
        opens, closes = component
        hidden = False
        for at in range(bisect_left(self._spans, closes, key=itemgetter(2)) - 1, -1, -1):
            if self._reaches[at] < opens:
                break
            _, _, start, end, _, last_start, last_end, _, _, hi_tail, gap = self._spans[at]
            if end >= opens or (last_start < closes and last_end >= opens):
                return True
            if hi_tail is not None and hi_tail >= opens:
                if opens >= start and closes <= last_start and component.length >= gap:
                    return True  # starts at most `gap` apart on both sides: one lies inside
                hidden = True
        return None if hidden else False


def _reach(span: Span) -> int:
    """Return an instant no measurement of the span ends after."""
    ends = (span[3], span[6], span[9])
    return max(end for end in ends if end is not None)
