"""Which characters a page can print: those of the font that is bundled, no other.

An archival PDF may not hold a character without a glyph. What the font lacks, and what only steers
a terminal or the direction of a text, is printed as U+FFFD: it is seen that something stood there.
"""

import re
import unicodedata
from typing import Final

_SPACE: Final = re.compile(r"[\t\n\r]")
# Of IBM Plex Sans 3.201: Latin, Greek, Cyrillic, punctuation, signs and arrows.
_PRINTED: Final = (
    "\u0020-\u007e\u00a0-\u017f\u018f\u0192\u01a0-\u01a1\u01af-\u01b0\u01cd-\u01dc\u01fa-\u01ff"
    "\u0218-\u021b\u0259\u02bb-\u02bc\u02c6-\u02c7\u02d8-\u02dd\u0384-\u038a\u038c\u038e-\u03a1"
    "\u03a3-\u03ce\u0400-\u045f\u0490-\u04c2\u1e80-\u1e85\u1e9e\u1ea0-\u1ef9\u2010-\u2015"
    "\u2018-\u201a\u201c-\u201e\u2020-\u2022\u2026\u202f\u2030\u2032-\u2033\u2039-\u203a\u20ac"
    "\u2116\u2122\u2190-\u2199\u2206\u2212\u221e\u2248\u2260\u2264-\u2265\u2713\ufffd"
)
_UNPRINTED: Final = re.compile(f"[^{_PRINTED}]")


def printable(text: str) -> str:
    """Return a text with every character that cannot be printed replaced; line ends are spaces."""
    composed = unicodedata.normalize("NFC", _SPACE.sub(" ", text))
    return _UNPRINTED.sub("\ufffd", composed)
