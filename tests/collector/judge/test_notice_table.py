"""Notice, unit by unit and counting by counting, around the days that catch people out.

Every row was worked on a wall calendar: when notice is given, what is asked, the earliest start,
and the latest notice that would still do for that start. The judge and the brute-force reading must
both find it. On the Sundays 25 October 2026 and 28 March 2027 the clocks change.
"""

from dataclasses import dataclass
from itertools import product

import pytest

from collector.judge.calendar import SiteCalendar, public_holidays
from collector.judge.notice import NoticeVerdict, earliest_start, judge_notice, latest_notice
from collector.judge.terms import NoticeCounting, NoticeTerms, NoticeUnit, Revision
from probes.model.instant import (
    HOUR,
    MICROSECOND,
    SECOND,
    format_instant,
    parse_instant,
    zone_named,
)
from probes.model.interval import Interval
from tests.oracle.test_brute_notice import judged as judged_by_brute_force

CLEAR, ELAPSED = NoticeCounting.CLEAR_DAYS, NoticeCounting.ELAPSED


@dataclass(frozen=True)
class Case:
    """Notice given at an instant, what is asked, and the two limits that follow."""

    place: str
    given: str
    amount: int
    unit: str
    counting: NoticeCounting
    earliest: str
    latest: str

    @property
    def terms(self) -> NoticeTerms:
        return NoticeTerms(self.amount, NoticeUnit(self.unit), self.counting)

    @property
    def calendar(self) -> SiteCalendar:
        return CALENDARS[self.place]

    def __str__(self) -> str:
        return f"{self.place} {self.given[:16]} {self.amount} {self.unit} {self.counting}"


CALENDARS = {
    "Paris": SiteCalendar(zone_named("Europe/Paris"), public_holidays("FR", (2026, 2027))),
    "Moselle": SiteCalendar(zone_named("Europe/Paris"), public_holidays("FR-57", (2026, 2027))),
    "Réunion": SiteCalendar(zone_named("Indian/Reunion"), public_holidays("FR-974", (2026, 2027))),
    "Martinique": SiteCalendar(
        zone_named("America/Martinique"), public_holidays("FR-972", (2026, 2027))
    ),
}


def around(place: str, given: str, *rows: tuple[int, str, NoticeCounting, str, str]) -> list[Case]:
    return [Case(place, given, *row) for row in rows]


AUTUMN = around(
    "Paris",
    "2026-10-23T15:00:00+02:00",  # a Friday; Sunday has 25 hours
    # Hours are real hours, whatever the counting: 72 of them end one clock hour early.
    (72, "hours", CLEAR, "2026-10-26T14:00:00+01:00", "2026-10-23T15:00:00+02:00"),
    (72, "hours", ELAPSED, "2026-10-26T14:00:00+01:00", "2026-10-23T15:00:00+02:00"),
    # 24, 25, 26.
    (3, "calendar_days", CLEAR, "2026-10-27T00:00:00+01:00", "2026-10-23T23:59:59.999999+02:00"),
    (3, "calendar_days", ELAPSED, "2026-10-26T15:00:00+01:00", "2026-10-23T15:00:00+02:00"),
    # Monday 26, Tuesday 27, Wednesday 28; the same from Saturday and from Sunday.
    (3, "business_days", CLEAR, "2026-10-29T00:00:00+01:00", "2026-10-25T23:59:59.999999+01:00"),
    (3, "business_days", ELAPSED, "2026-10-28T15:00:00+01:00", "2026-10-23T15:00:00+02:00"),
    # Saturday 24, Monday 26, Tuesday 27.
    (3, "working_days", CLEAR, "2026-10-28T00:00:00+01:00", "2026-10-23T23:59:59.999999+02:00"),
    (3, "working_days", ELAPSED, "2026-10-27T15:00:00+01:00", "2026-10-23T15:00:00+02:00"),
)

