"""Durations are printed exactly, never rounded."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.report.durations import (
    Language,
    clock_text,
    duration_text,
    instant_text,
    share_text,
)
from probes.model.instant import HOUR, MILLISECOND, MINUTE, SECOND, parse_instant, zone_named

PARIS = zone_named("Europe/Paris")


@pytest.mark.parametrize(
    ("duration_us", "text"),
    [
        (0, "0 s"),
        (3 * HOUR + 39 * MINUTE + 50 * SECOND, "3 h 39 min 50 s"),
        (4 * HOUR, "4 h"),
        (4 * HOUR + 1, "4 h 0,000001 s"),
        (HOUR + 18 * MINUTE, "1 h 18 min"),
        (30 * HOUR + SECOND, "30 h 1 s"),
        (1_500_000, "1,5 s"),
        (12_500, "12,5 ms"),
        (12 * MILLISECOND, "12 ms"),
        (7, "7 µs"),
        (-90 * SECOND, "-1 min 30 s"),
    ],
)
def test_a_duration_has_every_digit_it_needs_and_no_more(duration_us: int, text: str) -> None:
    assert duration_text(duration_us, Language.FRENCH) == text


def test_english_writes_a_point() -> None:
    assert duration_text(1_500_000, Language.ENGLISH) == "1.5 s"


UNITS = {"h": HOUR, "min": MINUTE, "s": SECOND, "ms": MILLISECOND, "µs": 1}


def _microseconds(text: str) -> int:
    total = 0
    for number, unit in re.findall(r"([\d.]+) (h|min|ms|µs|s)(?![a-z])", text):
        whole, _, decimals = number.partition(".")
        scale = UNITS[unit]
        total += int(whole) * scale
        total += int(decimals or "0") * scale // 10 ** len(decimals)
    return total


@given(st.integers(min_value=0, max_value=10**15))
def test_every_duration_can_be_read_back_to_the_microsecond(duration_us: int) -> None:
    assert _microseconds(duration_text(duration_us, Language.ENGLISH)) == duration_us


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        ("2026-10-25T02:30:00+02:00", "25/10/2026 02:30:00 CEST"),
        ("2026-10-25T02:30:00+01:00", "25/10/2026 02:30:00 CET"),
        ("2026-11-14T22:09:50.25+01:00", "14/11/2026 22:09:50,25 CET"),
    ],
)
def test_an_instant_says_which_clocks_it_is_read_from(instant: str, text: str) -> None:
    assert instant_text(parse_instant(instant), PARIS, Language.FRENCH) == text


def test_an_english_instant_puts_the_year_first() -> None:
    instant = parse_instant("2026-11-14T22:00:00+01:00")
    assert instant_text(instant, PARIS, Language.ENGLISH) == "2026-11-14 22:00:00 CET"
    assert clock_text(instant, PARIS, Language.ENGLISH) == "22:00:00"


@pytest.mark.parametrize(
    ("ppm", "text"),
    [
        (1_000_000, "100 %"),
        (998_000, "99,8 %"),
        (999_999, "99,9999 %"),
        (0, "0 %"),
        (5, "0,0005 %"),
    ],
)
def test_a_share_is_never_rounded_up_to_the_whole(ppm: int, text: str) -> None:
    assert share_text(ppm, Language.FRENCH) == text
