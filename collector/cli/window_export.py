"""`constat window export`: the folder an auditor judges alone."""

from pathlib import Path

import click

from collector.assess import measurements_for
from collector.cli.database import now_us, on_database
from collector.cli.options import Target, hospital, reads_database
from collector.evidence.folder import write_measurements_file
from collector.evidence.window_file import window_document, write_window_file
from collector.judge.terms import Window
from collector.register.agreed import agreed_for
from collector.register.planning import locate
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from probes.model.measurement import Measurement


@click.command(
    "export",
    short_help="Write the folder `constat assess` judges.",
    epilog="""\b
Examples:
  constat window export MAJ-2026-0142 MAJ-2026-0142/
  constat assess MAJ-2026-0142/

\b
Exit codes: 0 done · 2 the folder cannot be written · 5 no such window
· 6 the database cannot be reached""",
)
@click.argument("window_id", metavar="ID")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@hospital
@reads_database
def export_window(window_id: str, folder: Path, *, hospital: str | None, target: Target) -> None:
    """Write window ID and every measurement that decides it into FOLDER.

    The folder holds window.json and measurements.ndjson: with them anyone judges the window again,
    without this collector.
    """

    async def work(pool: Pool) -> tuple[Window, list[Measurement], dict[str, int]]:
        async with connected(pool) as connection:
            where = await locate(connection, window_id, hospital)
            tenant_id = await tenant_named(connection, where.hospital)
            agreed = await agreed_for(connection, tenant_id, where.hospital, where.service)
        window, measurements = await measurements_for(pool, where, now_us())
        intervals = {name: int(check.interval) for name, check in agreed.service.checks.items()}
        return window, measurements, intervals

    window, measurements, intervals = on_database(target, work)
    folder.mkdir(parents=True, exist_ok=True)
    document = window_document(window, dict.fromkeys(window.max_gaps_us, 1) | intervals)
    write_window_file(folder, document)
    write_measurements_file(folder, measurements)
    click.echo(f"{window.id}: {len(measurements)} measurements in {folder}")
