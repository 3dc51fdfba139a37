"""When a line of a log says it was written.

A line that shows no such time, or a local time its zone's clocks show twice or never (rules,
section 1), says nothing: then the instant it was read is all there is.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

from probes.model.instant import (
    DAY,
    from_datetime,
    local_date,
    local_readings,
    zone_named,
)
from probes.model.log_target import LineTime


def written_at(line: str, line_time: LineTime, now_us: int) -> int | None:
    """Return the instant that a line shows, None when it shows none."""
    match = _pattern(line_time.format).search(line)
    if match is None:
        return None
    parts = match.groupdict()
    if "Y" in parts or "y" in parts:
        return _instant(parts, line_time.timezone)
    # Clocks differ: a line may come from a little later than now.
    year = local_date(now_us + DAY, UTC).year
    for candidate in (year, year - 1):
        instant = _instant({**parts, "Y": str(candidate)}, line_time.timezone)
        if instant is not None and instant <= now_us + DAY:
            return instant
    return None


def _instant(parts: dict[str, str], timezone_name: str) -> int | None:
    try:
        local = _local(parts)
        if "z" in parts:
            return from_datetime(local.replace(tzinfo=_offset(parts["z"])))
        readings = local_readings(local, zone_named(timezone_name))
    except (ValueError, OverflowError):
        return None
    return readings[0] if len(readings) == 1 else None


def _local(parts: dict[str, str]) -> datetime:
    number = {letter: int(text) for letter, text in parts.items() if text.strip().isdecimal()}
    year = number["Y"] if "Y" in number else 2_000 + number["y"]
    if "b" in parts:
        number["m"] = _MONTHS.index(parts["b"].lower()) + 1
    month, day = (number["m"], number["d"]) if "d" in number else (1, 1)
    micros = int(parts.get("f", "0").ljust(6, "0")[:6])
    clock = (number["H"], number["M"], number.get("S", 0), micros)
    moment = datetime(year, month, day, *clock)  # noqa: DTZ001 - its zone is told apart
    return moment + timedelta(days=number["j"] - 1) if "j" in number else moment


def _offset(text: str) -> timezone:
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


@lru_cache(maxsize=1024)
def _pattern(written: str) -> re.Pattern[str]:
    parts = re.split("(%.)", written)
    pattern = "".join(
        _DIRECTIVES[part[1]] if part.startswith("%") else re.escape(part) for part in parts
    )
    return re.compile(rf"(?<!\d){pattern}(?!\d)", re.ASCII)


_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_DIRECTIVES: Final = {
    "%": "%",
    "b": rf"(?P<b>(?i:{'|'.join(_MONTHS)}))",
    **{letter: rf"(?P<{letter}>\d\d)" for letter in "ymHMS"},
    "Y": r"(?P<Y>\d{4})",
    "d": r"(?P<d>[ \d]\d)",  # syslog writes a space before a day of one digit
    "j": r"(?P<j>\d{3})",
    "f": r"(?P<f>\d{1,9})",
    "z": r"(?P<z>[Zz]|[+-]\d\d:?\d\d)",
}
