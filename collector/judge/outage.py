"""When the service was down for the whole hospital (rules, section 5).

Up while one vantage point of the panel is proven available; proven down while none is, none is in
transition, and at least `quorum` are proven down; possibly down whenever not Up. A component of
possibly down is an outage when a `down` measurement of the panel intersects it, and otherwise
unobserved: silence is never up, and never proves an outage.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

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

    `undecided` are components of possibly down that lie between two measurements of a summary: the
    caller must judge again with the measurements around them kept apart (see `spans_of`).
    """

    horizon: Interval
    up: IntervalSet
    proven_down: IntervalSet
    outages: tuple[Outage, ...]
    unobserved: IntervalSet
    undecided: IntervalSet


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
    evidence = _DownMeasurements.of(spans)
    for component in possibly_down:
        match evidence.intersect(component):
            case True:
                truncated = component.start == horizon.start or component.end == horizon.end
                proven = tuple(proven_down.clip(component))
                outages.append(Outage(component, proven, truncated))
            case False:
                unobserved.append(component)
            case None:
                undecided.append(component)
    return HospitalTimeline(
        horizon, up, proven_down, tuple(outages), IntervalSet(unobserved), IntervalSet(undecided)
    )


def _proven_down(vantages: Sequence[Timeline], possibly: IntervalSet, quorum: int) -> IntervalSet:
    changing = IntervalSet(chain.from_iterable(v.transition for v in vantages))
    if quorum <= 1:
        down = IntervalSet(chain.from_iterable(v.down for v in vantages))
    else:
        down = _at_least(quorum, chain.from_iterable(v.down for v in vantages))
    return possibly.intersect(down).subtract(changing)


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


@dataclass(frozen=True, slots=True)
class _DownMeasurements:
    """Where the `down` measurements lie: surely (`known`), and somewhere within (`summaries`)."""

    known: IntervalSet
    summaries: IntervalSet
    largest_gaps: Sequence[tuple[Interval, int]]

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "_DownMeasurements":
        # A measurement spans the closed [s, e]; with integers that is the half-open [s, e + 1).
        known: list[Piece] = []
        summaries: list[tuple[Interval, int]] = []
        for outcome, measured, start, end, _, last_start, last_end, _, _, _, gap in spans:
            if outcome != DOWN:
                continue
            known += ((start, end + 1), (last_start, last_end + 1))
            if measured > 2:  # noqa: PLR2004 - more than the first and the last
                summaries.append((Interval(start, last_end + 1), gap))
        return cls(IntervalSet(known), IntervalSet(s for s, _ in summaries), summaries)

    def intersect(self, component: Interval) -> bool | None:
        """Return whether one of them intersects the component; None when the summaries hide it."""
        if self.known.overlapping(component):
            return True
        if not self.summaries.overlapping(component):
            return False
        gaps = (gap for summary, gap in self.largest_gaps if summary.overlaps(component))
        # Starts at most `gap` apart on both sides of the component: one lies inside it.
        return True if component.length >= min(gaps) else None
