"""What a verification says, in both languages."""

import pytest

from collector.evidence.verification import Code
from collector.report.durations import Language
from collector.report.verification_words import BROKEN, TITLES, told


@pytest.mark.parametrize("lang", Language)
def test_every_step_has_words_for_when_it_holds_and_for_when_it_does_not(lang: Language) -> None:
    assert TITLES[lang].keys() == BROKEN[lang].keys() == {*Code}


@pytest.mark.parametrize(
    ("number", "french", "english"),
    [
        (0, "0 inscription appartient au journal", "0 entries belong to the log"),
        (1, "1 inscription appartient au journal", "1 entry belongs to the log"),
        (2, "2 inscriptions appartiennent au journal", "2 entries belong to the log"),
    ],
)
def test_words_follow_the_number(number: int, french: str, english: str) -> None:
    said = [told(TITLES[lang]["tree"], {"entries": number}, lang) for lang in Language]
    assert said == [french, english]


def test_what_a_bundle_says_is_no_template() -> None:
    facts = {"window": "{hospital|a|b}", "hospital": "{0.__class__}"}
    title = TITLES[Language.ENGLISH]["seal"]
    assert told(title, facts, Language.ENGLISH) == (
        "seal holds for window {hospital|a|b} of {0.__class__}"
    )
