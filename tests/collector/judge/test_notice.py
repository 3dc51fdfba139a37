"""Notice: counting days, and which revision counts. Dates are worked by hand in the comments."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.judge.calendar import SiteCalendar, counted_day_after, public_holidays
from collector.judge.notice import (
    NoticeVerdict,
    earliest_start,
    judge_notice,
    judge_precedence,
    latest_notice,
    notice_that_counts,
)
from collector.judge.terms import NoticeCounting, NoticeTerms, NoticeUnit, Revision
from probes.model.instant import DAY, HOUR, format_instant, parse_instant, zone_named
from probes.model.interval import Interval

PARIS = SiteCalendar(zone_named("Europe/Paris"), public_holidays("FR", range(2026, 2029)))
REUNION = SiteCalendar(zone_named("Indian/Reunion"), public_holidays("FR-974", [2026]))
MOSELLE = SiteCalendar(zone_named("Europe/Paris"), public_holidays("FR-57", [2026, 2027]))

CLEAR = NoticeCounting.CLEAR_DAYS
ELAPSED = NoticeCounting.ELAPSED


def terms(amount: int, unit: str, counting: NoticeCounting = CLEAR) -> NoticeTerms:
    return NoticeTerms(amount, NoticeUnit(unit), counting)


EARLIEST = [
    # Monday 9 November 2026: 10, 11, 12 must have elapsed.
    ("2026-11-09T15:00+01:00", terms(3, "calendar_days"), "2026-11-13T00:00:00+01:00"),
    # Thursday 5 November: Friday 6, Monday 9, Tuesday 10.
    ("2026-11-05T15:00+01:00", terms(3, "business_days"), "2026-11-11T00:00:00+01:00"),
    # Saturday counts as a working day: Friday 6, Saturday 7, Monday 9.
    ("2026-11-05T15:00+01:00", terms(3, "working_days"), "2026-11-10T00:00:00+01:00"),
    # Wednesday 24 March 2027, Easter Monday is the 29th: 25, 26, 30, 31 March.
    ("2027-03-24T09:00+01:00", terms(4, "business_days"), "2027-04-01T00:00:00+02:00"),
    # Monday 13 July 2026, the 14th is a holiday: 15, 16.
    ("2026-07-13T09:00+02:00", terms(2, "business_days"), "2026-07-17T00:00:00+02:00"),
    # Across the year end: Thursday 31 December, 1 January is a holiday: Monday 4, Tuesday 5.
    ("2026-12-31T09:00+01:00", terms(2, "business_days"), "2027-01-06T00:00:00+01:00"),
    # 1 November 2026 is a Sunday already: Friday 30 October, Saturday 31, Monday 2, Tuesday 3.
    ("2026-10-30T09:00+01:00", terms(3, "working_days"), "2026-11-04T00:00:00+01:00"),
    # Hours are real hours: 3 of them from 01:00+02:00 on the autumn night end at 03:00+01:00.
    ("2026-10-25T01:00+02:00", terms(3, "hours"), "2026-10-25T03:00:00+01:00"),
    # Elapsed days keep the local clock time: one day of 25 hours here.
    ("2026-10-24T15:00+02:00", terms(1, "calendar_days", ELAPSED), "2026-10-25T15:00:00+01:00"),
    # 02:30 happens twice on 25 October 2026: the first of the two.
    ("2026-10-24T02:30+02:00", terms(1, "calendar_days", ELAPSED), "2026-10-25T02:30:00+02:00"),
    # Friday 6 November 15:00, one business day later: Monday at 15:00.
    ("2026-11-06T15:00+01:00", terms(1, "business_days", ELAPSED), "2026-11-09T15:00:00+01:00"),
    # Nothing asked for: at once.
    ("2026-11-06T15:00+01:00", terms(0, "business_days"), "2026-11-06T15:00:00+01:00"),
]


@pytest.mark.parametrize(("notified", "asked", "earliest"), EARLIEST)
def test_the_earliest_start_is_the_one_counted_on_fingers(
    notified: str, asked: NoticeTerms, earliest: str
) -> None:
    notified_at = parse_instant(notified.replace("+", ":00+"))
    found = earliest_start(notified_at, asked, PARIS)
    assert format_instant(found, PARIS.zone) == earliest


@pytest.mark.parametrize(("notified", "asked", "earliest"), EARLIEST)
def test_exactly_at_the_limit_is_respected_and_a_microsecond_less_is_short(
    notified: str, asked: NoticeTerms, earliest: str
) -> None:
    notified_at = parse_instant(notified.replace("+", ":00+"))

    def verdict(start: int) -> NoticeVerdict:
        plan = Interval(start, start + HOUR)
        return judge_notice([Revision(plan, notified_at)], plan, None, asked, PARIS).verdict

    limit = parse_instant(earliest)
    assert verdict(limit) is NoticeVerdict.RESPECTED
    assert verdict(limit - 1) is NoticeVerdict.SHORT


def test_a_clock_time_that_does_not_exist_is_read_with_the_offset_before_the_jump() -> None:
    notified = parse_instant("2026-03-28T02:30:00+01:00")
    found = earliest_start(notified, terms(1, "calendar_days", ELAPSED), PARIS)
    assert format_instant(found, PARIS.zone) == "2026-03-29T03:30:00+02:00"


def test_moselle_has_two_more_holidays() -> None:
    # Good Friday, 3 April 2026, and St Stephen's, 26 December 2026 (a Saturday).
    thursday = date(2026, 4, 2)
    assert counted_day_after(thursday, 1, NoticeUnit.BUSINESS_DAYS, PARIS) == date(2026, 4, 3)
    assert counted_day_after(thursday, 1, NoticeUnit.BUSINESS_DAYS, MOSELLE) == date(2026, 4, 7)
    eve = date(2026, 12, 24)
    assert counted_day_after(eve, 1, NoticeUnit.WORKING_DAYS, PARIS) == date(2026, 12, 26)
    assert counted_day_after(eve, 1, NoticeUnit.WORKING_DAYS, MOSELLE) == date(2026, 12, 28)


def test_an_overseas_site_counts_its_own_days() -> None:
    # 20 December, abolition of slavery, a Sunday in 2026: the 19th counts, then Monday 21.
    # Notice on Friday 18 at 22:00 in Réunion is still Friday there, 18:00 UTC.
    notified = parse_instant("2026-12-18T22:00:00+04:00")
    found = earliest_start(notified, terms(1, "business_days"), REUNION)
    assert format_instant(found, REUNION.zone) == "2026-12-22T00:00:00+04:00"


INSTANTS = st.integers(
    parse_instant("2026-01-05T00:00:00Z") // 1_000_000,
    parse_instant("2027-12-20T00:00:00Z") // 1_000_000,
).map(lambda seconds: seconds * 1_000_000)
TERMS = st.builds(
    NoticeTerms, st.integers(0, 12), st.sampled_from(NoticeUnit), st.sampled_from(NoticeCounting)
)


@given(INSTANTS, TERMS)
def test_the_latest_notice_is_allowed_and_nothing_in_the_day_after_it_is(
    start: int, asked: NoticeTerms
) -> None:
    latest = latest_notice(start, asked, PARIS)
    assert earliest_start(latest, asked, PARIS) <= start
    for later in (1, 1_000_000, HOUR, DAY // 2, DAY):
        if latest + later <= start:
            assert earliest_start(latest + later, asked, PARIS) > start


@pytest.mark.parametrize(
    ("start", "asked", "latest"),
    [
        # A thousand days before Saturday the 14th, and none of them is tried one after the other:
        # 1 001 days before 14 November 2026 is 17 February 2024.
        (
            "2026-11-14T22:00:00+01:00",
            terms(1_000, "calendar_days"),
            "2024-02-17T23:59:59.999999+01:00",
        ),
        # Three clear days before Saturday the 14th: 11, 12, 13; so the whole of the 10th.
        (
            "2026-11-14T22:00:00+01:00",
            terms(3, "calendar_days"),
            "2026-11-10T23:59:59.999999+01:00",
        ),
        ("2026-11-14T22:00:00+01:00", terms(72, "hours"), "2026-11-11T22:00:00+01:00"),
        ("2026-11-14T22:00:00+01:00", terms(0, "hours"), "2026-11-14T22:00:00+01:00"),
        ("2026-11-14T22:00:00+01:00", terms(0, "calendar_days"), "2026-11-14T22:00:00+01:00"),
        (
            "2026-11-14T22:00:00+01:00",
            terms(3, "calendar_days", ELAPSED),
            "2026-11-11T22:00:00+01:00",
        ),
        # The start lies in the second 02:30 of the autumn night: every clock time of the doubled
        # hour, one day before, leads to its first pass.
        (
            "2026-10-25T02:30:00+01:00",
            terms(1, "calendar_days", ELAPSED),
            "2026-10-24T02:59:59.999999+02:00",
        ),
        # Notice on the autumn day itself: 02:30 came twice, the second is the later one.
        (
            "2026-10-26T02:30:00+01:00",
            terms(1, "calendar_days", ELAPSED),
            "2026-10-25T02:30:00+01:00",
        ),
        # 02:30 never came on 29 March: the last instant before the jump is the latest.
        (
            "2026-03-30T02:30:00+02:00",
            terms(1, "calendar_days", ELAPSED),
            "2026-03-29T01:59:59.999999+01:00",
        ),
    ],
)
def test_the_latest_notice_allowed_is_the_last_instant_that_would_do(
    start: str, asked: NoticeTerms, latest: str
) -> None:
    found = latest_notice(parse_instant(start), asked, PARIS)
    assert format_instant(found, PARIS.zone) == latest


PLAN = Interval(1_000, 2_000)


def test_a_notice_that_was_shrunk_still_counts() -> None:
    wide, shrunk = Interval(900, 2_100), PLAN
    assert notice_that_counts([Revision(wide, 10), Revision(shrunk, 500)], PLAN) == 10


def test_a_notice_for_another_interval_does_not_count() -> None:
    assert notice_that_counts([Revision(Interval(0, 900), 10), Revision(PLAN, 500)], PLAN) == 500


def test_a_plan_that_left_and_came_back_counts_from_its_return() -> None:
    elsewhere = Revision(Interval(5_000, 6_000), 200)
    assert notice_that_counts([Revision(PLAN, 10), elsewhere, Revision(PLAN, 500)], PLAN) == 500


def test_a_revision_nobody_was_told_of_is_no_notice() -> None:
    assert notice_that_counts([Revision(PLAN, None)], PLAN) is None
    assert notice_that_counts([Revision(PLAN, None), Revision(PLAN, 500)], PLAN) == 500
    assert notice_that_counts([Revision(PLAN, 10), Revision(Interval(0, 1), None)], PLAN) is None


def test_an_extended_plan_needs_a_new_notice() -> None:
    assert notice_that_counts([Revision(Interval(1_000, 1_500), 10)], PLAN) is None


def test_a_proven_start_before_the_plan_is_what_is_judged() -> None:
    day = parse_instant("2026-11-14T22:00:00+01:00")
    plan = Interval(day, day + HOUR)
    asked = terms(24, "hours")
    told = [Revision(plan, day - 24 * HOUR)]
    assert judge_notice(told, plan, None, asked, PARIS).verdict is NoticeVerdict.RESPECTED
    early = judge_notice(told, plan, day - 1, asked, PARIS)
    assert early.verdict is NoticeVerdict.SHORT
    assert early.shortfall_us == 1
    assert judge_notice(told, plan, day + 1, asked, PARIS).judged_start_us == day


def test_a_notice_on_a_day_that_does_not_count_is_no_better_than_the_evening_before() -> None:
    # One elapsed business day from Saturday 7 November: as from Friday at midnight, so the end of
    # Monday; from Friday 15:00 it is Monday 15:00.
    saturday = parse_instant("2026-11-07T10:00:00+01:00")
    found = earliest_start(saturday, terms(1, "business_days", ELAPSED), PARIS)
    assert format_instant(found, PARIS.zone) == "2026-11-09T23:59:59.999999+01:00"


def test_an_earlier_notice_never_does_worse_than_a_later_one_when_the_clocks_change() -> None:
    # On 25 October 2026 02:10 comes twice. From its second pass one elapsed day ends on the 26th at
    # 02:10, so 02:40 of the first pass, half an hour before, cannot be too late for 02:20.
    start = parse_instant("2026-10-26T02:20:00+01:00")
    plan = Interval(start, start + HOUR)
    told = [Revision(plan, parse_instant("2026-10-25T02:40:00+02:00"))]
    notice = judge_notice(told, plan, None, terms(1, "calendar_days", ELAPSED), PARIS)
    assert notice.verdict is NoticeVerdict.RESPECTED
    assert notice.latest_allowed_us == parse_instant("2026-10-25T02:20:00+01:00")
    assert notice.earliest_start_us == start


def test_an_authorisation_must_come_before_the_intervention() -> None:
    assert judge_precedence(None, 100) is NoticeVerdict.NONE
    assert judge_precedence(99, 100) is NoticeVerdict.RESPECTED
    assert judge_precedence(100, 100) is NoticeVerdict.SHORT


def test_a_calendar_nobody_knows_is_named() -> None:
    with pytest.raises(ValueError, match="'FR-99' is not a holiday calendar"):
        public_holidays("FR-99", [2026])
    with pytest.raises(ValueError, match="'XX' is not a holiday calendar"):
        public_holidays("XX", [2026])


def test_a_calendar_closed_for_ever_is_an_error_and_no_endless_loop() -> None:
    start = date(2026, 1, 1).toordinal()
    closed = frozenset(date.fromordinal(start + day) for day in range(800))
    calendar = SiteCalendar(PARIS.zone, closed)
    with pytest.raises(ValueError, match="too many holidays"):
        counted_day_after(date(2026, 2, 1), 1, NoticeUnit.BUSINESS_DAYS, calendar)
