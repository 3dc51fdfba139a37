"""A report on a terminal: the one place that draws with rich, and it adds nothing to the facts."""

from collections.abc import Iterator
from typing import Final

from rich.box import ROUNDED, SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from collector.judge.terms import WindowStatus
from collector.judge.verdict import DurationVerdict
from collector.report.durations import Language
from collector.report.facts import named_facts
from collector.report.filed_phrases import FiledPhrases
from collector.report.operation_phrases import OperationPhrases, Tone
from collector.report.phrases import Phrases
from collector.report.tables import outage_cells, vantage_cells, vantage_columns
from collector.report.value import Loss, Report

VANTAGES_SHOWN: Final = 20
OUTAGES_SHOWN: Final = 20
PIPE_WIDTH: Final = 120

_COLOURS: Final = {0: "green", 3: "red", 4: "yellow"}
_PROMISE_COLOURS: Final = {Tone.GOOD: "green", Tone.BAD: "red", Tone.OPEN: "yellow"}


def console() -> Console:
    """Return a console for standard output; in a pipe it is plain and wide enough for a line."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def drawing(report: Report, language: Language) -> RenderableType:
    """Return a report as something rich can print."""
    phrases = Phrases(report, language)
    parts = [
        Text(phrases.title(), style="bold"),
        Text(phrases.place(), style="dim"),
        _banner(report, phrases),
        _verdicts(report, phrases),
        _reservations(report, phrases),
        _facts(report, phrases),
        _outages(report, phrases),
        _vantages(report, phrases),
        *(Text(line, style="dim") for line in phrases.footer()),
    ]
    return Group(*(part for part in parts if part is not None))


def _banner(report: Report, phrases: Phrases) -> RenderableType:
    colour = _colour(report)
    word = Text(phrases.headline().upper(), style=f"bold {colour}")
    return Padding(Panel.fit(word, box=ROUNDED, border_style=colour, padding=(0, 3)), (1, 0))


def _colour(report: Report) -> str:
    assessment = report.assessment
    if assessment.window.status is WindowStatus.CANCELLED:
        return "dim"
    return _COLOURS[report.exit_code]


def _verdicts(report: Report, phrases: Phrases) -> RenderableType:
    assessment, words = report.assessment, phrases.words
    grid = _grid()
    duration = words.duration_verdict[assessment.verdict]
    rows = [
        (words.duration, duration, _duration_colour(assessment.verdict), phrases.duration()),
        (
            words.notice,
            words.notice_verdict[assessment.notice.verdict],
            "green" if assessment.notice.verdict == "respected" else "red",
            phrases.notice(),
        ),
    ]
    for name, verdict, colour, lines in rows:
        grid.add_row(name, Text(verdict, style=f"bold {colour}"), Text("\n".join(lines)))
    for promised in OperationPhrases(report, phrases).promises():
        colour = _PROMISE_COLOURS[promised.tone]
        grid.add_row(promised.title, Text(promised.word, style=f"bold {colour}"), promised.line)
    return Padding(grid, (0, 0, 1, 0))


def _duration_colour(verdict: DurationVerdict) -> str:
    return {DurationVerdict.COMPLIANT: "green", DurationVerdict.BREACH: "red"}.get(
        verdict, "yellow"
    )


def _reservations(report: Report, phrases: Phrases) -> RenderableType | None:
    filed = FiledPhrases(report.surroundings.filed, phrases)
    said = filed.reservations()
    if not said:
        return None
    lines = [Text(filed.words.reservations, style="bold yellow")]
    for heading, text in said:
        lines += [Text(heading, style="dim"), Text(text)]
    return Padding(Group(*lines), (0, 0, 1, 0))


def _facts(report: Report, phrases: Phrases) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    operation = OperationPhrases(report, phrases)
    described = [(operation.words.operation, operation.described())]
    for name, fact in (*described, *named_facts(report, phrases)):
        if fact:
            grid.add_row(Text(name, style="dim"), Text(fact))
    return Padding(grid, (0, 0, 1, 0))


def _outages(report: Report, phrases: Phrases) -> RenderableType | None:
    timeline, words = report.assessment.timeline, phrases.words
    if not timeline.outages:
        return None
    table = Table(box=SIMPLE_HEAD, title=words.outages, title_justify="left", pad_edge=False)
    table.add_column("")
    table.add_column(words.possible, justify="right")
    table.add_column(words.proven, justify="right")
    for outage in timeline.outages[:OUTAGES_SHOWN]:
        table.add_row(*outage_cells(outage, phrases))
    if len(timeline.outages) > OUTAGES_SHOWN:
        table.add_row(words.more.format(count=len(timeline.outages) - OUTAGES_SHOWN), "", "")
    return table


def _vantages(report: Report, phrases: Phrases) -> RenderableType | None:
    losses = report.losses
    if not losses:
        return None
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    name, kind, *numbers = vantage_columns(phrases)
    table.add_column(name)
    table.add_column(kind)
    for title in numbers:
        table.add_column(title, justify="right")
    for loss in losses[:VANTAGES_SHOWN]:
        table.add_row(*_vantage(loss, phrases))
    if len(losses) > VANTAGES_SHOWN:
        table.add_row(phrases.words.more.format(count=len(losses) - VANTAGES_SHOWN))
    return table


def _vantage(loss: Loss, phrases: Phrases) -> Iterator[RenderableType]:
    name, *cells = vantage_cells(loss, phrases, phrases.clock)
    yield Text(name, style="" if loss.vantage.counts else "dim")
    silent = "" if loss.sight.measured else "dim"
    yield from (Text(cell, style=silent) for cell in cells)


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column()
    grid.add_column()
    return grid
