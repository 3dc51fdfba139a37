"""How the patterns of a check are looked for and shown."""

import pytest

from probes.model.target import Pattern, Regex
from probes.pattern import found, quoted, version_in


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("a.c", "xa.cx", True),
        ("a.c", "abc", False),
        (Regex("a.c"), "xabcx", True),
        (Regex("^a.c"), "xabc", False),
    ],
)
def test_a_literal_is_taken_as_it_stands_and_a_regex_is_searched(
    pattern: Pattern, text: str, *, expected: bool
) -> None:
    assert found(pattern, text) is expected


@pytest.mark.parametrize(
    ("regex", "version"),
    [
        (None, None),
        (Regex(r"v[\d.]+"), "v2.1"),
        (Regex(r"v([\d.]+)"), "2.1"),
        (Regex(r"x(\d)"), None),
        (Regex(r"(v)?(\d)$"), None),  # a group that took no part
    ],
)
def test_a_version_is_the_first_group_or_the_whole(
    regex: Regex | None, version: str | None
) -> None:
    assert version_in("v2.1 of 2026", regex) == version


def test_a_pattern_is_shown_in_the_words_of_the_check_and_shortened() -> None:
    assert quoted("DPI") == "'DPI'"
    assert quoted(Regex(r"v\d")) == "regex 'v\\\\d'"
    assert quoted("x" * 61) == f"'{'x' * 60}…'"
