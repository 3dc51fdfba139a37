"""`constat rebuild`: make the tables again from the log, or see whether they would come out so."""

from pathlib import Path

import click

from collector.cli.database import on_database
from collector.cli.options import Output, Target, hospital, outputs, reads_database
from collector.cli.tables import Row, print_rows
from collector.errors import ExitCode
from collector.register.rebuilding import Rebuilt, rebuild
from collector.register.reloading import take_back
from collector.store.pool import Pool
from collector.witness.opening import open_mirror

_COLUMNS = ("hospital", "table", "rows", "found")


@click.command(
    "rebuild",
    short_help="Make the tables again from the log.",
    epilog="""\b
Examples:
  constat rebuild --check
  constat rebuild --hospital CH-EXEMPLE
  constat rebuild --measurements
  constat rebuild --mirror /var/lib/constat-witness

\b
The log is the truth; tables are views of it, and must come out of it row by row. A table that
differs was changed by somebody else than Constat. Names that were erased do not come back.
With --mirror, the hospital needs no collector of anybody's to see what the log says: a database of
its own is filled with what its witness mirrored, if that is what was signed.
Exit codes: 0 done, or the same · 1 a table, or the mirror, is not what the log says
· 2 an option is not right · 5 no such hospital, or no mirror · 6 the database cannot be reached, or
holds that log already""",
)
@click.option("--check", is_flag=True, help="Only compare; change nothing.")
@click.option(
    "--measurements",
    is_flag=True,
    help="The time series too, page by page: long on a large log.",
)
@click.option(
    "--mirror",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Take the log back first from what the witness in DIR mirrored.",
)
@hospital
@outputs()
@reads_database
def rebuild_tables(  # noqa: PLR0913 - the options of the command
    *,
    check: bool,
    measurements: bool,
    mirror: Path | None,
    hospital: str | None,
    output: Output,
    target: Target,
) -> int:
    """Empty the register's tables and fill them again from the log of each hospital."""
    if check and measurements:
        raise click.UsageError("--check compares the register's tables only, not --measurements.")
    if mirror is not None:
        if check or measurements or hospital is not None:
            raise click.UsageError("--mirror takes all of one log back: no other choice with it.")
        return _take_back(mirror, target)

    async def work(pool: Pool) -> list[Rebuilt]:
        found = rebuild(pool, hospital, measurements=measurements, keep=not check)
        return [rebuilt async for rebuilt in found]

    found = on_database(target, work)
    rows = [row for rebuilt in found for row in _rows(rebuilt)]
    print_rows(rows, _COLUMNS, output, empty="no hospital")
    return ExitCode.ERROR if check and any(each.differed for each in found) else ExitCode.DONE


def _take_back(folder: Path, target: Target) -> int:
    with open_mirror(folder) as mirror:

        async def work(pool: Pool) -> int:
            return await take_back(pool, mirror)

        entries = on_database(target, work)
    click.echo(f"{entries} entries of {mirror.hospital} taken back")
    return ExitCode.DONE


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
