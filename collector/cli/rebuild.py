"""`constat rebuild`: make the tables again from the log, or see whether they would come out so."""

import click

from collector.cli.database import on_database
from collector.cli.options import Output, Target, hospital, outputs, reads_database
from collector.cli.tables import Row, print_rows
from collector.errors import ExitCode
from collector.register.rebuilding import Rebuilt, rebuild
from collector.store.pool import Pool

_COLUMNS = ("hospital", "table", "rows", "found")


@click.command(
    "rebuild",
    short_help="Make the tables again from the log.",
    epilog="""\b
Examples:
  constat rebuild --check
  constat rebuild --hospital CH-EXEMPLE
  constat rebuild --measurements

\b
The log is the truth; tables are views of it, and must come out of it row by row. A table that
differs was changed by somebody else than Constat. Names that were erased do not come back.
Exit codes: 0 done, or the same · 1 a table is not what the log says · 2 an option is not right
· 5 no such hospital · 6 the database cannot be reached""",
)
@click.option("--check", is_flag=True, help="Only compare; change nothing.")
@click.option(
    "--measurements",
    is_flag=True,
    help="The time series too, page by page: long on a large log.",
)
@hospital
@outputs()
@reads_database
def rebuild_tables(
    *, check: bool, measurements: bool, hospital: str | None, output: Output, target: Target
) -> int:
    """Empty the register's tables and fill them again from the log of each hospital."""
    if check and measurements:
        raise click.UsageError("--check compares the register's tables only, not --measurements.")

    async def work(pool: Pool) -> list[Rebuilt]:
        found = rebuild(pool, hospital, measurements=measurements, keep=not check)
        return [rebuilt async for rebuilt in found]

    found = on_database(target, work)
    rows = [row for rebuilt in found for row in _rows(rebuilt)]
    print_rows(rows, _COLUMNS, output, empty="no hospital")
    return ExitCode.ERROR if check and any(each.differed for each in found) else ExitCode.DONE


def _rows(rebuilt: Rebuilt) -> list[Row]:
    return [
        {
            "hospital": rebuilt.hospital,
            "table": table,
            "rows": filling.rows,
            "found": "different" if table in rebuilt.differed else "the same",
        }
        for table, filling in rebuilt.tables.items()
    ]
