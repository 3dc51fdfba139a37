"""`constat attachment`: documents of a window, sealed by their digest, kept beside the log."""

from pathlib import Path

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.files import write_out
from collector.cli.options import (
    Member,
    Output,
    Signatory,
    Target,
    hospital,
    outputs,
    reads_database,
    seals_entries,
    window_argument,
)
from collector.cli.tables import Row, print_rows
from collector.cli.texts import one_line, read_document
from collector.record.documents import Attachment, AttachmentKind, Documents
from collector.register.attaching import Attached, attach, fetch, list_documents
from collector.register.planning import Where, locate
from collector.store.pool import Pool, connected
from probes.model.instant import format_instant

_COLUMNS = ("sha256", "kind", "name", "title", "media_type", "size", "entry", "added_at")
_DIGITS_SHOWN = 16


@click.group(
    short_help="Attach documents to a window, list them, get them.",
    epilog="""\b
Examples:
  constat attachment add MAJ-2026-0142 rapport.pdf --kind migration-report
  constat attachment list MAJ-2026-0142
  constat attachment get MAJ-2026-0142 3f2a9c""",
)
def attachment() -> None:
    """Documents of windows: migration report, system log, authorisation, minutes."""


@attachment.command(
    "add",
    short_help="Attach a document to a window.",
    epilog="""\b
Examples:
  constat attachment add MAJ-2026-0142 rapport.pdf --kind migration-report
  constat attachment add MAJ-2026-0142 syslog.gz --kind system-log --title "srv-dpi-01, nuit"

\b
At most 10 MiB. It may come when the window is over, and changes no figure. No patient data.
Exit codes: 0 attached, or attached before · 2 the file cannot be taken · 5 no such window
· 6 the database cannot be reached""",
)
@window_argument
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", type=Member(AttachmentKind), required=True, help="What it is.")
@click.option("--title", default="", metavar="T", help="A title; it is sealed, so no names here.")
@hospital
@seals_entries
def add(  # noqa: PLR0913 - the options of the command
    window_id: str,
    file: Path,
    *,
    kind: AttachmentKind,
    title: str,
    hospital: str | None,
    signatory: Signatory,
) -> None:
    """Attach FILE to window ID: its SHA-256 is sealed, its bytes are kept in the database."""
    document = read_document(file)
    said = one_line("--title", title) if title else ""
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> Attached:
        where = await _located(pool, window_id, hospital)
        return await attach(pool, sealer, where, author, document, kind, said)

    added, repeated = on_database(signatory.target, work)
    done = "was attached before" if repeated else "attached"
    click.echo(
        f"{window_id}: {added.name} {done}, entry {added.entry}:"
        f" {added.kind}, {added.media_type}, {added.size} bytes, SHA-256 {added.sha256}"
    )


@attachment.command(
    "list",
    short_help="List the documents of a window.",
    epilog="""\b
Examples:
  constat attachment list MAJ-2026-0142
  constat attachment list MAJ-2026-0142 -o csv

\b
Exit codes: 0 done · 2 several hospitals have that window · 5 no such window
· 6 the database cannot be reached""",
)
@window_argument
@hospital
@outputs()
@reads_database
def list_of_attachments(
    window_id: str, *, hospital: str | None, output: Output, target: Target
) -> None:
    """List the documents of window ID, in the order they came. Instants are UTC."""

    async def work(pool: Pool) -> Documents:
        return await list_documents(pool, await _located(pool, window_id, hospital))

    attachments = on_database(target, work).attachments
    print_rows([_row(each, output) for each in attachments], _COLUMNS, output, empty="no document")


@attachment.command(
    "get",
    short_help="Write a document of a window to a file.",
    epilog="""\b
Examples:
  constat attachment get MAJ-2026-0142 3f2a9c
  constat attachment get MAJ-2026-0142 3f2a9c -O /tmp/rapport.pdf
  constat attachment get MAJ-2026-0142 3f2a9c -O - | less

\b
DIGEST is what `attachment list` shows, or enough of its start. The bytes are checked against it.
Exit codes: 0 written · 1 the bytes are missing, or not those that were sealed · 2 the file exists,
or the digest is not clear · 5 no such window or document · 6 the database cannot be reached""",
)
@window_argument
@click.argument("digest", metavar="DIGEST")
@click.option(
    "-O",
    "--out",
    metavar="FILE",
    help="Where to; its own name in this folder by default, - for standard output.",
)
@hospital
@reads_database
def get(
    window_id: str, digest: str, *, out: str | None, hospital: str | None, target: Target
) -> None:
    """Write the document of window ID whose SHA-256 begins with DIGEST to a new file."""

    async def work(pool: Pool) -> tuple[Attachment, bytes]:
        return await fetch(pool, await _located(pool, window_id, hospital), digest)

    found, content = on_database(target, work)
    write_out(Path(out or found.name), content)


async def _located(pool: Pool, window_id: str, hospital: str | None) -> Where:
    async with connected(pool) as connection:
        return await locate(connection, window_id, hospital)


def _row(attachment: Attachment, output: Output) -> Row:
    whole = attachment.sha256
    return {
        "sha256": whole[:_DIGITS_SHOWN] if output is Output.TABLE else whole,
        "kind": attachment.kind.value,
        "name": attachment.name,
        "title": attachment.title,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "entry": attachment.entry,
        "added_at": format_instant(attachment.at_us),
    }
