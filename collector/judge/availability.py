"""The availability rate of a service over a period (rules, section 10).

Observed rate = up / (up + proven down); it lies between up / total and 1 - proven down / total, and
coverage = (up + proven down) / total says how much of the period was seen at all. Gross is all of
it, net leaves out the plan of every window whose notice was respected. Everything is a number of
microseconds or an exact fraction. Without any data there is no rate: never 100 %.

Refuses an empty period, and one that the timeline does not cover.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from collector.judge.assessment import CheckSpans
from collector.judge.notice import NoticeVerdict
from collector.judge.outage import HospitalTimeline, Outage, hospital_timeline
from collector.judge.terms import Revision
from collector.judge.timeline import Piece, Span, Timeline, check_timeline, vantage_timeline
from probes.model.interval import Interval, IntervalSet


class Rate(NamedTuple):
    """How long a service was proven up and proven down, of how much: microseconds."""

    total_us: int
    up_us: int
    down_us: int

    @property
    def observed(self) -> Fraction | None:
        """The rate over what was seen; None when nothing was."""
        seen_us = self.up_us + self.down_us
        return Fraction(self.up_us, seen_us) if seen_us else None

    @property
    def lower(self) -> Fraction | None:
        """The least the rate can be: all that was not seen was down; None when nothing was seen."""
        return Fraction(self.up_us, self.total_us) if self.up_us + self.down_us else None

    @property
    def upper(self) -> Fraction | None:
        """The greatest it can be: all that was not seen was up; None when nothing was seen."""
        seen_us = self.up_us + self.down_us
        return 1 - Fraction(self.down_us, self.total_us) if seen_us else None

    @property
    def coverage(self) -> Fraction | None:
        """The part that was seen; None when there was nothing to see."""
        seen_us = self.up_us + self.down_us
        return Fraction(seen_us, self.total_us) if self.total_us else None


@dataclass(frozen=True, slots=True)
class AnnouncedWindow:
    """A window as far as availability asks: what was announced, when, and whether in time."""

    id: str
    plan: Interval
    revisions: tuple[Revision, ...]
    notice: NoticeVerdict
    cancelled: bool = False

    @property
    def is_left_out(self) -> bool:
        """Whether the net rate leaves its plan out."""
        return self.notice is NoticeVerdict.RESPECTED and not self.cancelled

    def covers(self, outage: Interval) -> bool:
        """Return whether the plan in force when an outage began announced some of it."""
        told = [
            revision.plan
            for revision in self.revisions
            if revision.notified_at_us is not None and revision.notified_at_us <= outage.start
        ]
        return bool(told) and not self.cancelled and told[-1].overlaps(outage)


@dataclass(frozen=True, slots=True)
class Availability:
    """The rates of a period, the windows that the net one leaves out, and what nobody announced."""

    period: Interval
    gross: Rate
    net: Rate
    left_out: tuple[str, ...]
    unannounced: tuple[Outage, ...]


class Watch(NamedTuple):
    """Who counts: each vantage point while it stands, with the checks and the quorum agreed."""

    standing: Mapping[str, Interval]
    max_gaps_us: Mapping[str, int]
    quorum: int


def service_timeline(
    checks: Iterable[CheckSpans], watch: Watch, horizon: Interval
) -> HospitalTimeline:
    """Return the timeline of a service over a long time, from the spans of its checks.

    Each vantage point counts while it stands: from its enrolment until it is shut out.
    """
    timelines: dict[str, list[Timeline]] = defaultdict(list)
    evidence: list[Span] = []
    for vantage, check, spans in checks:
        if vantage in watch.standing and check in watch.max_gaps_us:
            timelines[vantage].append(check_timeline(spans, watch.max_gaps_us[check]))
            evidence += spans
    vantages = [
        _while_standing(vantage_timeline(checks), watch.standing[vantage])
        for vantage, checks in timelines.items()
    ]
    return hospital_timeline(vantages, evidence, horizon, watch.quorum)


def availability(
    timeline: HospitalTimeline,
    period: Interval,
    windows: Sequence[AnnouncedWindow] = (),
    hours: IntervalSet | None = None,
) -> Availability:
    """Return the availability of a period; `hours` are the agreed service hours, None for all.

    Raises `ValueError` for a period without any of them, or outside the timeline's horizon.
    """
    agreed = IntervalSet([period]) if hours is None else hours.clip(period)
    if not agreed.length:
        raise ValueError("an empty period has no availability")
    if not timeline.horizon.contains(period):
        raise ValueError("the timeline does not cover the period")
    left_out = [window for window in windows if window.is_left_out and window.plan.overlaps(period)]
    unannounced = [
        outage
        for outage in _overlapping(timeline.outages, period)
        if agreed.overlapping(outage.span)
        and not any(window.covers(outage.span) for window in windows)
    ]
    return Availability(
        period,
        _rate(timeline, agreed),
        _rate(timeline, agreed.subtract(IntervalSet(window.plan for window in left_out))),
        tuple(window.id for window in left_out),
        tuple(unannounced),
    )


def _overlapping(outages: Sequence[Outage], period: Interval) -> Sequence[Outage]:
    first = bisect_right(outages, period.start, key=lambda outage: outage.span.end)
    last = bisect_left(outages, period.end, key=lambda outage: outage.span.start)
    return outages[first:last]


def _rate(timeline: HospitalTimeline, agreed: IntervalSet) -> Rate:
    hull = agreed.hull
    if hull is None:
        return Rate(0, 0, 0)
    up, down = (seen.clip(hull).intersect(agreed) for seen in (timeline.up, timeline.proven_down))
    return Rate(agreed.length, up.length, down.length)


def _while_standing(timeline: Timeline, standing: Interval) -> Timeline:
    return Timeline(*(_clipped(pieces, standing) for pieces in timeline))


def _clipped(pieces: list[Piece], bounds: Interval) -> list[Piece]:
    if not pieces or (bounds.start <= pieces[0][0] and pieces[-1][1] <= bounds.end):
        return pieces
    return [(start, end) for start, end in IntervalSet(pieces).clip(bounds)]
