"""Times as people type them: RFC 3339, or local with the site's zone; lengths as ISO 8601."""

import re
from typing import Final
from zoneinfo import ZoneInfo

from collector.errors import ConfigurationError
from probes.model.instant import parse_duration, parse_instant, parse_local

_HAS_OFFSET: Final = re.compile(r"([Zz]|[+-]\d{2}:\d{2})$")


def read_instant(option: str, text: str, zone: ZoneInfo) -> int:
    """Return the instant typed for an option.

    A local time that the site's clocks show twice or never is refused (rules, section 1).
    """
    try:
        if _HAS_OFFSET.search(text):
            return parse_instant(_with_seconds(text))
        return parse_local(text, zone)
    except ValueError as error:
        raise ConfigurationError(f"{option}: {error}") from None


def read_instant_with_offset(option: str, text: str) -> int:
    """Return the instant typed for an option that is about no one site; a local time is refused."""
    if not _HAS_OFFSET.search(text):
        raise ConfigurationError(
            f"{option}: {text!r} has no offset, and the sites may have several zones:"
            " as in 2026-11-14T22:00+01:00"
        )
    return read_instant(option, text, ZoneInfo("UTC"))


def read_length(option: str, text: str) -> int:
    """Return the length typed for an option, in microseconds."""
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise ConfigurationError(f"{option}: {error}") from None
    if not length:
        raise ConfigurationError(f"{option}: {text} is no time at all")
    return length


def _with_seconds(text: str) -> str:
    """Allow `22:00+01:00` where RFC 3339 wants the seconds too."""
    return re.sub(r"^(\S{10}[Tt ]\d{2}:\d{2})(?=[Zz+-])", r"\1:00", text)
