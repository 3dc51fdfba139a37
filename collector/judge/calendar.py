"""Counting days of notice on a site's own calendar (rules, section 8).

Business days (jours ouvrés) are Monday to Friday, working days (jours ouvrables) Monday to
Saturday, both without the public holidays. The `holidays` package is only the seed of a calendar
that is printed and can be edited: what a contract lists always wins.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from typing import NamedTuple, assert_never

import holidays

from collector.judge.terms import NoticeUnit


@dataclass(frozen=True, slots=True)
class SiteCalendar:
    """The zone a site lives in and the public holidays on which it is closed."""

    zone: tzinfo
    closed: frozenset[date]


class Uncounted(NamedTuple):
    """A day that does not count towards a notice, and why: the end of the week, a holiday, both."""

    day: date
    week_end: bool
    holiday: bool


_SATURDAY = 5
_SUNDAY = 6
_LONGEST_CLOSURE_DAYS = 366


def public_holidays(calendar: str, years: Iterable[int]) -> frozenset[date]:
    """Return the public holidays of a calendar named by country and subdivision: `FR`, `FR-57`.

    Raises `ValueError` for a name the calendar package does not know.
    """
    return frozenset(named_holidays(calendar, years))


def named_holidays(
    calendar: str, years: Iterable[int], language: str | None = None
) -> dict[date, str]:
    """Return the public holidays of a calendar with what each is called.

    In a language the package knows, `fr` or `en_US`, or else in the calendar's own. Raises
    `ValueError` for a name the calendar package does not know.
    """
    country, _, subdivision = calendar.partition("-")
    try:
        spoken = language or holidays.country_holidays(country).default_language
        days = holidays.country_holidays(
            country, subdiv=subdivision or None, years=years, language=spoken
        )
    except NotImplementedError:
        raise ValueError(f"{calendar!r} is not a holiday calendar, as in FR or FR-57") from None
    return dict(days.items())


def is_counted(day: date, unit: NoticeUnit, calendar: SiteCalendar) -> bool:
    """Return whether a day counts towards a notice expressed in that unit."""
    return not any(_grounds(day, unit, calendar))


def counted_day_after(day: date, amount: int, unit: NoticeUnit, calendar: SiteCalendar) -> date:
    """Return the amount-th day that counts strictly after a day; the day itself for amount 0.

    Raises `ValueError` when a whole year holds no day that counts.
    """
    for _ in range(amount):
        day = _next_counted(day, unit, calendar)
    return day


def day_before_counted(day: date, amount: int, unit: NoticeUnit, calendar: SiteCalendar) -> date:
    """Return the latest day after which that many days count, up to a day and with it."""
    while amount:
        amount -= is_counted(day, unit, calendar)
        day -= timedelta(days=1)
    return day


def uncounted_days(
    after: date, last: date, unit: NoticeUnit, calendar: SiteCalendar
) -> list[Uncounted]:
    """Return the days strictly after a day, up to a last one, that do not count."""
    days = (after + timedelta(days=distance) for distance in range(1, (last - after).days + 1))
    found = (Uncounted(day, *_grounds(day, unit, calendar)) for day in days)
    return [day for day in found if day.week_end or day.holiday]


def _grounds(day: date, unit: NoticeUnit, calendar: SiteCalendar) -> tuple[bool, bool]:
    """Return whether a day is left out as the end of the week, and whether as a holiday."""
    match unit:
        case NoticeUnit.HOURS | NoticeUnit.CALENDAR_DAYS:
            return False, False
        case NoticeUnit.BUSINESS_DAYS:
            return day.weekday() >= _SATURDAY, day in calendar.closed
        case NoticeUnit.WORKING_DAYS:
            return day.weekday() >= _SUNDAY, day in calendar.closed
        case _ as unreachable:
            assert_never(unreachable)


def _next_counted(day: date, unit: NoticeUnit, calendar: SiteCalendar) -> date:
    for distance in range(1, _LONGEST_CLOSURE_DAYS + 1):
        candidate = day + timedelta(days=distance)
        if is_counted(candidate, unit, calendar):
            return candidate
    raise ValueError(f"no day counts in the year after {day}: too many holidays")
