"""`constat window authorise` and `inform`: what must precede a hot correction."""

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.options import Signatory, hospital, seals_entries, window_argument
from collector.cli.texts import one_line
from collector.evidence.names import Person
from collector.record.steps import StepKind
from collector.register.agreements import zone_of
from collector.register.clearing import clear
from collector.register.planning import locate
from collector.store.pool import Pool, connected
from probes.model.instant import format_instant

_CODES = """\
Exit codes: 0 registered · 2 an option is not right · 5 no such window
· 6 refused, the reason is said"""
_BY_HELP = "their name; kept beside the log, and can be erased"
_reference = click.option(
    "--reference", metavar="TEXT", default="", help="Document it is in; no names here."
)


@click.command(
    "authorise",
    short_help="Register the client's authorisation of a hot correction.",
    epilog=f"""\b
Examples:
  constat window authorise MAJ-2026-0142 --by "Camille Martin" --reference "BT 2026-118"

\b
On an instance of the client's own it must precede the intervention (§4.1.5).
{_CODES}""",
)
@window_argument
@click.option("--by", metavar="NAME", help=f"Who gave it: {_BY_HELP}.")
@_reference
@hospital
@seals_entries
def authorise_window(
    window_id: str,
    *,
    by: str | None,
    reference: str,
    hospital: str | None,
    signatory: Signatory,
) -> None:
    """Register that the client authorised window ID. It counts from now, whenever it was given."""
    _register(window_id, hospital, signatory, StepKind.AUTHORISED, by, reference)


@click.command(
    "inform",
    short_help="Register that the client was told of a hot correction.",
    epilog=f"""\b
Examples:
  constat window inform MAJ-2026-0142 --by "Camille Martin" --reference "courriel du 12/11"

\b
Where clients share an instance (SaaS) it must precede the intervention (§4.1.5).
{_CODES}""",
)
@window_argument
@click.option("--by", metavar="NAME", help=f"Who was told: {_BY_HELP}.")
@_reference
@hospital
@seals_entries
def inform_window(
    window_id: str,
    *,
    by: str | None,
    reference: str,
    hospital: str | None,
    signatory: Signatory,
) -> None:
    """Register that the client was told of window ID. It counts from now, whenever that was."""
    _register(window_id, hospital, signatory, StepKind.INFORMED, by, reference)


def _register(  # noqa: PLR0913, PLR0917 - what both commands were given
    window_id: str,
    hospital: str | None,
    signatory: Signatory,
    kind: StepKind,
    by: str | None,
    reference: str,
) -> None:
    person = Person(one_line("--by", by)) if by else None
    document = one_line("--reference", reference) if reference else ""
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> str:
        async with connected(pool) as connection:
            where = await locate(connection, window_id, hospital)
            zone = await zone_of(connection, where.hospital, where.service)
        window = await clear(pool, sealer, where, author, kind, person, document)
        given = window.clearances[-1]
        return f"{window.id} {kind.value.partition('.')[2]}: {format_instant(given.at_us, zone)}"

    click.echo(on_database(signatory.target, work))
