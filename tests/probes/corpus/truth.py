"""Writes `docs/truth.md`: `python -m tests.probes.corpus.truth`, which `make docs` runs."""

from itertools import groupby
from pathlib import Path
from typing import Final

from tests.probes.corpus.situation import Situation, situations

TRUTH: Final = Path(__file__).parents[3] / "docs" / "truth.md"
_INTRODUCTION: Final = """\
# What is true of what

Every situation of the truth corpus (`tests/probes/corpus/`), and what a probe must say of it: each
is played by a real server on loopback at every run of the tests. An outcome `down` is the target's,
`unknown` the instrument's. This file is made of the corpus by `make docs`.

{count} situations: {figures}.
"""
_HEAD: Final = """
| situation | kind | outcome | failure | operation | version |
|---|---|---|---|---|---|
"""


def truth() -> str:
    """Return the document."""
    outcomes = [situation.must.outcome for situation in situations()]
    figures = ", ".join(
        f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(sorted(outcomes))
    )
    text = _INTRODUCTION.format(count=len(outcomes), figures=figures)
    for theme, group in groupby(situations(), key=lambda situation: situation.theme):
        text += f"\n## {_title(theme)}\n{_HEAD}{''.join(map(_row, group))}"
    return text


def _title(theme: str) -> str:
    words = theme.partition("-")[2].replace("-", " ")
    return words[0].upper() + words[1:]


def _row(situation: Situation) -> str:
    must = situation.must
    cells = (
        situation.name.replace("|", "\\|"),
        situation.kind,
        must.outcome,
        must.failure or "",
        must.operation or "",
        must.version or "",
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    TRUTH.write_text(truth(), "utf-8")
