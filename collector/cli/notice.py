"""`constat notice`: who was told of a window, whether it reached them, and their receipt."""

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.notice_register import register
from collector.cli.options import (
    Output,
    Signatory,
    Target,
    hospital,
    one_hospital,
    outputs,
    reads_database,
    seals_entries,
    window_argument,
)
from collector.cli.tables import Row, print_rows
from collector.courier.receipt import calendar_url
from collector.errors import ConfigurationError
from collector.record.documents import GivenNotice
from collector.register.planning import locate
from collector.register.telling import acknowledge as seal_acknowledgement
from collector.store.documents import read_documents
from collector.store.letters import Letter, letters_of, tenants_told
from collector.store.pool import Connection, Pool, connected
from collector.store.tenants import tenant_named
from collector.store.windows import windows_named
from probes.model.instant import format_instant

_COLUMNS = (
    "letter", "occasion", "channel", "role", "state", "attempts", "last_at", "answer",
    "acknowledged_at", "acknowledged_by",
)  # fmt: skip
_DIGITS_SHOWN = 16


@click.group(
    short_help="See who was told of a window.",
    epilog="""\b
Examples:
  constat notice list MAJ-2026-0001
  constat notice acknowledge MAJ-2026-0001/0/dsi --hospital CH-EXEMPLE
  constat notice register MAJ-2026-0001 --document lettre.pdf --means letter
  constat notice feed --hospital CH-EXEMPLE""",
)
def notice() -> None:
    """Letters: announcing a window sends them, every attempt to deliver one is in the log."""


@notice.command(
    "list",
    short_help="List the letters on a window or an alarm.",
    epilog="""\b
Examples:
  constat notice list MAJ-2026-0001
  constat notice list dpi-20261109T120100Z        an alarm: constat outage list, agents silences
  constat notice list MAJ-2026-0001 -o json

\b
Letters go out while a collector runs (constat up) whose settings name a mail server; until then
they are queued. Exit codes: 0 done · 2 several hospitals have that window · 5 no such window
· 6 the database cannot be reached""",
)
@window_argument
@hospital
@outputs()
@reads_database
def list_letters(window_id: str, *, hospital: str | None, output: Output, target: Target) -> None:
    """List to whom window or alarm ID was told, and what came of it. Instants are UTC.

    A notice that was given by other means is listed too, from when it was registered.
    """

    async def work(pool: Pool) -> list[Row]:
        async with connected(pool) as connection:
            told = await _hospital_told(connection, window_id, hospital)
            tenant_id = await tenant_named(connection, told)
            letters = await letters_of(connection, tenant_id, window_id)
            stated = await read_documents(connection, tenant_id, window_id)
        given = [_given(window_id, each) for each in stated.notices]
        return [*(_row(letter) for letter in letters), *given]

    rows = on_database(target, work)
    print_rows(rows, _COLUMNS, output, empty="no letter: no contact in the catalogue, or not yet")


@notice.command(
    "acknowledge",
    short_help="Enter that a letter was received.",
    epilog="""\b
Examples:
  constat notice acknowledge MAJ-2026-0001/0/dsi --hospital CH-EXEMPLE

\b
LETTER is what `notice list` shows. Exit codes: 0 done · 5 no such letter
· 6 the database cannot be reached""",
)
@click.argument("letter", metavar="LETTER")
@one_hospital
@seals_entries
def acknowledge(letter: str, *, hospital: str, signatory: Signatory) -> None:
    """Enter that LETTER was received; only the first time counts."""
    sealer = sealer_of(signatory.target)

    async def work(pool: Pool) -> Letter:
        return await seal_acknowledgement(pool, sealer, hospital, letter, signatory.author)

    found = on_database(signatory.target, work)
    given = format_instant(found.acknowledged_at or 0)
    click.echo(f"{letter} acknowledged {given} by {found.acknowledged_by}")


@notice.command(
    "feed",
    short_help="Print the address of a hospital's calendar.",
    epilog="""\b
Examples:
  constat notice feed --hospital CH-EXEMPLE

\b
Whoever has the address can read the hospital's windows. Exit codes: 0 done
· 2 the settings name no public_url · 5 no such hospital · 6 the database cannot be reached""",
)
@one_hospital
@seals_entries
def feed(*, hospital: str, signatory: Signatory) -> None:
    """Print the address an agenda subscribes to, to show the windows of a hospital."""
    settings = signatory.target.settings
    if settings is None or not settings.post.public_url:
        raise ConfigurationError("public_url: say in the settings where this collector is reached")

    async def known(pool: Pool) -> None:
        async with connected(pool) as connection:
            await tenant_named(connection, hospital)

    on_database(signatory.target, known)
    click.echo(calendar_url(settings.post.public_url, signatory.target.key(), hospital))


notice.add_command(register)


async def _hospital_told(connection: Connection, about: str, hospital: str | None) -> str:
    """Return the hospital whose window, outage or silence has that name."""
    if not await windows_named(connection, about):
        found = [each for each in await tenants_told(connection, about) if hospital in (None, each)]
        if len(found) > 1:
            raise ConfigurationError(
                f"several hospitals have an alarm {about}, say which: --hospital {found[0]}"
            )
        if found:
            return found[0]
    return (await locate(connection, about, hospital)).hospital


def _row(letter: Letter) -> Row:
    row: Row = {
        "letter": letter.letter,
        "occasion": letter.occasion,
        "channel": letter.channel,
        "role": letter.role,
        "state": letter.state,
        "attempts": letter.attempts,
        "answer": letter.answer,
    }
    if letter.last_at is not None:
        row["last_at"] = format_instant(letter.last_at)
    if letter.acknowledged_at is not None:
        row["acknowledged_at"] = format_instant(letter.acknowledged_at)
        row["acknowledged_by"] = letter.acknowledged_by
    return row


def _given(window_id: str, given: GivenNotice) -> Row:
    row: Row = {
        "letter": f"{window_id}/{given.sha256[:_DIGITS_SHOWN]}",
        "occasion": "registered",
        "channel": given.means.value,
        "state": "registered",
        "last_at": format_instant(given.at_us),
    }
    if given.claimed_us is not None:
        row["answer"] = f"said to have been given {format_instant(given.claimed_us)}"
    return row
