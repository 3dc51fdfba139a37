"""Days and instants in words, to the last digit."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from collector.report.days import day_text, days_text, moment_text
from collector.report.durations import Language
from probes.model.instant import parse_instant

FRENCH, ENGLISH = Language.FRENCH, Language.ENGLISH


def test_the_first_of_a_month_is_an_ordinal_in_french_only() -> None:
    assert day_text(date(2026, 11, 1), FRENCH) == "dimanche 1er novembre 2026"
    assert day_text(date(2026, 11, 1), ENGLISH) == "Sunday 1 November 2026"


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ([date(2026, 11, 7)], "samedi 7 novembre 2026"),
        ([date(2026, 11, 7), date(2026, 11, 8)], "samedi 7 et dimanche 8 novembre 2026"),
        (
            [date(2026, 10, 31), date(2026, 11, 1)],
            "samedi 31 octobre 2026 et dimanche 1er novembre 2026",
        ),
    ],
)
def test_days_in_a_row_share_their_month(days: list[date], text: str) -> None:
    assert days_text(days, FRENCH) == text


@pytest.mark.parametrize(
    ("instant", "zone", "french", "english"),
    [
        (
            "2026-11-02T15:00:00+01:00",
            "Europe/Paris",
            "lundi 2 novembre 2026 à 15 h 00 (CET)",
            "Monday 2 November 2026 at 15:00 (CET)",
        ),
        # The second 02:30 of the autumn night is told from the first by its abbreviation.
        (
            "2026-10-25T02:30:00+01:00",
            "Europe/Paris",
            "dimanche 25 octobre 2026 à 02 h 30 (CET)",
            "Sunday 25 October 2026 at 02:30 (CET)",
        ),
        (
            "2026-11-02T15:00:05.120000+04:00",
            "Indian/Reunion",
            "lundi 2 novembre 2026 à 15 h 00 min 05,12 s (UTC+04)",
            "Monday 2 November 2026 at 15:00:05.12 (UTC+04)",
        ),
    ],
)
def test_an_instant_says_every_digit_it_has_and_which_clocks(
    instant: str, zone: str, french: str, english: str
) -> None:
    assert moment_text(parse_instant(instant), ZoneInfo(zone), FRENCH) == french
    assert moment_text(parse_instant(instant), ZoneInfo(zone), ENGLISH) == english
