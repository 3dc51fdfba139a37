"""`constat outage`: the outages of strategic services that nobody announced."""

import click

from collector.cli.database import on_database
from collector.cli.options import Output, Target, hospital, outputs, reads_database
from collector.cli.tables import Row, print_rows
from collector.store.alarms import AlarmRow, list_alarms
from collector.store.pool import Pool, connected
from probes.model.instant import format_duration, format_instant

_COLUMNS = ("hospital", "alarm", "service", "start", "end", "proven", "panel", "detected_at")


@click.group(
    short_help="See the outages that nobody announced.",
    epilog="""\b
Examples:
  constat outage list --hospital CH-EXEMPLE""",
)
def outage() -> None:
    """Unannounced outages of strategic services, as they were detected."""


@outage.command(
    "list",
    short_help="List unannounced outages.",
    epilog="""\b
Examples:
  constat outage list
  constat outage list --hospital CH-EXEMPLE -o csv

\b
A running collector looks every 20 s. An outage is told once a minute of it is proven, its return
once it has held as the contract asks. To have one judged, announce a window over it afterwards
(constat window announce): its notice is "none".
Exit codes: 0 done · 6 the database cannot be reached""",
)
@hospital
@outputs()
@reads_database
def list_outages(*, hospital: str | None, output: Output, target: Target) -> None:
    """List unannounced outages, the latest first; one without an end goes on. Instants are UTC."""

    async def work(pool: Pool) -> list[AlarmRow]:
        async with connected(pool) as connection:
            return await list_alarms(connection, hospital)

    rows = [_row(alarm) for alarm in on_database(target, work)]
    print_rows(rows, _COLUMNS, output, empty="no unannounced outage")


def _row(alarm: AlarmRow) -> Row:
    row: Row = {
        "hospital": alarm.tenant,
        "alarm": alarm.alarm,
        "service": alarm.service,
        "start": format_instant(alarm.start_us),
        "proven": format_duration(alarm.proven_us),
        "panel": alarm.panel,
        "detected_at": format_instant(alarm.detected_at_us),
    }
    if alarm.end_us is not None:
        row["end"] = format_instant(alarm.end_us)
    return row
