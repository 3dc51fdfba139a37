"""One figure that a bench reached, beside what it aims at."""

from collections.abc import Iterable
from typing import NamedTuple


class Figure(NamedTuple):
    """A ratio of things measured in one run, or a size; an aim is a limit on one of its sides."""

    what: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def aim(self) -> str:
        """The aim in words; empty when there is none."""
        if self.at_most is not None:
            return f"at most {self.at_most:g}"
        return "" if self.at_least is None else f"at least {self.at_least:g}"

    @property
    def reached(self) -> bool:
        """Whether the figure is within its aim."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)


def table(figures: Iterable[tuple[str, Figure]]) -> str:
    """Return the figures of benches, a line for each."""
    head = ("bench", "figure", "reached", "unit", "aim", "")
    rows = [head, *(_row(bench, figure) for bench, figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _row(bench: str, figure: Figure) -> tuple[str, ...]:
    verdict = "" if not figure.aim else "reached" if figure.reached else "MISSED"
    return (bench, figure.what, f"{figure.value:.3g}", figure.unit, figure.aim, verdict)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = [f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)]
    cells[2] = f"{row[2]:>{widths[2]}}"
    return "  ".join(cells).rstrip()
