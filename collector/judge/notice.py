"""Whether the hospital was told early enough, and of the right interval (rules, section 8)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import assert_never

from collector.judge.calendar import (
    SiteCalendar,
    Uncounted,
    counted_day_after,
    day_before_counted,
    is_counted,
    uncounted_days,
)
from collector.judge.terms import NoticeCounting, NoticeTerms, NoticeUnit, Revision
from probes.model.instant import (
    HOUR,
    from_datetime,
    local_date,
    local_readings,
    start_of_day,
    to_datetime,
)
from probes.model.interval import Interval


class NoticeVerdict(StrEnum):
    """What became of a duty to tell beforehand."""

    RESPECTED = "respected"
    SHORT = "short"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Notice:
    """The verdict on a notice, with the instants it rests on, microseconds UTC.

    `earliest_start_us` is the earliest start the notice allowed, `shortfall_us` how much later than
    it began the operation should have begun; both None without a notice that counts.
    """

    verdict: NoticeVerdict
    judged_start_us: int
    latest_allowed_us: int
    notified_at_us: int | None = None
    earliest_start_us: int | None = None
    shortfall_us: int | None = None


def notice_that_counts(revisions: Sequence[Revision], final: Interval) -> int | None:
    """Return when the notice that counts was given; None when none does.

    It is the earliest notified revision such that it and every later one contain the final plan.
    """
    counting: int | None = None
    for revision in reversed(revisions):
        if not revision.plan.contains(final):
            break
        if revision.notified_at_us is not None:
            counting = revision.notified_at_us
    return counting


def judge_notice(
    revisions: Sequence[Revision],
    plan: Interval,
    proven_start_us: int | None,
    terms: NoticeTerms,
    calendar: SiteCalendar,
) -> Notice:
    """Return the verdict on a window's notice.

    It is judged against the earlier of the planned start and the proven start of the outage.
    """
    judged = plan.start if proven_start_us is None else min(plan.start, proven_start_us)
    latest = latest_notice(judged, terms, calendar)
    notified = notice_that_counts(revisions, plan)
    if notified is None:
        return Notice(NoticeVerdict.NONE, judged, latest)
    earliest = earliest_start(notified, terms, calendar)
    if notified <= latest:
        # Where the clocks change, the clock time of an earlier notice can lead to a later start: an
        # earlier notice never does worse than a later one.
        return Notice(NoticeVerdict.RESPECTED, judged, latest, notified, min(earliest, judged), 0)
    return Notice(NoticeVerdict.SHORT, judged, latest, notified, earliest, earliest - judged)


def judge_precedence(given_at_us: int | None, intervention_start_us: int) -> NoticeVerdict:
    """Return the verdict on an authorisation or information that must precede a hot correction."""
    if given_at_us is None:
        return NoticeVerdict.NONE
    if given_at_us < intervention_start_us:
        return NoticeVerdict.RESPECTED
    return NoticeVerdict.SHORT


def earliest_start(notified_at_us: int, terms: NoticeTerms, calendar: SiteCalendar) -> int:
    """Return the earliest start that a notice given at an instant allows, microseconds UTC.

    Hours are real hours. Clear days: neither the day of notice nor a day begun counts, so the start
    is the first instant after the last day counted. Elapsed days: the same local clock time, that
    many days later; where the clocks jump over it, the time read with the offset before the jump. A
    notice given on a day that does not count is taken as given at the end of the last that did.
    """
    if terms.unit is NoticeUnit.HOURS:
        return notified_at_us + terms.amount * HOUR
    if terms.amount == 0:
        return notified_at_us
    notified = to_datetime(notified_at_us, calendar.zone)
    last = counted_day_after(notified.date(), terms.amount, terms.unit, calendar)
    match terms.counting:
        case NoticeCounting.CLEAR_DAYS:
            return start_of_day(last + timedelta(days=1), calendar.zone)
        case NoticeCounting.ELAPSED:
            given = is_counted(notified.date(), terms.unit, calendar)
            clock = notified.time() if given else time.max
            return from_datetime(datetime.combine(last, clock, calendar.zone))
        case _ as unreachable:
            assert_never(unreachable)


def days_left_out(
    notified_at_us: int, terms: NoticeTerms, calendar: SiteCalendar
) -> list[Uncounted]:
    """Return the days between a notice and the last day it counts that did not count themselves.

    The day of notice leads them when it does not count either, elapsed days being then counted from
    the end of the last day that did.
    """
    day = local_date(notified_at_us, calendar.zone)
    if terms.unit is NoticeUnit.HOURS or not terms.amount:
        return []
    last = counted_day_after(day, terms.amount, terms.unit, calendar)
    before = day - timedelta(days=1) if terms.counting is NoticeCounting.ELAPSED else day
    return uncounted_days(before, last, terms.unit, calendar)


def latest_notice(start_us: int, terms: NoticeTerms, calendar: SiteCalendar) -> int:
    """Return the latest instant at which a notice would still have been respected for a start."""
    if terms.unit is NoticeUnit.HOURS:
        return start_us - terms.amount * HOUR
    if terms.amount == 0:
        return start_us
    # Nothing later leaves the days to count: going back to it a day at a time, and counting from
    # each, would take minutes for a long notice.
    start_day = local_date(start_us, calendar.zone)
    day = day_before_counted(start_day, terms.amount, terms.unit, calendar)
    while True:
        allowed = [
            instant
            for instant in _last_instants(day, start_us, calendar.zone)
            if earliest_start(instant, terms, calendar) <= start_us
        ]
        if allowed:
            return max(allowed)
        day -= timedelta(days=1)


def _last_instants(day: date, start_us: int, zone: tzinfo) -> Iterator[int]:
    """Yield the instants of a local day among which the last allowed notice must be.

    They are the end of the day, the clock time of the start, and the last clock times before a
    change of the clocks, on this day or on the day of the start.
    """
    yield start_of_day(day + timedelta(days=1), zone) - 1
    changes = [_change_of_clocks(day, zone), _change_of_clocks(local_date(start_us, zone), zone)]
    moments = [start_us, *(change - 1 for change in changes if change is not None)]
    for moment in moments:
        clock = to_datetime(moment, zone).time().replace(fold=0)
        yield from local_readings(datetime.combine(day, clock), zone)


def _change_of_clocks(day: date, zone: tzinfo) -> int | None:
    """Return the first instant of a local day with another offset than at its start, if any."""
    before, after = start_of_day(day, zone), start_of_day(day + timedelta(days=1), zone) - 1
    offset = to_datetime(before, zone).utcoffset()
    if to_datetime(after, zone).utcoffset() == offset:
        return None
    while after - before > 1:
        middle = (before + after) // 2
        same = to_datetime(middle, zone).utcoffset() == offset
        before, after = (middle, after) if same else (before, middle)
    return after
