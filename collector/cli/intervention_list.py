"""`constat intervention list`: who intervened or intervenes, and what nobody ended."""

from datetime import date

import click

from collector.cli.database import now_us, on_database
from collector.cli.months import month_option
from collector.cli.options import (
    Output,
    Target,
    completes,
    hospital,
    language,
    outputs,
    reads_database,
)
from collector.cli.tables import Row, print_rows
from collector.interventions import attended_in
from collector.report.durations import Language, duration_text
from collector.report.intervention_words import intervention_words_in
from collector.report.interventions import Attended, shares_of
from collector.store.pool import Pool
from probes.model.instant import format_duration, format_instant

_COLUMNS = (
    "intervention", "hospital", "site", "window", "person", "company", "purpose", "mode", "start",
    "end", "state", "length",
)  # fmt: skip


@click.command(
    "list",
    short_help="List interventions in order of start.",
    epilog="""\b
Examples:
  constat intervention list
  constat intervention list --hospital CH-EXEMPLE --month 2026-11 -o csv
  constat intervention list --open
  constat intervention list --window MAJ-2026-0142 --lang en

\b
STATE is ended, open, or overdue: open for more than 24 hours, which constat doctor reports too.
Exit codes: 0 done · 2 a month is not right · 5 no such hospital
· 6 the database cannot be reached""",
)
@hospital
@click.option(
    "--window",
    metavar="ID",
    help="Only those for this window.",
    shell_complete=completes("window"),
)
@month_option(required=False)
@click.option("--open", "only_open", is_flag=True, help="Only those that have not ended.")
@language
@outputs()
@reads_database
def list_of_interventions(  # noqa: PLR0913 - the options of the command
    *,
    hospital: str | None,
    window: str | None,
    month: date | None,
    only_open: bool,
    lang: Language,
    output: Output,
    target: Target,
) -> None:
    """List interventions, on the clocks of their sites."""
    asked_us = now_us()

    async def work(pool: Pool) -> list[Attended]:
        found = await attended_in(pool, hospital, window, only_open=only_open)
        if month is None:
            return found
        return [share.attended for share in shares_of(found, month, asked_us)]

    rows = [_row(each, lang, asked_us, output) for each in on_database(target, work)]
    print_rows(rows, _COLUMNS, output, empty="no intervention")


def _length(lasted_us: int, lang: Language, output: Output) -> str:
    if output is Output.TABLE:
        return duration_text(lasted_us, lang)
    return format_duration(lasted_us)


def _row(attended: Attended, lang: Language, asked_us: int, output: Output) -> Row:
    made, identity, zone = attended.intervention, attended.identity, attended.zone
    state = "ended"
    if made.end_us is None:
        state = "overdue" if made.is_overdue(asked_us) else "open"
    lasted_us = (asked_us if made.end_us is None else made.end_us) - made.start_us
    return {
        "intervention": made.id,
        "hospital": attended.hospital,
        "site": made.site,
        "window": made.window,
        "person": identity.name if identity else intervention_words_in(lang).erased,
        "company": identity.company if identity else "",
        "purpose": made.purpose,
        "mode": made.mode.value if made.mode else "",
        "start": format_instant(made.start_us, zone),
        "end": "" if made.end_us is None else format_instant(made.end_us, zone),
        "state": state,
        "length": _length(max(0, lasted_us), lang, output),
    }
