"""`constat window show`: what was measured of a window, against what was planned and agreed."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress

import click

from collector.assess import report_on
from collector.cli.as_of import as_of_option, asked
from collector.cli.database import now_us, on_database
from collector.cli.options import (
    Output,
    Target,
    hospital,
    language,
    outputs,
    reads_database,
    window_argument,
)
from collector.errors import ConfigurationError
from collector.judge.terms import WindowStatus
from collector.judge.verdict import DurationVerdict
from collector.register.planning import Where
from collector.report.as_csv import report_csv
from collector.report.as_json import report_json
from collector.report.durations import Language
from collector.report.value import Report
from collector.store.pool import Pool
from probes.model.complaint import plain_json

_REFRESH_S = 2.0


@click.command(
    "show",
    short_help="Show what was measured of a window, and its verdict.",
    epilog="""\b
Examples:
  constat window show MAJ-2026-0142
  constat window show MAJ-2026-0142 --watch
  constat window show MAJ-2026-0142 -o json | jq .duration
  constat window show MAJ-2026-0142 --lang en --as-of 2026-11-15T01:00

\b
A hot correction that began without the client's authorisation or information is a breach too.
Exit codes: 0 compliant, or cancelled · 3 breach of duration or notice
· 4 inconclusive or pending · 5 no such window · 6 the database cannot be reached""",
)
@window_argument
@as_of_option
@click.option("--watch", is_flag=True, help="Refresh in place until the verdict falls.")
@language
@hospital
@outputs()
@reads_database
def show_window(  # noqa: PLR0913 - the options of the command
    window_id: str,
    *,
    as_of: str | None,
    watch: bool,
    lang: Language,
    hospital: str | None,
    output: Output,
    target: Target,
) -> int:
    """Show window ID: planned against measured, bounds, limit, notice, coverage, verdict.

    Instants are printed on the site's clocks. The JSON form is constat.assessment/1, with more
    fields.
    """
    if watch and (as_of is not None or output is not Output.TABLE):
        raise ConfigurationError("--watch shows the table as it is now: not with --as-of or -o")

    async def work(pool: Pool) -> Report:
        where, as_of_us = await asked(pool, window_id, hospital, as_of)
        if watch:
            return await _watched(pool, where, lang)
        return await report_on(pool, where, now_us() if as_of_us is None else as_of_us)

    report = on_database(target, work)
    if not watch:
        _print(report, output, lang)
    return _code(report)


async def _watched(pool: Pool, where: Where, lang: Language) -> Report:
    """Draw the report again and again until its verdict falls; return the last one."""
    from rich.live import Live  # noqa: PLC0415 - only to watch

    from collector.report.screen import console, drawing  # noqa: PLC0415

    screen = console()
    if not screen.is_terminal:
        return await _followed(pool, where, lambda report: screen.print(drawing(report, lang)))
    with Live(console=screen, auto_refresh=False) as live:
        return await _followed(
            pool, where, lambda report: live.update(drawing(report, lang), refresh=True)
        )


async def _followed(pool: Pool, where: Where, draw: Callable[[Report], None]) -> Report:
    """Give each report to `draw`; return the last one, final or when Ctrl-C was pressed."""
    report = await report_on(pool, where, now_us())
    draw(report)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    while not _is_final(report):
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _REFRESH_S)
        if stop.is_set():
            break
        report = await report_on(pool, where, now_us())
        draw(report)
    return report


def _is_final(report: Report) -> bool:
    assessment = report.assessment
    if assessment.window.status is WindowStatus.CANCELLED:
        return True
    return (
        assessment.window.status is WindowStatus.CLOSED
        and assessment.verdict is not DurationVerdict.PENDING
    )


def _print(report: Report, output: Output, lang: Language) -> None:
    match output:
        case Output.JSON:
            click.echo(plain_json(report_json(report)))
        case Output.CSV:
            click.echo(report_csv([report]), nl=False)
        case Output.TABLE:
            from collector.report.screen import console, drawing  # noqa: PLC0415 - rich, if drawn

            console().print(drawing(report, lang))


def _code(report: Report) -> int:
    """Return the exit code; a cancelled window is judged by nobody."""
    if report.assessment.window.status is WindowStatus.CANCELLED:
        return 0
    return report.exit_code
