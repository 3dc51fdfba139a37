"""Patterns of a check, looked for in what a target said; only the check's own words are shown."""

import re
from functools import lru_cache
from typing import Final

from probes.model.target import Pattern, Regex
from probes.version import shown_version


def found(pattern: Pattern, text: str) -> bool:
    """Return whether a literal or a regex is found anywhere in a text."""
    if isinstance(pattern, Regex):
        return searched(pattern.regex, text) is not None
    return pattern in text


def searched(regex: str, text: str) -> re.Match[str] | None:
    """Return the first match of a regex in a text."""
    return _compiled(regex).search(text)


def version_in(text: str, regex: Regex | None) -> str | None:
    """Return the version a regex finds in a text, in its first group if it has one."""
    match = searched(regex.regex, text) if regex else None
    return None if match is None else shown_version(first_group(match))


def first_group(match: re.Match[str]) -> str:
    """Return what the first group of a regex matched, or the whole where it has none."""
    return match[1] if match.re.groups else match[0]


def quoted(pattern: Pattern) -> str:
    """Return a pattern as the configuration has it, shortened."""
    text = pattern.regex if isinstance(pattern, Regex) else pattern
    shown = text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
    return f"regex {shown!r}" if isinstance(pattern, Regex) else repr(shown)


@lru_cache(maxsize=4096)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)


_LONGEST_QUOTE: Final = 60
