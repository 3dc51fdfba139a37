"""Instants and durations: integers of microseconds, and the only ways in and out of text.

An instant is a number of microseconds since 1970-01-01T00:00:00Z; a duration is a difference of two
instants (rules, section 1). Text is RFC 3339 with an offset for instants and ISO 8601 for
durations. A local time is taken only with its zone, and refused when the zone's clocks show it
twice or never: nothing here ever subtracts two local times.
"""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MICROSECOND: Final = 1
MILLISECOND: Final = 1_000
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_DURATION: Final = re.compile(
    r"P(?:(\d{1,6})W)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12})(?:\.(\d{1,6}))?S)?)?",
    re.ASCII,
)


def from_datetime(moment: datetime) -> int:
    """Return the instant of an aware datetime, exact to the microsecond.

    Raises `ValueError` for a naive one.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no offset")
    # Both sides in UTC: subtracting two datetimes that share a zone would subtract wall clocks.
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)


def to_datetime(instant: int, zone: tzinfo = UTC) -> datetime:
    """Return the aware datetime of an instant in a zone; `ValueError` outside years 1 to 9999."""
    try:
        return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone)
    except OverflowError:
        raise ValueError(f"{instant} µs is outside the calendar") from None


def parse_instant(text: str) -> int:
    """Return the instant of an RFC 3339 text with an offset, to the microsecond.

    Raises `ValueError` when the text is anything else, a local time included.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text!r} is not an RFC 3339 instant with an offset, as in 2026-11-14T22:00:00+01:00"
        )
    day, clock, fraction, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{fraction or ''}{offset.upper()}")
        return from_datetime(moment)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not an instant: {error}") from None


def format_instant(instant: int, zone: tzinfo = UTC) -> str:
    """Return the RFC 3339 text of an instant in a zone; microseconds only when there are some."""
    return to_datetime(instant, zone).isoformat().replace("+00:00", "Z")


def zone_named(name: str) -> ZoneInfo:
    """Return the IANA zone of that name; `ValueError` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not an IANA time zone, as in Europe/Paris") from None


def parse_local(text: str, zone: ZoneInfo) -> int:
    """Return the instant a local wall-clock time names in a zone.

    Raises `ValueError` when the zone's clocks show that time twice or never (rules, section 1):
    2026-10-25T02:30 is ambiguous in Europe/Paris, 2026-03-29T02:30 does not exist there.
    """
    if _LOCAL.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a local time, as in 2026-11-14T22:00")
    try:
        naive = datetime.fromisoformat(text.upper())
        readings = local_readings(naive, zone)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a local time: {error}") from None
    if not readings:
        raise ValueError(f"{text} does not exist in {zone.key}: the clocks jump over it")
    if len(readings) > 1:
        both = " or ".join(format_instant(instant, zone) for instant in readings)
        raise ValueError(f"{text} happens twice in {zone.key}: write {both}")
    return readings[0]


def local_readings(naive: datetime, zone: tzinfo) -> list[int]:
    """Return, in order, the 0, 1 or 2 instants at which the zone's clocks show a naive time."""
    readings = set()
    for fold in (0, 1):
        moment = naive.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == naive.replace(fold=0):
            readings.add(from_datetime(moment))
    return sorted(readings)


def local_date(instant: int, zone: tzinfo) -> date:
    """Return the date the zone's calendars show at an instant."""
    return to_datetime(instant, zone).date()


def start_of_day(day: date, zone: tzinfo) -> int:
    """Return the first instant of a local date: midnight, unless the clocks jump over it."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local, its zone is given
    readings = local_readings(midnight, zone)
    if readings:
        return readings[0]
    # The gap moves the clocks from before midnight to after it. With fold=1 a time in the gap is
    # read with the offset after the change, so this instant lies before the change, with fold=0
    # after it; the change itself is the first instant that shows the new date.
    before = from_datetime(midnight.replace(tzinfo=zone, fold=1))
    after = from_datetime(midnight.replace(tzinfo=zone, fold=0))
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if local_date(middle, zone) < day else (before, middle)
    return after


def parse_duration(text: str) -> int:
    """Return the microseconds of an ISO 8601 duration: `PT4H`, `PT14400S`, `PT0.5S`, `P3D`.

    A day is 24 hours and a week 7 days; years and months have no fixed length and are refused with
    `ValueError`, as is anything else.
    """
    match = _DURATION.fullmatch(text)
    if match is None or text.endswith(("P", "T")):
        raise ValueError(f"{text!r} is not an ISO 8601 duration, as in PT4H, PT5M or P3D")
    weeks, days, hours, minutes, seconds, fraction = match.groups(default="0")
    whole = int(weeks) * 7 * DAY + int(days) * DAY + int(hours) * HOUR + int(minutes) * MINUTE
    return whole + int(seconds) * SECOND + int(fraction.ljust(6, "0"))


def format_duration(duration_us: int) -> str:
    """Return the shortest ISO 8601 text of a duration in hours, minutes and seconds; exact."""
    if duration_us < 0:
        raise ValueError(f"a duration of {duration_us} µs has no ISO 8601 form")
    hours, rest = divmod(duration_us, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds, micros = divmod(rest, SECOND)
    parts = [f"{hours}H"] if hours else []
    parts += [f"{minutes}M"] if minutes else []
    if micros:
        parts.append(f"{seconds}." + f"{micros:06d}".rstrip("0") + "S")
    elif seconds or not parts:
        parts.append(f"{seconds}S")
    return "PT" + "".join(parts)
