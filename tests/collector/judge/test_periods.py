"""Periods of the calendar on a site's clocks: every instant lies in exactly one."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.judge.periods import civil_periods, rolling_period
from collector.judge.terms import Periodicity
from probes.model.instant import DAY, HOUR, format_instant, parse_instant, zone_named

PARIS = zone_named("Europe/Paris")


def hours_of(day: date, zone: str = "Europe/Paris") -> int:
    [period] = civil_periods(Periodicity.DAY, day, day, zone_named(zone))
    return period.interval.length // HOUR


def test_the_days_on_which_the_clocks_change_have_25_and_23_hours() -> None:
    assert hours_of(date(2026, 10, 25)) == 25
    assert hours_of(date(2027, 3, 28)) == 23
    assert hours_of(date(2026, 10, 24)) == 24
    assert hours_of(date(2026, 10, 25), "Indian/Reunion") == 24


@pytest.mark.parametrize(
    ("periodicity", "name", "start", "end"),
    [
        (Periodicity.DAY, "2026-11-14", "2026-11-14T00:00:00+01:00", "2026-11-15T00:00:00+01:00"),
        # Saturday 14 November lies in ISO week 46, from Monday 9.
        (Periodicity.WEEK, "2026-W46", "2026-11-09T00:00:00+01:00", "2026-11-16T00:00:00+01:00"),
        (Periodicity.MONTH, "2026-11", "2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00"),
        # October begins in summer time.
        (Periodicity.QUARTER, "2026-Q4", "2026-10-01T00:00:00+02:00", "2027-01-01T00:00:00+01:00"),
        (Periodicity.YEAR, "2026", "2026-01-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00"),
    ],
)
def test_a_day_lies_in_the_period_it_belongs_to(
    periodicity: Periodicity, name: str, start: str, end: str
) -> None:
    saturday = date(2026, 11, 14)
    [period] = civil_periods(periodicity, saturday, saturday, PARIS)
    assert period.name == name
    assert [format_instant(bound, PARIS) for bound in period.interval] == [start, end]


def test_the_last_days_of_a_year_can_lie_in_the_first_week_of_the_next() -> None:
    # 31 December 2024 is a Tuesday; that week's Thursday is 2 January.
    eve = date(2024, 12, 31)
    [period] = civil_periods(Periodicity.WEEK, eve, eve, PARIS)
    assert period.name == "2025-W01"


@given(
    st.sampled_from(Periodicity),
    st.dates(date(2024, 1, 1), date(2028, 12, 31)),
    st.integers(0, 800),
    st.sampled_from(["Europe/Paris", "Indian/Reunion", "America/Miquelon", "America/Havana"]),
)
def test_periods_follow_one_another_without_gap_or_overlap(
    periodicity: Periodicity, first: date, days: int, zone: str
) -> None:
    last = date.fromordinal(first.toordinal() + days)
    periods = list(civil_periods(periodicity, first, last, zone_named(zone)))
    for earlier, later in pairwise(periods):
        assert earlier.interval.end == later.interval.start
    [first_day] = civil_periods(Periodicity.DAY, first, first, zone_named(zone))
    [last_day] = civil_periods(Periodicity.DAY, last, last, zone_named(zone))
    assert periods[0].interval.contains(first_day.interval)
    assert periods[-1].interval.contains(last_day.interval)
    assert len({period.name for period in periods}) == len(periods)


def test_a_rolling_period_is_named_by_its_length_and_its_end() -> None:
    end = parse_instant("2026-11-16T10:00:00+01:00")
    period = rolling_period(30 * DAY, end, PARIS)
    assert period.name == "PT720H/2026-11-16T10:00:00+01:00"
    assert period.interval == (end - 30 * DAY, end)
