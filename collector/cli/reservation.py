"""`constat reservation`: the hospital's own statement on a window, sealed and printed with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.options import (
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
from collector.cli.texts import one_line, read_bytes
from collector.errors import ConfigurationError
from collector.evidence.names import Person
from collector.record.documents import Reservation
from collector.register.names import persons_of
from collector.register.planning import locate
from collector.register.reserving import LONGEST_TEXT, reserve, statement_of
from collector.store.documents import read_documents
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from probes.model.instant import format_instant

_COLUMNS: Final = ("entry", "made_at", "by", "text")
_LONGEST_BYTES: Final = 4 * (LONGEST_TEXT + 1)


@click.group(
    short_help="Make a reservation on a window, or list them.",
    epilog="""\b
Examples:
  constat reservation add MAJ-2026-0142 --text "Le laboratoire n'a pas été prévenu." \\
      --by "Camille Martin"
  constat reservation list MAJ-2026-0142""",
)
def reservation() -> None:
    """Réserves: what the hospital states on a window, sealed word for word."""


@reservation.command(
    "add",
    short_help="Make a reservation on a window.",
    epilog="""\b
Examples:
  constat reservation add MAJ-2026-0142 --text "Le laboratoire n'a pas été prévenu."
  constat reservation add MAJ-2026-0142 --file reserve.txt --by "Camille Martin" --by "Alix Roy"

\b
It is printed with the verdict and changes no figure. It cannot be edited or taken back: a later one
may say more. Exit codes: 0 sealed · 2 the text cannot be taken · 5 no such window
· 6 the database cannot be reached""",
)
@window_argument
@click.option("--text", metavar="TEXT", help="The statement; it is sealed, so no names here.")
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    help="A text file, UTF-8, in which it is written; at most 10,000 characters.",
)
@click.option(
    "--by",
    "named",
    multiple=True,
    metavar="NAME",
    help="Who says it; kept beside the log, and can be erased. May be repeated.",
)
@hospital
@seals_entries
def add(  # noqa: PLR0913 - the options of the command
    window_id: str,
    *,
    text: str | None,
    file: Path | None,
    named: tuple[str, ...],
    hospital: str | None,
    signatory: Signatory,
) -> None:
    """State something on window ID in the name of the hospital, whatever its state."""
    said = statement_of(_statement(text, file))
    persons = [Person(one_line("--by", name)) for name in named]
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> Reservation:
        async with connected(pool) as connection:
            where = await locate(connection, window_id, hospital)
        return await reserve(pool, sealer, where, author, said, persons)

    made = on_database(signatory.target, work)
    click.echo(f"{window_id}: reservation sealed {format_instant(made.at_us)}, entry {made.entry}")


@reservation.command(
    "list",
    short_help="List the reservations on a window.",
    epilog="""\b
Examples:
  constat reservation list MAJ-2026-0142
  constat reservation list MAJ-2026-0142 -o json

\b
Exit codes: 0 done · 2 several hospitals have that window · 5 no such window
· 6 the database cannot be reached""",
)
@window_argument
@hospital
@outputs()
@reads_database
def list_of_reservations(
    window_id: str, *, hospital: str | None, output: Output, target: Target
) -> None:
    """List what the hospital stated on window ID. Instants are UTC; an erased name is left out."""

    async def work(pool: Pool) -> list[Row]:
        async with connected(pool) as connection:
            where = await locate(connection, window_id, hospital)
            tenant_id = await tenant_named(connection, where.hospital)
            stated = await read_documents(connection, tenant_id, window_id)
            persons = await persons_of(connection, tenant_id)
        return [_row(each, persons, output) for each in stated.reservations]

    print_rows(on_database(target, work), _COLUMNS, output, empty="no reservation")


def _statement(text: str | None, file: Path | None) -> str:
    if (text is None) is (file is None):
        raise ConfigurationError("what is stated? Give --text or --file, one of them")
    if file is None:
        return text or ""
    try:
        return read_bytes(file, _LONGEST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{file} is not UTF-8 at byte {error.start}, or far too long"
        ) from None


def _row(reservation: Reservation, persons: Mapping[str, Person], output: Output) -> Row:
    names = [persons[each].name for each in reservation.by if each in persons]
    text = reservation.text
    return {
        "entry": reservation.entry,
        "made_at": format_instant(reservation.at_us),
        "by": ", ".join(names),
        "text": " ".join(text.split()) if output is Output.TABLE else text,
    }
