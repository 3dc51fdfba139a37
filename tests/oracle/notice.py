"""The notice of a window, by brute force: rules.md §8 read line by line.

Where the text leaves a choice, this reading takes:

- `hours` are elapsed real hours, whatever the counting.
- Clear days: the earliest start is the first instant of the local day that follows the amount-th
  counted day strictly after the local day of the notice. Elapsed days: the same local clock on
  the amount-th counted day.
- A notice on a day that does not count starts elapsed days from the end of the last that did.
- A local clock that the target day has twice is the first of the two; one that it does not have
  is read with the offset in force before the change (as RFC 5545 §3.3.5 does).
- The latest allowed notice is the greatest instant whose earliest start is not after the judged
  start, and a notice is respected when it is not after that one: an earlier notice never does
  worse than a later one, even across a change of clocks.
- Revisions come oldest first, as the format says.
"""

import datetime as dt
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.reading import EPOCH, MICROSECOND, SECOND_US, Revision, Window

HOUR_US = 3600 * SECOND_US
# Every zone used here changes its clocks on a whole quarter of an hour of UTC, so between two
# quarters the earliest start never decreases.
QUARTER_US = 900 * SECOND_US


def judged_notice(terms: Window, judged_start: int) -> dict[str, Any]:
    latest = latest_allowed(terms, judged_start)
    limits = {"judged_start_us": judged_start, "latest_allowed_us": latest}
    counts = revision_that_counts(terms)
    if counts is None:
        return {"verdict": "none", **limits}
    verdict = "respected" if counts.notified_at <= latest else "short"
    return {"verdict": verdict, "notified_at_us": counts.notified_at, **limits}


def revision_that_counts(terms: Window) -> Revision | None:
    """The earliest revision such that it and every later one contain the final plan."""
    for index, revision in enumerate(terms.revisions):
        if all(
            later.plan.start <= terms.plan.start and terms.plan.end <= later.plan.end
            for later in terms.revisions[index:]
        ):
            return revision
    return None


def latest_allowed(terms: Window, judged_start: int) -> int:
    """The greatest instant at which a notice would have been respected, found by going back."""

    def respected(notified_at: int) -> bool:
        return earliest_start(terms, notified_at) <= judged_start

    quarter = judged_start - judged_start % QUARTER_US
    while not respected(quarter):
        quarter -= QUARTER_US
    low, high = quarter, quarter + QUARTER_US
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if respected(middle) else (low, middle)
    return low


def earliest_start(terms: Window, notified_at: int) -> int:
    amount, unit, counting = terms.notice
    if unit == "hours":
        return notified_at + amount * HOUR_US
    local = local_time(notified_at, terms.timezone)
    target = local.date()
    for _ in range(amount):
        target = next_counted_day(target, unit, terms.holidays)
    if counting == "clear_days":
        return first_instant(target + dt.timedelta(days=1), terms.timezone)
    given = local.time() if counted(local.date(), unit, terms.holidays) else dt.time.max
    clock = dt.datetime.combine(target, given, ZoneInfo(terms.timezone))
    return (clock.astimezone(dt.UTC) - EPOCH) // MICROSECOND


def next_counted_day(after: dt.date, unit: str, holidays: set[dt.date]) -> dt.date:
    day = after + dt.timedelta(days=1)
    while not counted(day, unit, holidays):
        day += dt.timedelta(days=1)
    return day


def counted(day: dt.date, unit: str, holidays: set[dt.date]) -> bool:
    saturday = 5
    if unit == "calendar_days":
        return True
    last_weekday = saturday - 1 if unit == "business_days" else saturday
    return day.weekday() <= last_weekday and day not in holidays


@cache
def first_instant(day: dt.date, zone: str) -> int:
    """The first quarter of an hour that is on that local day."""
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    quarter = (midnight - EPOCH) // MICROSECOND - 24 * HOUR_US
    while local_time(quarter, zone).date() < day:
        quarter += QUARTER_US
    return quarter


def local_time(instant: int, zone: str) -> dt.datetime:
    return (EPOCH + dt.timedelta(microseconds=instant)).astimezone(ZoneInfo(zone))
