"""Rates as people read them: never rounded to 100 %, nor to nothing, when they are not that."""

from enum import Enum
from fractions import Fraction
from math import ceil, floor
from typing import Final

from collector.report.durations import Language

_PPM: Final = 1_000_000
_DECIMALS: Final = 3


class Rounding(Enum):
    """Which way a rate is rounded: a bound must stay one."""

    NEAREST = "nearest"
    DOWN = "down"
    UP = "up"


def rate_text(rate: Fraction, language: Language, rounding: Rounding = Rounding.NEAREST) -> str:
    """Return a rate as a percentage of three decimals: `99.635 %`.

    It has more of them as long as it would read 0 % or 100 % and is neither.
    """
    decimals = _DECIMALS
    while True:
        scale = 10**decimals
        digits = _rounded(rate * 100 * scale, rounding)
        if rate in {0, 1} or 0 < digits < 100 * scale:
            break
        decimals += 1
    whole, rest = divmod(digits, scale)
    mark = "," if language is Language.FRENCH else "."
    return f"{whole}{mark}{rest:0{decimals}d} %"


def rate_ppm(rate: Fraction, rounding: Rounding = Rounding.DOWN) -> int:
    """Return a rate in millionths."""
    return _rounded(rate * _PPM, rounding)


def _rounded(number: Fraction, rounding: Rounding) -> int:
    match rounding:
        case Rounding.NEAREST:
            return round(number)
        case Rounding.DOWN:
            return floor(number)
        case Rounding.UP:
            return ceil(number)
