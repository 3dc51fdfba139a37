"""`constat window list`: every window and how far it has come."""

import click

from collector.cli.database import on_database
from collector.cli.options import Member, Output, Target, hospital, outputs, reads_database
from collector.cli.tables import Row, print_rows
from collector.judge.terms import WindowStatus
from collector.store.pool import Pool, connected
from collector.store.windows import WindowRow, list_windows
from probes.model.instant import format_instant

_COLUMNS = ("window", "hospital", "service", "status", "planned_start", "planned_end")


@click.command(
    "list",
    short_help="List windows, the latest plan first.",
    epilog="""\b
Examples:
  constat window list
  constat window list --hospital CH-EXEMPLE --status announced -o csv
  constat window list --operation OP-2026-0142

\b
Exit codes: 0 done · 6 the database cannot be reached""",
)
@click.option(
    "--status",
    type=Member(WindowStatus),
    multiple=True,
    help="Only windows of this status; may be given several times.",
)
@click.option("--operation", metavar="ID", help="Only the windows of this operation.")
@hospital
@outputs()
@reads_database
def list_of_windows(
    *,
    status: tuple[WindowStatus, ...],
    operation: str | None,
    hospital: str | None,
    output: Output,
    target: Target,
) -> None:
    """List windows. Instants are UTC; `window show` prints them on the site's clocks."""

    async def work(pool: Pool) -> list[WindowRow]:
        async with connected(pool) as connection:
            return await list_windows(
                connection, tenant=hospital, statuses=status, operation=operation
            )

    rows = on_database(target, work)
    print_rows([_row(row) for row in rows], _COLUMNS, output, empty="no window")


def _row(window: WindowRow) -> Row:
    return {
        "window": window.id,
        "hospital": window.tenant,
        "service": window.service,
        "status": window.status,
        "planned_start": format_instant(window.plan_start),
        "planned_end": format_instant(window.plan_end),
    }
