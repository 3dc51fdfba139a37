"""Durations and instants as people read them, never rounded.

Babel's own formatter turns 1 h 18 into "1 heure"; a report that is judged to the microsecond cannot
afford that, so every digit that is there is printed.
"""

from datetime import tzinfo
from enum import StrEnum

from probes.model.instant import HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND, to_datetime


class Language(StrEnum):
    """The languages reports are printed in."""

    FRENCH = "fr"
    ENGLISH = "en"


def duration_text(duration_us: int, language: Language) -> str:
    """Return a duration in hours, minutes and seconds: `3 h 39 min 50 s`, `0 s`, `12.5 ms`.

    Exact: it has as many decimals as the duration needs, and hours are never grouped into days.
    """
    if duration_us < 0:
        return f"-{duration_text(-duration_us, language)}"
    if 0 < duration_us < MILLISECOND:
        return f"{duration_us} µs"
    if 0 < duration_us < SECOND:
        return f"{_decimal(duration_us, MILLISECOND, language)} ms"
    hours, rest = divmod(duration_us, HOUR)
    minutes, seconds_us = divmod(rest, MINUTE)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes else []
    if seconds_us or not parts:
        parts.append(f"{_decimal(seconds_us, SECOND, language)} s")
    return " ".join(parts)


def instant_text(instant: int, zone: tzinfo, language: Language) -> str:
    """Return an instant on a zone's clocks, with the abbreviation that settles which clocks."""
    moment = to_datetime(instant, zone)
    day = f"{moment:%d/%m/%Y}" if language is Language.FRENCH else f"{moment:%Y-%m-%d}"
    return f"{day} {clock_text(instant, zone, language)} {moment.tzname()}"


def clock_text(instant: int, zone: tzinfo, language: Language) -> str:
    """Return only the time of day of an instant on a zone's clocks."""
    moment = to_datetime(instant, zone)
    micros = f"{moment.microsecond:06d}".rstrip("0")
    return f"{moment:%H:%M:%S}" + (f"{_mark(language)}{micros}" if micros else "")


def share_text(ppm: int, language: Language) -> str:
    """Return millionths as a percentage, with the four decimals that hold them all."""
    whole, rest = divmod(ppm, 10_000)
    decimals = f"{rest:04d}".rstrip("0")
    number = f"{whole}{_mark(language)}{decimals}" if decimals else f"{whole}"
    return f"{number} %"


def _decimal(amount_us: int, unit_us: int, language: Language) -> str:
    whole, rest = divmod(amount_us, unit_us)
    if not rest:
        return f"{whole}"
    digits = len(str(unit_us // MICROSECOND)) - 1
    return f"{whole}{_mark(language)}" + f"{rest:0{digits}d}".rstrip("0")


def _mark(language: Language) -> str:
    return "," if language is Language.FRENCH else "."
