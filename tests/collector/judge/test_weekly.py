"""Hours that come back every week, on the clocks of a site, worked by hand."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.judge.calendar import SiteCalendar
from collector.judge.weekly import Hours, Week, instants_of, parse_hours
from probes.model.instant import DAY, HOUR, MINUTE, parse_instant, zone_named
from probes.model.interval import Interval, IntervalSet

PARIS = zone_named("Europe/Paris")
CALENDAR = SiteCalendar(PARIS, frozenset({date(2026, 11, 11)}))


def _week(*days: str, holidays: tuple[str, ...] | None = None) -> Week:
    """A week from Monday on; a day is its ranges, apart by blanks."""
    ranges = [tuple(parse_hours(text) for text in day.split()) for day in days]
    ranges += [()] * (7 - len(ranges))
    closed = None if holidays is None else tuple(map(parse_hours, holidays))
    return Week(tuple(ranges), closed)


def _at(text: str) -> int:
    return parse_instant(text)


def _between(start: str, end: str) -> Interval:
    return Interval(_at(start), _at(end))


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("08:00-18:30", Hours(480, 1110)),
        ("22:00-06:00", Hours(1320, 360)),
        ("00:00-24:00", Hours(0, 1440)),
    ],
)
def test_a_range_is_two_clock_times(text: str, hours: Hours) -> None:
    assert parse_hours(text) == hours


@pytest.mark.parametrize(
    "text", ["8:00-18:00", "08:00", "25:00-26:00", "08:00-24:30", "08:00-08:00"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        parse_hours(text)


def test_a_monday_is_open_from_morning_to_evening() -> None:
    week = _week("08:00-12:00 13:00-18:00")
    bounds = _between("2026-11-09T00:00:00+01:00", "2026-11-11T00:00:00+01:00")
    assert list(instants_of(week, bounds, CALENDAR)) == [
        _between("2026-11-09T08:00:00+01:00", "2026-11-09T12:00:00+01:00"),
        _between("2026-11-09T13:00:00+01:00", "2026-11-09T18:00:00+01:00"),
    ]


def test_a_range_past_midnight_ends_on_the_next_day_even_before_the_bounds() -> None:
    week = _week("22:00-06:00")
    bounds = _between("2026-11-10T05:00:00+01:00", "2026-11-11T00:00:00+01:00")
    assert list(instants_of(week, bounds, CALENDAR)) == [
        _between("2026-11-10T05:00:00+01:00", "2026-11-10T06:00:00+01:00")
    ]


def test_a_holiday_has_hours_of_its_own_or_those_of_the_weekday() -> None:
    armistice = _between("2026-11-11T00:00:00+01:00", "2026-11-12T00:00:00+01:00")  # a Wednesday
    day = _between("2026-11-11T08:00:00+01:00", "2026-11-11T12:00:00+01:00")
    assert list(instants_of(_week("", "", "08:00-12:00"), armistice, CALENDAR)) == [day]
    closed = _week("", "", "08:00-12:00", holidays=())
    assert list(instants_of(closed, armistice, CALENDAR)) == []


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-07", 24)],
)
def test_a_whole_sunday_has_the_hours_its_clocks_have(day: str, hours: int) -> None:
    week = _week("", "", "", "", "", "", "00:00-24:00")
    noon = _at(f"{day}T12:00:00Z")
    found = instants_of(week, Interval(noon - 2 * DAY, noon + 2 * DAY), CALENDAR)
    assert found.length == hours * HOUR


def test_a_bound_the_clocks_jump_over_is_read_with_the_offset_before() -> None:
    # 02:30 of 29 March 2026 would be 01:30 UTC, which the clocks show as 03:30.
    week = _week("", "", "", "", "", "", "02:30-04:00")
    bounds = _between("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00")
    assert instants_of(week, bounds, CALENDAR).length == 30 * MINUTE


def test_a_bound_the_clocks_show_twice_makes_the_range_as_long_as_it_can_be() -> None:
    # 02:30 of 25 October 2026 comes at 00:30 and at 01:30 UTC; 03:00 is 02:00 UTC.
    bounds = _between("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00")
    opening = _week("", "", "", "", "", "", "02:30-03:00")
    assert instants_of(opening, bounds, CALENDAR).length == 90 * MINUTE
    closing = _week("", "", "", "", "", "", "02:00-02:30")
    assert instants_of(closing, bounds, CALENDAR).length == 90 * MINUTE


def test_empty_bounds_hold_nothing() -> None:
    week = _week("00:00-24:00")
    assert instants_of(week, Interval(5, 5), CALENDAR) == IntervalSet()


@given(
    st.integers(0, 400 * 24),
    st.integers(1, 200),
    st.integers(1, 200),
)
def test_the_hours_of_two_neighbours_are_the_hours_of_both(
    start_h: int, a_h: int, b_h: int
) -> None:
    week = _week("08:00-18:00", "22:00-06:00", "", "00:00-24:00", holidays=("09:00-10:00",))
    start = _at("2026-01-01T00:00:00Z") + start_h * HOUR
    middle, end = start + a_h * HOUR, start + (a_h + b_h) * HOUR
    left = instants_of(week, Interval(start, middle), CALENDAR)
    right = instants_of(week, Interval(middle, end), CALENDAR)
    assert left.union(right) == instants_of(week, Interval(start, end), CALENDAR)