SPRING_AND_EASTER_MONDAY = around(
    "Paris",
    "2027-03-26T09:00:00+01:00",  # Good Friday, a day like another here; Sunday has 23 hours
    (72, "hours", CLEAR, "2027-03-29T10:00:00+02:00", "2027-03-26T09:00:00+01:00"),
    (72, "hours", ELAPSED, "2027-03-29T10:00:00+02:00", "2027-03-26T09:00:00+01:00"),
    # 27, 28, 29.
    (3, "calendar_days", CLEAR, "2027-03-30T00:00:00+02:00", "2027-03-26T23:59:59.999999+01:00"),
    (3, "calendar_days", ELAPSED, "2027-03-29T09:00:00+02:00", "2027-03-26T09:00:00+01:00"),
    # Monday 29 is Easter Monday: Tuesday 30, Wednesday 31, Thursday 1 April; the same from then.
    (3, "business_days", CLEAR, "2027-04-02T00:00:00+02:00", "2027-03-29T23:59:59.999999+02:00"),
    (3, "business_days", ELAPSED, "2027-04-01T09:00:00+02:00", "2027-03-26T09:00:00+01:00"),
    # Saturday 27, Tuesday 30, Wednesday 31.
    (3, "working_days", CLEAR, "2027-04-01T00:00:00+02:00", "2027-03-26T23:59:59.999999+01:00"),
    (3, "working_days", ELAPSED, "2027-03-31T09:00:00+02:00", "2027-03-26T09:00:00+01:00"),
)

YEAR_END = around(
    "Paris",
    "2026-12-30T15:00:00+01:00",  # a Wednesday; Friday 1 January is a holiday
    (72, "hours", CLEAR, "2027-01-02T15:00:00+01:00", "2026-12-30T15:00:00+01:00"),
    (72, "hours", ELAPSED, "2027-01-02T15:00:00+01:00", "2026-12-30T15:00:00+01:00"),
    # 31, 1, 2.
    (3, "calendar_days", CLEAR, "2027-01-03T00:00:00+01:00", "2026-12-30T23:59:59.999999+01:00"),
    (3, "calendar_days", ELAPSED, "2027-01-02T15:00:00+01:00", "2026-12-30T15:00:00+01:00"),
    # Thursday 31, Monday 4, Tuesday 5.
    (3, "business_days", CLEAR, "2027-01-06T00:00:00+01:00", "2026-12-30T23:59:59.999999+01:00"),
    (3, "business_days", ELAPSED, "2027-01-05T15:00:00+01:00", "2026-12-30T15:00:00+01:00"),
    # Thursday 31, Saturday 2, Monday 4.
    (3, "working_days", CLEAR, "2027-01-05T00:00:00+01:00", "2026-12-30T23:59:59.999999+01:00"),
    (3, "working_days", ELAPSED, "2027-01-04T15:00:00+01:00", "2026-12-30T15:00:00+01:00"),
)

BASTILLE_DAY = around(
    "Paris",
    "2026-07-10T09:00:00+02:00",  # a Friday; Tuesday 14 is a holiday
    (96, "hours", CLEAR, "2026-07-14T09:00:00+02:00", "2026-07-10T09:00:00+02:00"),
    (96, "hours", ELAPSED, "2026-07-14T09:00:00+02:00", "2026-07-10T09:00:00+02:00"),
    # 11, 12, 13, 14: a holiday is a calendar day.
    (4, "calendar_days", CLEAR, "2026-07-15T00:00:00+02:00", "2026-07-10T23:59:59.999999+02:00"),
    (4, "calendar_days", ELAPSED, "2026-07-14T09:00:00+02:00", "2026-07-10T09:00:00+02:00"),
    # Monday 13, Wednesday 15.
    (2, "business_days", CLEAR, "2026-07-16T00:00:00+02:00", "2026-07-12T23:59:59.999999+02:00"),
    (2, "business_days", ELAPSED, "2026-07-15T09:00:00+02:00", "2026-07-10T09:00:00+02:00"),
    # Saturday 11, Monday 13, Wednesday 15.
    (3, "working_days", CLEAR, "2026-07-16T00:00:00+02:00", "2026-07-10T23:59:59.999999+02:00"),
    (3, "working_days", ELAPSED, "2026-07-15T09:00:00+02:00", "2026-07-10T09:00:00+02:00"),
)

