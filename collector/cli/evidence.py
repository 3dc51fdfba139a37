"""`constat evidence`: bundles for auditors, and the keys by which they know whose they are."""

import os
import sys
from pathlib import Path
from typing import BinaryIO

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.options import (
    Signatory,
    completes,
    hospital,
    language,
    seals_entries,
    window_argument,
)
from collector.errors import ConfigurationError
from collector.evidence.bundle import PDF, Keys
from collector.exporting import Export, export
from collector.register.planning import locate
from collector.report.durations import Language
from collector.report.value import Report
from collector.store.pool import Pool, connected
from probes.model.checkpoint import CheckpointError, origin_of, read_verifier_key, verifier_key

_witnesses = click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="KEY",
    help="Verifier key of a witness, as `constat witness status` prints it; may be given again.",
)
_authorities = click.option(
    "--authority",
    "authorities",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Certificate (PEM) of a time-stamping authority; may be given again.",
)


@click.group(
    short_help="Make evidence bundles for auditors.",
    epilog="""\b
Examples:
  constat evidence export MAJ-2026-0142
  constat evidence keys --hospital CH-EXEMPLE > pinned.json
  constat verify MAJ-2026-0142.constat --keys pinned.json""",
)
def evidence() -> None:
    """Evidence: a window with all that proves what is said of it, in one file."""


@evidence.command(
    "export",
    short_help="Write the evidence bundle of a window.",
    epilog="""\b
Examples:
  constat evidence export MAJ-2026-0142
  constat evidence export MAJ-2026-0142 --out /srv/preuves/MAJ-2026-0142.constat
  constat evidence export MAJ-2026-0142 --with-names

\b
That a bundle is made is itself sealed in the log. Exported again with nothing sealed in between,
the same bytes come out.
Exit codes: 0 done · 1 the log is not what was signed · 2 the file exists or cannot be written
· 5 no such window · 6 the database cannot be reached""",
)
@window_argument
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File; ID.constat by default."
)
@click.option("--with-names", is_flag=True, help="Tell who persons are: to those entitled.")
@_witnesses
@_authorities
@language
@hospital
@seals_entries
def export_bundle(  # noqa: PLR0913 - the options of the command
    window_id: str,
    *,
    out: Path | None,
    with_names: bool,
    witnesses: tuple[str, ...],
    authorities: tuple[Path, ...],
    lang: Language,
    hospital: str | None,
    signatory: Signatory,
) -> None:
    """Write everything that proves what is said of window ID into one file.

    Anyone verifies it alone, offline: constat verify FILE.
    """
    path = Path(f"{window_id}.constat") if out is None else out
    asked = Export(
        _keys_of(witnesses),
        _authorities_of(authorities, signatory),
        with_names=with_names,
        draw=lambda report: _drawn(report, lang),
    )
    sealer = sealer_of(signatory.target)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")

    async def work(pool: Pool, file: BinaryIO) -> Report:
        async with connected(pool) as connection:
            where = await locate(connection, window_id, hospital)
        return await export(pool, sealer, where, signatory.author, file, asked, _told)

    if path.exists():
        raise ConfigurationError(f"{path} exists already: give another name with --out")
    try:
        with fresh.open("xb+") as file:
            report = on_database(signatory.target, lambda pool: work(pool, file))
        fresh.rename(path)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from None
    finally:
        fresh.unlink(missing_ok=True)
    click.echo(f"{report.assessment.window.id}: {path} ({path.stat().st_size} bytes)")


@evidence.command(
    "keys",
    short_help="Print the keys an auditor pins.",
    epilog="""\b
Examples:
  constat evidence keys --hospital CH-EXEMPLE > pinned.json
  constat evidence keys --hospital CH-EXEMPLE --witness "$(cat temoin.pub)" --authority tsa.pem

\b
Give it to the auditor by another way than the bundle. Exit codes: 0 done · 2 a key is not right""",
)
@click.option(
    "--hospital",
    metavar="H",
    required=True,
    shell_complete=completes("hospital"),
    help="Whose log.",
)
@_witnesses
@_authorities
@seals_entries
def print_keys(
    *,
    hospital: str,
    witnesses: tuple[str, ...],
    authorities: tuple[Path, ...],
    signatory: Signatory,
) -> None:
    """Print the public key of the hospital's log, and others that are known to be right."""
    key = signatory.target.key().verifying_key
    log = verifier_key(origin_of(hospital, key.key_id), key)
    click.echo(
        Keys(log, _keys_of(witnesses), _authorities_of(authorities, signatory)).encode().decode()
    )


def _keys_of(witnesses: tuple[str, ...]) -> tuple[str, ...]:
    for text in witnesses:
        try:
            _, _, is_witness = read_verifier_key(text)
        except CheckpointError as fault:
            raise ConfigurationError(f"--witness: {fault}") from None
        if not is_witness:
            raise ConfigurationError(f"--witness: {text.partition('+')[0]} is a log, no witness")
    return tuple(text.strip() for text in witnesses)


def _authorities_of(files: tuple[Path, ...], signatory: Signatory) -> tuple[str, ...]:
    """Return the certificates in some files, those of the settings if none is named."""
    settings = signatory.target.settings
    if not files and settings is not None and settings.timestamps is not None:
        files = (settings.timestamps.roots,)
    return tuple(text for file in files for text in _certificates(file))


def _certificates(file: Path) -> list[str]:
    from cryptography import x509  # noqa: PLC0415 - heavy, and seldom asked for
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None
    except ValueError:
        raise ConfigurationError(f"cannot read {file}: it holds no certificate in PEM") from None
    return [each.public_bytes(Encoding.PEM).decode() for each in found]


def _drawn(report: Report, lang: Language) -> bytes:
    """Return the report on paper; nothing, and say so, where the typesetter is not installed."""
    try:
        from collector.report.as_pdf import report_pdf  # noqa: PLC0415 - typst, if it is there
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("collector"):
            raise
        click.echo(
            f"constat: the bundle has no {PDF}: pip install 'constat[report]' draws it", err=True
        )
        return b""
    return report_pdf(report, lang)


def _told(done: int, entries: int) -> None:
    """Say how far the reading is, on a terminal."""
    if sys.stderr.isatty() and (done == entries or done % _TOLD_EVERY == 0):
        end = "\n" if done == entries else ""
        click.echo(f"\r{done} of {entries} entries", err=True, nl=False)
        click.echo(end, err=True, nl=False)


_TOLD_EVERY = 200
