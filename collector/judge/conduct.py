"""How an operation was conducted, beside what it cost: what was promised, asked or published.

Whether a hot correction was authorised or told beforehand and left the service up, whether the
outage kept out of the opening hours the client asked to spare, whether the vendor kept to its own
slots, and what lay outside the announced plan (rules, section 8; §4.1.5, §4.2.4). Pure; nothing
here changes a measured figure.
"""

from dataclasses import dataclass
from enum import StrEnum

from collector.judge.assessment import Assessment
from collector.judge.calendar import SiteCalendar
from collector.judge.notice import NoticeVerdict, judge_precedence
from collector.judge.operation import Instance, Operation
from collector.judge.verdict import DurationVerdict
from collector.judge.weekly import Week, instants_of
from collector.judge.window import Bounds
from probes.model.interval import Interval, IntervalSet


class Duty(StrEnum):
    """What must precede a hot correction (§4.1.5)."""

    AUTHORISATION = "authorisation"
    INFORMATION = "information"


class Keeping(StrEnum):
    """What became of a promise; `undeclared` when nobody said against what to judge it."""

    KEPT = "kept"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"
    PENDING = "pending"
    UNDECLARED = "undeclared"


@dataclass(frozen=True, slots=True)
class Precedence:
    """Whether the client authorised, or was told of, a hot correction before it began.

    It is due once the operation has begun; `judged_start_us` is the planned start until then.
    """

    duty: Duty
    verdict: NoticeVerdict
    judged_start_us: int
    is_due: bool
    given_at_us: int | None = None

    @property
    def is_breached(self) -> bool:
        """Whether the operation began without it."""
        return self.is_due and self.verdict is not NoticeVerdict.RESPECTED


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise, and the time that speaks against it, with both its bounds."""

    keeping: Keeping
    against: Bounds


@dataclass(frozen=True, slots=True)
class Conduct:
    """All of it; None for what was not promised, asked or published.

    `early_start` and `overrun` are what outages and interventions there were before the announced
    start and after the announced end.
    """

    early_start: Bounds
    overrun: Bounds
    precedence: Precedence | None = None
    hot: Promise | None = None
    off_hours: Promise | None = None
    slots: Promise | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the register knows: when the duty was done, the site's hours and the vendor's slots."""

    cleared_at_us: int | None = None
    opening_hours: Week | None = None
    slots: Week | None = None


def judge_conduct(
    operation: Operation, circumstances: Circumstances, assessment: Assessment
) -> Conduct:
    """Return how the operation of an assessed window was conducted."""
    window = assessment.window
    calendar = SiteCalendar(window.zone, window.contract.holidays)
    early, late = _outside_plan(assessment)
    opening, slots = circumstances.opening_hours, circumstances.slots
    return Conduct(
        early_start=early,
        overrun=late,
        precedence=_precedence(operation, circumstances, assessment) if operation.hot else None,
        hot=_hot(assessment) if operation.hot else None,
        off_hours=_off_hours(assessment, opening, calendar) if operation.off_hours else None,
        slots=_slots(assessment, slots, calendar) if slots is not None else None,
    )


def _precedence(
    operation: Operation, circumstances: Circumstances, assessment: Assessment
) -> Precedence:
    window = assessment.window
    began = min((ran.start for ran in window.interventions), default=None)
    start = window.plan.start if began is None else began
    shared = operation.instance is Instance.SAAS
    given = circumstances.cleared_at_us
    return Precedence(
        duty=Duty.INFORMATION if shared else Duty.AUTHORISATION,
        verdict=judge_precedence(given, start),
        judged_start_us=start,
        is_due=began is not None,
        given_at_us=given,
    )


def _hot(assessment: Assessment) -> Promise:
    """Break the promise by what is proven down only: the possible is printed and breaks nothing."""
    regulated = assessment.regulated
    against = Bounds(regulated.proven.length, regulated.possible.length)
    if against.lower_us:
        return Promise(Keeping.BROKEN, against)
    return Promise(_unless_pending(assessment, Keeping.KEPT), against)


def _off_hours(assessment: Assessment, opening: Week | None, calendar: SiteCalendar) -> Promise:
    if opening is None:
        return Promise(Keeping.UNDECLARED, Bounds(0, 0))
    regulated = assessment.regulated
    hull = regulated.proven.union(regulated.possible).hull or Interval(0, 0)
    open_hours = instants_of(opening, hull, calendar)
    against = Bounds(
        regulated.proven.intersect(open_hours).length,
        regulated.possible.intersect(open_hours).length,
    )
    if against.lower_us:
        return Promise(Keeping.BROKEN, against)
    keeping = Keeping.INCONCLUSIVE if against.upper_us else Keeping.KEPT
    return Promise(_unless_pending(assessment, keeping), against)


def _slots(assessment: Assessment, slots: Week, calendar: SiteCalendar) -> Promise:
    """Judge the interventions, or the plan as long as there are none."""
    window = assessment.window
    worked = IntervalSet(window.interventions or (window.plan,))
    inside = instants_of(slots, worked.hull or window.plan, calendar)
    outside_us = worked.subtract(inside).length
    keeping = Keeping.BROKEN if outside_us else Keeping.KEPT
    return Promise(keeping, Bounds(outside_us, outside_us))


def _outside_plan(assessment: Assessment) -> tuple[Bounds, Bounds]:
    window, regulated = assessment.window, assessment.regulated
    worked = IntervalSet(window.interventions)
    proven, possible = regulated.proven.union(worked), regulated.outages.union(worked)

    def within(bounds: Interval) -> Bounds:
        return Bounds(proven.clip(bounds).length, possible.clip(bounds).length)

    hull = possible.union(proven).hull or window.plan
    return (
        within(Interval(min(hull.start, window.plan.start), window.plan.start)),
        within(Interval(window.plan.end, max(hull.end, window.plan.end))),
    )


def _unless_pending(assessment: Assessment, keeping: Keeping) -> Keeping:
    return Keeping.PENDING if assessment.verdict is DurationVerdict.PENDING else keeping
