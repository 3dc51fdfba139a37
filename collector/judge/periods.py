"""The periods figures are given for: of the calendar, on a site's clocks, or ending at an instant.

A day lasts from one local midnight to the next: 23, 24 or 25 hours. Weeks begin on Monday (ISO
8601), quarters in January, April, July and October.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple, assert_never
from zoneinfo import ZoneInfo

from collector.judge.terms import Periodicity
from probes.model.instant import format_duration, format_instant, start_of_day
from probes.model.interval import Interval


class Period(NamedTuple):
    """A period by its name: `2026-11`, `2026-W46`, `2026-Q4`, or a length and the end it rolls to.

    The interval is in microseconds UTC.
    """

    name: str
    interval: Interval


def civil_periods(
    periodicity: Periodicity, first: date, last: date, zone: ZoneInfo
) -> Iterator[Period]:
    """Yield the periods that hold a day from `first` to `last`, both of them included."""
    day = first_day(periodicity, first)
    while day <= last:
        following = _first_day_after(periodicity, day)
        bounds = Interval(start_of_day(day, zone), start_of_day(following, zone))
        yield Period(_name(periodicity, day), bounds)
        day = following


def rolling_period(length_us: int, end_us: int, zone: ZoneInfo) -> Period:
    """Return the period of a length that ends at an instant."""
    name = f"{format_duration(length_us)}/{format_instant(end_us, zone)}"
    return Period(name, Interval(end_us - length_us, end_us))


def first_day(periodicity: Periodicity, day: date) -> date:
    """Return the first day of the period that holds a day."""
    match periodicity:
        case Periodicity.DAY:
            return day
        case Periodicity.WEEK:
            return day - timedelta(days=day.weekday())
        case Periodicity.MONTH:
            return day.replace(day=1)
        case Periodicity.QUARTER:
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case Periodicity.YEAR:
            return day.replace(month=1, day=1)
        case _ as unreachable:
            assert_never(unreachable)


def _first_day_after(periodicity: Periodicity, first: date) -> date:
    """Return the first day of the period after the one that begins on a day."""
    return first_day(periodicity, first + timedelta(days=_LONGEST_DAYS[periodicity]))


def _name(periodicity: Periodicity, first: date) -> str:
    match periodicity:
        case Periodicity.DAY:
            return first.isoformat()
        case Periodicity.WEEK:
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02d}"
        case Periodicity.MONTH:
            return f"{first:%Y-%m}"
        case Periodicity.QUARTER:
            return f"{first.year}-Q{first.month // 3 + 1}"
        case Periodicity.YEAR:
            return f"{first.year}"
        case _ as unreachable:
            assert_never(unreachable)


# As many days on, the next period has begun and the one after has not.
_LONGEST_DAYS = {
    Periodicity.DAY: 1,
    Periodicity.WEEK: 7,
    Periodicity.MONTH: 31,
    Periodicity.QUARTER: 92,
    Periodicity.YEAR: 366,
}
