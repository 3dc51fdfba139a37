"""What is printed has a glyph in every face of the font that is bundled."""

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

import collector.report
from collector.report.glyphs import printable

ASSETS = Path(collector.report.__file__).with_name("assets")
FACES = sorted(ASSETS.glob("*.ttf"))


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.stem)
def test_every_character_that_is_kept_has_a_glyph(face: Path) -> None:
    with TTFont(face) as font:
        glyphs = set(font.getBestCmap())
    kept = {code for code in range(0x3000) if printable(chr(code)) == chr(code)}
    assert len(kept) > 600
    assert kept - glyphs == set()
    assert 0xFFFD in glyphs


def test_the_licence_of_the_font_stands_beside_it() -> None:
    assert len(FACES) == 2
    assert "SIL OPEN FONT LICENSE" in (ASSETS / "LICENSE-IBM-Plex-Sans.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Hôpital « Saint-Éloi » \u2013 3 h → 4 h", "Hôpital « Saint-Éloi » \u2013 3 h → 4 h"),
        ("e\u0301te\u0301", "été"),
        ("Ιπποκράτειο, Больница №1", "Ιπποκράτειο, Больница №1"),
        ("病院", "\ufffd\ufffd"),
        ("a\u202eb\u200bc\x1b[1m\x00", "a\ufffdb\ufffdc\ufffd[1m\ufffd"),
        ("deux\nlignes\tet\u2028une", "deux lignes et\ufffdune"),
        ("\U0001f3e5", "\ufffd"),
    ],
)
def test_what_has_no_glyph_is_seen_to_be_missing(text: str, printed: str) -> None:
    assert printable(text) == printed