ALL_SAINTS = around(
    "Paris",
    "2026-10-30T17:00:00+01:00",  # a Friday; 1 November is a Sunday and costs no second day
    (48, "hours", CLEAR, "2026-11-01T17:00:00+01:00", "2026-10-30T17:00:00+01:00"),
    (48, "hours", ELAPSED, "2026-11-01T17:00:00+01:00", "2026-10-30T17:00:00+01:00"),
    # 31, 1.
    (2, "calendar_days", CLEAR, "2026-11-02T00:00:00+01:00", "2026-10-30T23:59:59.999999+01:00"),
    (2, "calendar_days", ELAPSED, "2026-11-01T17:00:00+01:00", "2026-10-30T17:00:00+01:00"),
    # Monday 2, Tuesday 3.
    (2, "business_days", CLEAR, "2026-11-04T00:00:00+01:00", "2026-11-01T23:59:59.999999+01:00"),
    (2, "business_days", ELAPSED, "2026-11-03T17:00:00+01:00", "2026-10-30T17:00:00+01:00"),
    # Saturday 31, Monday 2.
    (2, "working_days", CLEAR, "2026-11-03T00:00:00+01:00", "2026-10-30T23:59:59.999999+01:00"),
    (2, "working_days", ELAPSED, "2026-11-02T17:00:00+01:00", "2026-10-30T17:00:00+01:00"),
)

MOSELLE = around(
    "Moselle",
    "2027-03-25T09:00:00+01:00",  # a Thursday; Friday 26 and Monday 29 are holidays there
    (48, "hours", CLEAR, "2027-03-27T09:00:00+01:00", "2027-03-25T09:00:00+01:00"),
    (48, "hours", ELAPSED, "2027-03-27T09:00:00+01:00", "2027-03-25T09:00:00+01:00"),
    # 26, 27, 28.
    (3, "calendar_days", CLEAR, "2027-03-29T00:00:00+02:00", "2027-03-25T23:59:59.999999+01:00"),
    (3, "calendar_days", ELAPSED, "2027-03-28T09:00:00+02:00", "2027-03-25T09:00:00+01:00"),
    # Tuesday 30, Wednesday 31, Thursday 1 April; the same from any of the four days before.
    (3, "business_days", CLEAR, "2027-04-02T00:00:00+02:00", "2027-03-29T23:59:59.999999+02:00"),
    (3, "business_days", ELAPSED, "2027-04-01T09:00:00+02:00", "2027-03-25T09:00:00+01:00"),
    # Saturday 27, Tuesday 30, Wednesday 31; the same from Good Friday.
    (3, "working_days", CLEAR, "2027-04-01T00:00:00+02:00", "2027-03-26T23:59:59.999999+01:00"),
    (3, "working_days", ELAPSED, "2027-03-31T09:00:00+02:00", "2027-03-25T09:00:00+01:00"),
)

ST_STEPHEN = [
    # Thursday 24 December 2026; Friday 25 is a holiday everywhere, Saturday 26 in Moselle only.
    *around(
        "Moselle",
        "2026-12-24T09:00:00+01:00",
        # Monday 28; the same until Sunday night.
        (1, "working_days", CLEAR, "2026-12-29T00:00:00+01:00", "2026-12-27T23:59:59.999999+01:00"),
        (1, "working_days", ELAPSED, "2026-12-28T09:00:00+01:00", "2026-12-24T09:00:00+01:00"),
        (
            1,
            "business_days",
            CLEAR,
            "2026-12-29T00:00:00+01:00",
            "2026-12-27T23:59:59.999999+01:00",
        ),
    ),
    *around(
        "Paris",
        "2026-12-24T09:00:00+01:00",
        # Saturday 26; the same from Christmas Day.
        (1, "working_days", CLEAR, "2026-12-27T00:00:00+01:00", "2026-12-25T23:59:59.999999+01:00"),
        (1, "working_days", ELAPSED, "2026-12-26T09:00:00+01:00", "2026-12-24T09:00:00+01:00"),
        (
            1,
            "business_days",
            CLEAR,
            "2026-12-29T00:00:00+01:00",
            "2026-12-27T23:59:59.999999+01:00",
        ),
    ),
]

