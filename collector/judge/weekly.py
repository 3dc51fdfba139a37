"""Hours that come back every week, on a site's clocks: when it is open, when a vendor intervenes.

Pure: from ranges of local time to instants. Where the clocks jump over a bound it is read with the
offset before the jump; where they show it twice, a range is as long as it can be.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from collector.judge.calendar import SiteCalendar
from probes.model.instant import from_datetime, local_date, local_readings, start_of_day
from probes.model.interval import Interval, IntervalSet

_RANGE: Final = re.compile(
    r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII
)


class Hours(NamedTuple):
    """A range of local time in minutes of the day; it may end on the next one."""

    start_min: int
    end_min: int


@dataclass(frozen=True, slots=True)
class Week:
    """The ranges of each day from Monday on; `holidays` in their place on holidays, if given."""

    days: tuple[tuple[Hours, ...], ...]
    holidays: tuple[Hours, ...] | None = None


def parse_hours(text: str) -> Hours:
    """Return the range of a text such as `08:00-18:30`, `22:00-06:00` or `00:00-24:00`.

    Raises `ValueError` for anything else, and for a range that starts where it ends.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a range of hours, as in 08:00-18:30")
    hours, minutes, end_hours, end_minutes = match.groups()
    start = int(hours) * 60 + int(minutes)
    end = _DAY_MIN if end_hours is None else int(end_hours) * 60 + int(end_minutes)
    if start == end:
        raise ValueError(f"{text!r} starts where it ends: write 00:00-24:00 for a whole day")
    return Hours(start, end)


def instants_of(week: Week, bounds: Interval, calendar: SiteCalendar) -> IntervalSet:
    """Return the instants inside the bounds that lie in the hours of a week."""
    if bounds.start >= bounds.end:
        return IntervalSet()
    return IntervalSet(_pieces(week, bounds, calendar)).clip(bounds)


_DAY_MIN: Final = 24 * 60


def _pieces(week: Week, bounds: Interval, calendar: SiteCalendar) -> Iterator[Interval]:
    # The day before too: its last range may reach into the first of the bounds.
    day = local_date(bounds.start, calendar.zone) - timedelta(days=1)
    last = local_date(bounds.end, calendar.zone)
    while day <= last:
        for hours in _on(day, week, calendar):
            yield _interval(day, hours, calendar)
        day += timedelta(days=1)


def _on(day: date, week: Week, calendar: SiteCalendar) -> tuple[Hours, ...]:
    if week.holidays is not None and day in calendar.closed:
        return week.holidays
    return week.days[day.weekday()]


def _interval(day: date, hours: Hours, calendar: SiteCalendar) -> Interval:
    start, end = hours
    if end == _DAY_MIN:
        closes = start_of_day(day + timedelta(days=1), calendar.zone)
    else:
        closing_day = day if start < end else day + timedelta(days=1)
        closes = _readings(closing_day, end, calendar)[-1]
    return Interval(_readings(day, start, calendar)[0], closes)


def _readings(day: date, minute: int, calendar: SiteCalendar) -> list[int]:
    clock = datetime.combine(day, time(*divmod(minute, 60)))
    return local_readings(clock, calendar.zone) or [
        from_datetime(clock.replace(tzinfo=calendar.zone))
    ]
