"""Text in columns, for whoever reads a terminal."""

from collections.abc import Sequence
from unicodedata import east_asian_width


def columns_text(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return lines of cells as lines of text, every column as wide as its widest cell."""
    columns = range(len(lines[0])) if lines else ()
    widths = [max(_width(line[at]) for line in lines) for at in columns]
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