REUNION = around(
    "Réunion",
    "2027-12-17T22:00:00+04:00",  # a Friday, 19:00 in Paris; Monday 20 is a holiday there
    (72, "hours", CLEAR, "2027-12-20T22:00:00+04:00", "2027-12-17T22:00:00+04:00"),
    (72, "hours", ELAPSED, "2027-12-20T22:00:00+04:00", "2027-12-17T22:00:00+04:00"),
    # 18, 19, 20.
    (3, "calendar_days", CLEAR, "2027-12-21T00:00:00+04:00", "2027-12-17T23:59:59.999999+04:00"),
    (3, "calendar_days", ELAPSED, "2027-12-20T22:00:00+04:00", "2027-12-17T22:00:00+04:00"),
    # Tuesday 21, Wednesday 22; the same until Monday night.
    (2, "business_days", CLEAR, "2027-12-23T00:00:00+04:00", "2027-12-20T23:59:59.999999+04:00"),
    (2, "business_days", ELAPSED, "2027-12-22T22:00:00+04:00", "2027-12-17T22:00:00+04:00"),
    # Saturday 18, Tuesday 21.
    (2, "working_days", CLEAR, "2027-12-22T00:00:00+04:00", "2027-12-17T23:59:59.999999+04:00"),
    (2, "working_days", ELAPSED, "2027-12-21T22:00:00+04:00", "2027-12-17T22:00:00+04:00"),
)

MARTINIQUE = around(
    "Martinique",
    # A Thursday, already Friday 03:00 in Paris; Friday 22 May and Monday 25 May are holidays there.
    "2026-05-21T21:00:00-04:00",
    (24, "hours", CLEAR, "2026-05-22T21:00:00-04:00", "2026-05-21T21:00:00-04:00"),
    (24, "hours", ELAPSED, "2026-05-22T21:00:00-04:00", "2026-05-21T21:00:00-04:00"),
    # 22, 23.
    (2, "calendar_days", CLEAR, "2026-05-24T00:00:00-04:00", "2026-05-21T23:59:59.999999-04:00"),
    (2, "calendar_days", ELAPSED, "2026-05-23T21:00:00-04:00", "2026-05-21T21:00:00-04:00"),
    # Tuesday 26, Wednesday 27; the same until Monday night.
    (2, "business_days", CLEAR, "2026-05-28T00:00:00-04:00", "2026-05-25T23:59:59.999999-04:00"),
    (2, "business_days", ELAPSED, "2026-05-27T21:00:00-04:00", "2026-05-21T21:00:00-04:00"),
    # Saturday 23, Tuesday 26; the same from Friday.
    (2, "working_days", CLEAR, "2026-05-27T00:00:00-04:00", "2026-05-22T23:59:59.999999-04:00"),
    (2, "working_days", ELAPSED, "2026-05-26T21:00:00-04:00", "2026-05-21T21:00:00-04:00"),
)

EIGHT_WAYS = [
    AUTUMN, SPRING_AND_EASTER_MONDAY, YEAR_END, BASTILLE_DAY, ALL_SAINTS, MOSELLE, REUNION,
    MARTINIQUE,
]  # fmt: skip
TABLE = [case for cases in (*EIGHT_WAYS, ST_STEPHEN) for case in cases]
each_case = pytest.mark.parametrize("case", TABLE, ids=str)


def test_every_unit_is_counted_both_ways_around_every_day() -> None:
    every = set(product((unit.value for unit in NoticeUnit), NoticeCounting))
    assert all({(case.unit, case.counting) for case in cases} == every for cases in EIGHT_WAYS)


@each_case
def test_the_earliest_start_and_the_latest_notice_are_those_of_the_calendar(case: Case) -> None:
    zone = case.calendar.zone
    earliest = earliest_start(parse_instant(case.given), case.terms, case.calendar)
    assert format_instant(earliest, zone) == case.earliest
    assert format_instant(latest_notice(earliest, case.terms, case.calendar), zone) == case.latest


@each_case
def test_exactly_at_the_limit_is_respected(case: Case) -> None:
    start = parse_instant(case.earliest)
    assert verdict(case, parse_instant(case.given), start) == (NoticeVerdict.RESPECTED, 0)
    assert verdict(case, parse_instant(case.latest), start)[0] is NoticeVerdict.RESPECTED
    assert verdict(case, parse_instant(case.latest) + MICROSECOND, start)[0] is NoticeVerdict.SHORT


@each_case
def test_a_start_one_second_early_is_short_by_one_second(case: Case) -> None:
    start = parse_instant(case.earliest) - SECOND
    assert verdict(case, parse_instant(case.given), start) == (NoticeVerdict.SHORT, SECOND)


@each_case
def test_the_brute_force_reading_finds_the_same(case: Case) -> None:
    start = parse_instant(case.earliest)
    for at, expected in ((start, "respected"), (start - SECOND, "short")):
        found = judged_by_brute_force(
            format_instant(at),
            case.given,
            {"amount": case.amount, "unit": case.unit, "counting": case.counting.value},
            timezone=str(case.calendar.zone),
            holidays=tuple(day.isoformat() for day in sorted(case.calendar.closed)),
        )
        assert found["verdict"] == expected
        assert found["latest_allowed_us"] == latest_notice(at, case.terms, case.calendar)


