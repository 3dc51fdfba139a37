"""`constat names`: who is named in the register, and erasing somebody from it."""

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.options import (
    Output,
    Signatory,
    Target,
    completes,
    outputs,
    reads_database,
    seals_entries,
)
from collector.cli.tables import Row, print_rows
from collector.register.names import erase_person, list_persons
from collector.store.persons import KeptPerson
from collector.store.pool import Pool
from probes.model.instant import format_instant

_COLUMNS = ("name", "email", "company", "kept_since", "commitment")
_of_hospital = click.option(
    "--hospital",
    "of_hospital",
    metavar="H",
    required=True,
    help="The hospital.",
    shell_complete=completes("hospital"),
)


@click.group(
    short_help="List the persons the register names, or erase one.",
    epilog="""\b
Examples:
  constat names list --hospital CH-EXEMPLE
  constat names erase 5d0c… --hospital CH-EXEMPLE

\b
Names and addresses are not in the log: it holds what commits to them. Erasing somebody leaves
every entry, its place and its signature valid. A collector that runs erases whoever has been of no
use for six months: name_days in constat.yaml.""",
)
def names() -> None:
    """Persons named in the register: contacts, and whoever authorised, was told or intervened."""


@names.command(
    "list",
    short_help="List the persons the register of a hospital names.",
    epilog="""\b
Examples:
  constat names list --hospital CH-EXEMPLE
  constat names list --hospital CH-EXEMPLE -o csv

\b
Exit codes: 0 done · 5 no such hospital · 6 the database cannot be reached""",
)
@_of_hospital
@outputs()
@reads_database
def list_of_names(*, of_hospital: str, output: Output, target: Target) -> None:
    """List persons with the commitment that stands for each in the log."""

    async def work(pool: Pool) -> list[KeptPerson]:
        return await list_persons(pool, of_hospital)

    rows: list[Row] = [
        {
            "name": kept.person.name,
            "email": kept.person.email,
            "company": kept.person.company,
            "kept_since": format_instant(kept.kept_us),
            "commitment": kept.commitment,
        }
        for kept in on_database(target, work)
    ]
    print_rows(rows, _COLUMNS, output, empty="nobody")


@names.command(
    "erase",
    short_help="Erase the name and address of a person.",
    epilog="""\b
Examples:
  constat names erase 5d0c… --hospital CH-EXEMPLE

\b
A backup may still hold the name: it has to be erased there too.
Exit codes: 0 erased · 5 nobody is kept as that · 6 the database cannot be reached""",
)
@click.argument("commitment")
@_of_hospital
@seals_entries
def erase_name(commitment: str, *, of_hospital: str, signatory: Signatory) -> None:
    """Erase the person that COMMITMENT stands for. Who it was is gone; that is sealed."""
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> None:
        await erase_person(pool, sealer, of_hospital, commitment, author)

    on_database(signatory.target, work)
    click.echo(f"{commitment} erased from {of_hospital}")
