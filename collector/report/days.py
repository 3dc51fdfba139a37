"""Days and instants spelled out, as a letter would: `lundi 2 novembre 2026 à 15 h 00 (CET)`."""

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import Final

from collector.report.durations import Language
from probes.model.instant import to_datetime


def day_text(day: date, language: Language) -> str:
    """Return a day in full: `dimanche 1er novembre 2026`, `Sunday 1 November 2026`."""
    return f"{_numbered(day, language)} {_MONTHS[language][day.month - 1]} {day.year}"


def days_text(days: Sequence[date], language: Language) -> str:
    """Return days in a row: `samedi 7 et dimanche 8 novembre 2026`."""
    *before, last = days
    if not before or (before[0].year, before[0].month) != (last.year, last.month):
        return _AND[language].join(day_text(day, language) for day in days)
    numbered = ", ".join(_numbered(day, language) for day in before)
    return f"{numbered}{_AND[language]}{day_text(last, language)}"


def moment_text(instant: int, zone: tzinfo, language: Language) -> str:
    """Return an instant on a zone's clocks, exact: `vendredi 6 novembre 2026 à 00 h 00 (CET)`."""
    moment = to_datetime(instant, zone)
    clock = _french_clock(moment) if language is Language.FRENCH else _english_clock(moment)
    name = moment.tzname() or ""
    # Zones without letters of their own are called by their offset: +04 in Réunion.
    zone_name = f"UTC{name}" if name[:1] in "+-" else name
    return f"{day_text(moment.date(), language)} {_AT[language]} {clock} ({zone_name})"


def short_day_text(instant: int, zone: tzinfo, language: Language) -> str:
    """Return the day of an instant and its zone, in few letters: `sam. 14/11 CET`."""
    moment = to_datetime(instant, zone)
    name = _WEEKDAYS[language][moment.weekday()][:3]
    if language is Language.FRENCH:
        return f"{name}. {moment:%d/%m} {moment.tzname()}"
    return f"{name} {moment.day} {_MONTHS[language][moment.month - 1][:3]} {moment.tzname()}"


def _numbered(day: date, language: Language) -> str:
    first = day.day == 1 and language is Language.FRENCH
    return f"{_WEEKDAYS[language][day.weekday()]} {day.day}{'er' if first else ''}"


def _french_clock(moment: datetime) -> str:
    clock = f"{moment:%H} h {moment:%M}"
    if moment.second or moment.microsecond:
        clock += f" min {moment:%S}{_decimals(moment, ',')} s"
    return clock


def _english_clock(moment: datetime) -> str:
    clock = f"{moment:%H:%M}"
    if moment.second or moment.microsecond:
        clock += f":{moment:%S}{_decimals(moment, '.')}"
    return clock


def _decimals(moment: datetime, mark: str) -> str:
    return f"{mark}{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""


_AT: Final = {Language.FRENCH: "à", Language.ENGLISH: "at"}
_AND: Final = {Language.FRENCH: " et ", Language.ENGLISH: " and "}
_WEEKDAYS: Final = {
    Language.FRENCH: ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    Language.ENGLISH: (
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ),
}  # fmt: skip
_MONTHS: Final = {
    Language.FRENCH: (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre",
    ),
    Language.ENGLISH: (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
}  # fmt: skip
