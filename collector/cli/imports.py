"""`constat import`: measurements that were made elsewhere."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.options import Signatory, seals_entries
from collector.errors import ConfigurationError
from collector.register.importing import Source, import_measurements
from collector.store.pool import Pool
from probes.model.canonical import MalformedError
from probes.model.measurement import Measurement, read_measurements

_TELL_EVERY: Final = 1 << 16


@click.group(
    "import",
    short_help="Import measurements made elsewhere.",
    epilog="""\b
Examples:
  constat import measurements measurements.ndjson --hospital CH-EXEMPLE""",
)
def import_group() -> None:
    """Bring in what was measured elsewhere, marked as such."""


@import_group.command(
    "measurements",
    short_help="Import a file of measurements, whole or not at all.",
    epilog="""\b
Examples:
  constat import measurements measurements.ndjson --hospital CH-EXEMPLE
  constat import measurements nuit-du-14.ndjson --hospital CH-EXEMPLE --author "C. Martin"

\b
Exit codes: 0 imported · 2 the file is not right, nothing was imported · 5 no such hospital
· 6 refused, the reason is said, or the database cannot be reached""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--hospital", metavar="H", required=True, help="The hospital they are of.")
@seals_entries
def measurements(file: Path, *, hospital: str, signatory: Signatory) -> None:
    """Import FILE, one measurement a line, as `constat window export` writes them.

    Nobody signed them where they were made: every report marks their vantage points as imported,
    and they count for no window that had opened before.
    """
    from rich.console import Console  # noqa: PLC0415 - only to draw the bar
    from rich.progress import Progress  # noqa: PLC0415 - only to draw the bar

    sealer = sealer_of(signatory.target)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        content = _content(file)
        reading = progress.add_task("reading", total=len(content))
        read = _read(file, content, lambda done: progress.advance(reading, done))
        sealing = progress.add_task("sealing", total=len(read))

        async def work(pool: Pool) -> int:
            return await import_measurements(
                pool,
                sealer,
                hospital,
                read,
                Source(file.name, sha256(content).hexdigest()),
                signatory.author,
                lambda done: progress.advance(sealing, done),
            )

        try:
            entries = on_database(signatory.target, work)
        except ConfigurationError as error:
            raise ConfigurationError(f"{file}: {error}; nothing was imported") from None
    noun = "entry" if entries == 1 else "entries"
    click.echo(f"{file}: {len(read)} measurements imported for {hospital}, in {entries} {noun}")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None


def _read(file: Path, content: bytes, done: Callable[[int], None]) -> list[Measurement]:
    """Return the measurements of a file, telling `done` of every so many bytes read."""

    def lines() -> Iterator[bytes]:
        held = 0
        for line in content.splitlines(keepends=True):
            yield line
            held += len(line)
            if held > _TELL_EVERY:
                done(held)
                held = 0

    try:
        return list(read_measurements(lines()))
    except MalformedError as error:
        number, _, complaint = str(error).removeprefix("line ").partition(": ")
        raise ConfigurationError(f"{file}:{number}: {complaint}; nothing was imported") from None
