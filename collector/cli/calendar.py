"""`constat calendar`: the holidays of a site, as notices are counted with them."""

from datetime import UTC, datetime

import click

from collector.cli.database import on_database
from collector.cli.options import (
    Output,
    Target,
    completes,
    hospital,
    outputs,
    reads_database,
)
from collector.cli.tables import Row, print_rows
from collector.record.catalogue import Site
from collector.register.calendars import CalendarDay, site_calendar
from collector.store.pool import Pool

_COLUMNS = ("date", "day", "status", "holiday")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@click.command(
    "calendar",
    short_help="Print the holiday calendar of a site.",
    epilog="""\b
Examples:
  constat calendar principal --year 2026
  constat calendar principal --hospital CH-EXEMPLE --year 2027 -o csv

\b
The calendar begins with the public holidays of its name (FR, FR-57 for Moselle, FR-6AE for
Alsace); the catalogue adds and removes days: sites.SITE.holidays.add and .remove. A window is
judged by the calendar in force before it opened.
Exit codes: 0 done · 2 several hospitals have the site · 5 no such site · 6 the database cannot
be reached""",
)
@click.argument("site", shell_complete=completes("site"))
@click.option(
    "--year",
    type=click.IntRange(1970, 2200),
    default=lambda: datetime.now(UTC).year,
    show_default="this year",
    help="Which year.",
)
@hospital
@outputs()
@reads_database
def calendar(site: str, *, year: int, hospital: str | None, output: Output, target: Target) -> None:
    """Print the days on which SITE is closed, and those that were removed from its calendar."""

    async def work(pool: Pool) -> tuple[Site, list[CalendarDay]]:
        return await site_calendar(pool, site, hospital, year)

    found, days = on_database(target, work)
    if output is Output.TABLE:
        click.echo(f"{site}: {found.calendar}, {found.timezone}, {year}")
    print_rows([_row(day) for day in days], _COLUMNS, output, empty="no holiday")


def _row(day: CalendarDay) -> Row:
    status = "closed" if day.counts else "removed"
    return {
        "date": day.day.isoformat(),
        "day": _DAYS[day.day.weekday()],
        "status": "added" if day.counts and day.edited else status,
        "holiday": day.name,
    }
