"""The regulated figures of a window: what counts, and how it is added up (rules, sections 6, 7)."""

from dataclasses import dataclass
from typing import Final, NamedTuple, assert_never

from collector.judge.outage import HospitalTimeline
from collector.judge.terms import DowntimeRule
from probes.model.interval import Interval, IntervalSet

_BEFORE_TIME: Final = -(1 << 62)
_AFTER_TIME: Final = 1 << 62


class Bounds(NamedTuple):
    """The least and the greatest a duration can have been, in microseconds."""

    lower_us: int
    upper_us: int


@dataclass(frozen=True, slots=True)
class Regulated:
    """What counts for a window: `proven` for the lower bound, `possible` for the upper.

    `outages` are the regulated outages that overlap the window, whole.
    """

    hull: Interval
    outages: IntervalSet
    proven: IntervalSet
    possible: IntervalSet

    def figure(self, rule: DowntimeRule) -> Bounds:
        """Return the figure of a rule with both its bounds."""
        return Bounds(_measure(self.proven, rule), _measure(self.possible, rule))

    @property
    def early_start(self) -> Bounds:
        """How much lies before the window opens."""
        return self._within(Interval(_BEFORE_TIME, self.hull.start))

    @property
    def overrun(self) -> Bounds:
        """How much lies after the window ends."""
        return self._within(Interval(self.hull.end, _AFTER_TIME))

    def _within(self, bounds: Interval) -> Bounds:
        return Bounds(self.proven.clip(bounds).length, self.possible.clip(bounds).length)


def regulate(timeline: HospitalTimeline, hull: Interval, return_hold_us: int) -> Regulated:
    """Return what counts for the window whose hull is given.

    Two outages less than `return_hold_us` apart are one, and so are two proven pieces; what does
    not belong to an outage that overlaps the window is left out, save unobserved time inside it.
    """
    merged = IntervalSet(outage.span for outage in timeline.outages).close_gaps(return_hold_us)
    outages = IntervalSet(merged.overlapping(hull))
    scope = outages.union(IntervalSet([hull]))
    proven = timeline.proven_down.close_gaps(return_hold_us).intersect(scope)
    possible = outages.union(timeline.unobserved.clip(hull))
    return Regulated(hull, outages, proven, possible)


def _measure(pieces: IntervalSet, rule: DowntimeRule) -> int:
    match rule:
        case DowntimeRule.CUMULATIVE:
            return pieces.length
        case DowntimeRule.LONGEST:
            return max((piece.length for piece in pieces), default=0)
        case DowntimeRule.SPAN:
            return pieces.hull.length if pieces.hull else 0
        case _ as unreachable:
            assert_never(unreachable)