def verdict(case: Case, given: int, start: int) -> tuple[NoticeVerdict, int | None]:
    plan = Interval(start, start + HOUR)
    notice = judge_notice([Revision(plan, given)], plan, None, case.terms, case.calendar)
    return notice.verdict, notice.shortfall_us


# Histories of a plan, in three clear calendar days. Told on Monday 2 November 2026 at 15:00: 3, 4
# and 5 must elapse, so Friday 6 at 00:00 is the earliest. Told on Thursday 5: 6, 7, 8, so Monday 9.

THREE_CLEAR_DAYS = NoticeTerms(3, NoticeUnit.CALENDAR_DAYS, CLEAR)
FIRST = ("02T15:00", "06T22:00", "07T02:00")

HISTORIES = [
    ("announced once", [FIRST], "respected", "02T15:00", 0),
    ("shrunk", [FIRST, ("05T10:00", "06T22:30", "07T01:30")], "respected", "02T15:00", 0),
    # Starting later inside what was announced is no new notice.
    ("postponed inside", [FIRST, ("05T10:00", "07T00:00", "07T02:00")], "respected", "02T15:00", 0),
    # Saturday 22:00 to Monday 00:00 is 26 h.
    ("postponed", [FIRST, ("05T10:00", "07T22:00", "08T02:00")], "short", "05T10:00", 26),
    # Monday 9 at 00:00 is exactly allowed from Thursday 5.
    ("postponed enough", [FIRST, ("05T10:00", "09T00:00", "09T04:00")], "respected", "05T10:00", 0),
    # Friday 21:00 to Monday 00:00 is 51 h.
    ("brought forward", [FIRST, ("05T10:00", "06T21:00", "07T01:00")], "short", "05T10:00", 51),
    # Friday 22:00 to Monday 00:00 is 50 h.
    ("extended", [FIRST, ("05T10:00", "06T22:00", "07T03:00")], "short", "05T10:00", 50),
    # Told on Saturday 7: 8, 9, 10 must elapse, so Wednesday 11; from Friday 6 at 22:00, 98 h.
    ("extended while it runs",
     [FIRST, ("07T01:30", "06T22:00", "07T04:00")], "short", "07T01:30", 98),
    # Every revision still holds the final plan.
    ("extended and shrunk back",
     [FIRST, ("05T10:00", "06T22:00", "07T03:00"), ("06T09:00", "06T22:00", "07T02:00")],
     "respected", "02T15:00", 0),
    # The second revision did not: Friday 6 told, 7, 8, 9, so Tuesday 10; from Friday 22:00, 74 h.
    ("moved away and back",
     [FIRST, ("05T10:00", "07T22:00", "08T02:00"), ("06T09:00", "06T22:00", "07T02:00")],
     "short", "06T09:00", 74),
]  # fmt: skip


@pytest.mark.parametrize(("what", "history", "expected", "counts", "hours"), HISTORIES)
def test_a_changed_plan_counts_from_the_notice_that_held_it(
    what: str, history: list[tuple[str, str, str]], expected: str, counts: str, hours: int
) -> None:
    revisions = [Revision(Interval(on(start), on(end)), on(told)) for told, start, end in history]
    found = judge_notice(revisions, revisions[-1].plan, None, THREE_CLEAR_DAYS, CALENDARS["Paris"])
    seen = found.verdict.value, found.notified_at_us, found.shortfall_us
    assert seen == (expected, on(counts), hours * HOUR), what


def test_an_outage_one_second_before_the_earliest_start_is_short_by_that_second() -> None:
    revisions = [Revision(Interval(on("06T22:00"), on("07T02:00")), on("02T15:00"))]

    def shortfall(proven: int) -> int | None:
        plan = revisions[0].plan
        paris = CALENDARS["Paris"]
        return judge_notice(revisions, plan, proven, THREE_CLEAR_DAYS, paris).shortfall_us

    assert shortfall(on("06T00:00")) == 0
    assert shortfall(on("06T00:00") - SECOND) == SECOND


def on(day_and_clock: str) -> int:
    return parse_instant(f"2026-11-{day_and_clock}:00+01:00")
