"""Rates in text: a bound stays a bound, and nothing becomes 100 % by rounding."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.report.durations import Language
from collector.report.rates import Rounding, rate_ppm, rate_text

FRENCH, ENGLISH = Language.FRENCH, Language.ENGLISH


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        # Eight upgrades of 4 h in 8 760 h; one in 720 h; one in 8 760 h.
        (1 - Fraction(32, 8760), "99.635 %"),
        (1 - Fraction(4, 720), "99.444 %"),
        (1 - Fraction(4, 8760), "99.954 %"),
        (Fraction(1), "100.000 %"),
        (Fraction(0), "0.000 %"),
        (1 - Fraction(1, 10**6), "99.9999 %"),
        # 100 / 30 000 000 %: five decimals would still say nothing.
        (Fraction(1, 30_000_000), "0.000003 %"),
    ],
)
def test_a_rate_has_three_decimals_or_as_many_as_tell_it_from_the_ends(
    rate: Fraction, text: str
) -> None:
    assert rate_text(rate, ENGLISH) == text
    assert rate_text(rate, FRENCH) == text.replace(".", ",")


def test_bounds_are_rounded_away_from_what_lies_between_them() -> None:
    rate = 1 - Fraction(32, 8760)  # 99.63470… %
    assert rate_text(rate, FRENCH, Rounding.DOWN) == "99,634 %"
    assert rate_text(rate, FRENCH, Rounding.UP) == "99,635 %"
    assert rate_ppm(rate) == 996_347
    assert rate_ppm(rate, Rounding.UP) == 996_348


@given(st.fractions(0, 1, max_denominator=10**12), st.sampled_from(Rounding))
def test_only_all_reads_100_per_cent_and_only_nothing_reads_0(
    rate: Fraction, rounding: Rounding
) -> None:
    read = Fraction(rate_text(rate, ENGLISH, rounding).removesuffix(" %")) / 100
    assert (read == 1) == (rate == 1)
    assert (read == 0) == (rate == 0)
    if rounding is Rounding.DOWN:
        assert read <= rate
    if rounding is Rounding.UP:
        assert read >= rate
