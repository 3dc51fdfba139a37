"""`constat window export`: the folder an auditor judges alone."""

from pathlib import Path

import click

from collector.assess import measurements_for
from collector.cli.database import now_us, on_database
from collector.cli.options import Target, hospital, reads_database, window_argument
from collector.errors import ConfigurationError
from collector.evidence.folder import write_measurements_file
from collector.evidence.window_file import window_document, write_window_file
from collector.judge.terms import Window
from collector.register.planning import locate
from collector.store.pool import Pool, connected
from probes.model.measurement import Measurement


@click.command(
    "export",
    short_help="Write the folder `constat assess` judges.",
    epilog="""\b
Examples:
  constat window export MAJ-2026-0142 MAJ-2026-0142/
  constat assess MAJ-2026-0142/

\b
Exit codes: 0 done · 2 the folder is not empty or cannot be written · 5 no such window
· 6 the database cannot be reached""",
)
@window_argument
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@hospital
@reads_database
def export_window(window_id: str, folder: Path, *, hospital: str | None, target: Target) -> None:
    """Write window ID and every measurement that decides it into FOLDER.

    The folder holds window.json and measurements.ndjson: with them anyone judges the window again,
    without this collector.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(f"{folder} is not empty: name another folder")

    async def work(pool: Pool) -> tuple[Window, dict[str, int], list[Measurement]]:
        async with connected(pool) as connection:
            where = await locate(connection, window_id, hospital)
        return await measurements_for(pool, where, now_us())

    window, intervals_us, measurements = on_database(target, work)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_window_file(folder, window_document(window, intervals_us))
        write_measurements_file(folder, measurements)
    except OSError as error:
        raise ConfigurationError(f"cannot write {folder}: {error.strerror}") from None
    click.echo(f"{window.id}: {len(measurements)} measurements in {folder}")
