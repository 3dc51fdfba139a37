"""`constat report availability`: how much of the time services were available, gross and net."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from collector.cli.database import now_us, on_database
from collector.cli.files import pdf_option, write_out
from collector.cli.options import (
    Member,
    Output,
    Target,
    completes,
    hospital,
    language,
    outputs,
    reads_database,
)
from collector.cli.tables import print_rows
from collector.cli.times import read_instant, read_length
from collector.errors import ConfigurationError
from collector.history import Periods, availability_of
from collector.judge.periods import Period, civil_periods, first_day, rolling_period
from collector.judge.terms import Periodicity
from collector.report.availability import AvailabilityReport
from collector.report.availability_forms import (
    AVAILABILITY_COLUMNS,
    availability_json,
    availability_rows,
)
from collector.report.availability_text import availability_lines
from collector.report.durations import Language
from collector.store.pool import Pool
from probes.model.complaint import plain_json
from probes.model.instant import local_date

_MOST_PERIODS: Final = 4_000


@click.command(
    "availability",
    short_help="Print the availability of services over periods.",
    epilog="""\b
Examples:
  constat report availability --hospital CH-EXEMPLE
  constat report availability --hospital CH-EXEMPLE --service dpi --period year --from 2026-01-01
  constat report availability --period day --from 2026-10-24 --to 2026-10-26 -o csv
  constat report availability --hospital CH-EXEMPLE --service dpi --pdf dpi.pdf
  constat report availability --service dpi --rolling P30D --ending 2026-11-16T10:00

\b
Gross is the whole of a period; net leaves out the plans of windows whose notice was respected.
Without --from the periods begin with this year, days with this month, on the site's clocks.
Exit codes: 0 done · 2 usage · 5 no such hospital or service · 6 the database cannot be reached""",
)
@hospital
@click.option(
    "--service", metavar="S", help="Only this service.", shell_complete=completes("service")
)
@click.option(
    "--period",
    type=Member(Periodicity),
    help="Periods of the calendar; month when nothing is said.",
)
@click.option("--from", "from_text", metavar="DATE", help="First day of interest.")
@click.option("--to", "to_text", metavar="DATE", help="Last day of interest; today by default.")
@click.option("--rolling", metavar="LENGTH", help="One period of a length, such as P30D, instead.")
@click.option("--ending", metavar="TIME", help="When the rolling period ends; now by default.")
@pdf_option
@language
@outputs()
@reads_database
def report_availability(  # noqa: PLR0913 - the options of the command
    *,
    hospital: str | None,
    service: str | None,
    period: Periodicity | None,
    from_text: str | None,
    to_text: str | None,
    rolling: str | None,
    ending: str | None,
    pdf: Path | None,
    lang: Language,
    output: Output,
    target: Target,
) -> None:
    """Print the availability rate of services: observed, with its bounds and coverage.

    What nobody measured is no data and never 100 %. Outages that no announced window covered are
    listed.
    """
    at_us = now_us()
    if rolling is not None:
        if period or from_text or to_text:
            raise ConfigurationError("--rolling is one period: not with --period, --from or --to")
        periods = _rolling(rolling, ending, at_us)
    else:
        if ending is not None:
            raise ConfigurationError("--ending is for --rolling: say --to for the calendar")
        bounds = _day("--from", from_text), _day("--to", to_text)
        periods = _civil(period or Periodicity.MONTH, *bounds, at_us)

    async def work(pool: Pool) -> list[AvailabilityReport]:
        return await availability_of(pool, hospital, service, periods, at_us)

    reports = on_database(target, work)
    if pdf is not None:
        _draw(reports, pdf, lang)
    else:
        _print(reports, output, lang)


def _draw(reports: Sequence[AvailabilityReport], file: Path, lang: Language) -> None:
    from collector.report.as_pdf import availability_pdf  # noqa: PLC0415 - typst, if drawn

    if len(reports) != 1:
        raise ConfigurationError(
            f"--pdf is about one service, and there are {len(reports)}: name --hospital, --service"
        )
    write_out(file, availability_pdf(reports[0], lang))


def _rolling(length: str, ending: str | None, at_us: int) -> Periods:
    length_us = read_length("--rolling", length)

    def periods(zone: ZoneInfo) -> Sequence[Period]:
        end_us = at_us if ending is None else read_instant("--ending", ending, zone)
        if end_us > at_us:
            raise ConfigurationError(f"--ending: {ending} is still to come")
        return [rolling_period(length_us, end_us, zone)]

    return periods


def _civil(periodicity: Periodicity, first: date | None, last: date | None, at_us: int) -> Periods:
    def periods(zone: ZoneInfo) -> Sequence[Period]:
        until = last or local_date(at_us, zone)
        this = Periodicity.MONTH if periodicity is Periodicity.DAY else Periodicity.YEAR
        since = first or first_day(this, until)
        if since > until:
            raise ConfigurationError(f"--from: {since} is after {until}")
        if (until - since).days > _MOST_PERIODS:
            raise ConfigurationError(f"--from: {since} is more than ten years before {until}")
        return list(civil_periods(periodicity, since, until, zone))

    return periods


def _day(option: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option}: {text!r} is no date, as in 2026-11-14") from None


def _print(reports: Sequence[AvailabilityReport], output: Output, lang: Language) -> None:
    match output:
        case Output.JSON:
            stated = [availability_json(report) for report in reports]
            click.echo(plain_json(stated))
        case Output.CSV:
            rows = [row for report in reports for row in availability_rows(report)]
            print_rows(rows, AVAILABILITY_COLUMNS, output, empty="")
        case Output.TABLE:
            texts = ["\n".join(availability_lines(report, lang)) for report in reports]
            click.echo("\n\n".join(texts) or "no service")
