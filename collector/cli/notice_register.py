"""`constat notice register`: a notice that was given by other means, with its document."""

from pathlib import Path
from zoneinfo import ZoneInfo

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.options import Member, Signatory, hospital, seals_entries, window_argument
from collector.cli.texts import read_document
from collector.cli.times import read_instant
from collector.record.documents import Means
from collector.register.agreements import zone_of
from collector.register.given import Registered, register_notice
from collector.register.planning import locate
from collector.store.pool import Pool, connected
from probes.model.instant import format_instant


@click.command(
    "register",
    short_help="Register a notice given by other means.",
    epilog="""\b
Examples:
  constat notice register MAJ-2026-0142 --document lettre.pdf --means letter
  constat notice register MAJ-2026-0142 --document courriel.eml --means email \\
      --said-at 2026-11-02T09:30

\b
It counts from now, on the collector's clock: never from the date that is typed, which is printed as
what is claimed. Announcing a window is the notice already (constat window announce), so this never
changes a verdict; it is listed, and printed with it.
Exit codes: 0 registered, or registered before · 2 the file or a time is not right
· 5 no such window · 6 the database cannot be reached""",
)
@window_argument
@click.option(
    "--document",
    type=click.Path(path_type=Path),
    required=True,
    help="The letter or message that proves it; attached to the window.",
)
@click.option("--means", type=Member(Means), required=True, help="How it was given.")
@click.option(
    "--said-at",
    metavar="TIME",
    help="When it is said to have been given: RFC 3339, or local time of the site.",
)
@hospital
@seals_entries
def register(  # noqa: PLR0913 - the options of the command
    window_id: str,
    *,
    document: Path,
    means: Means,
    said_at: str | None,
    hospital: str | None,
    signatory: Signatory,
) -> None:
    """Register that notice of window ID was given outside of this register."""
    given = read_document(document)
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> str:
        async with connected(pool) as connection:
            where = await locate(connection, window_id, hospital)
            zone = await zone_of(connection, where.hospital, where.service)
        claimed_us = None if said_at is None else read_instant("--said-at", said_at, zone)
        made = await register_notice(pool, sealer, where, author, given, means, claimed_us)
        return _told(window_id, made, zone)

    click.echo(on_database(signatory.target, work))


def _told(window_id: str, made: Registered, zone: ZoneInfo) -> str:
    done = "was registered before" if made.repeated else "registered"
    instant = format_instant(made.notice.at_us, zone)
    line = f"{window_id}: notice by {made.notice.means} {done}, it counts from {instant}"
    if made.announced_us is None:
        return f"{line}\n  by its plan the operation had begun: that is no notice"
    announced = format_instant(made.announced_us, zone)
    return f"{line}\n  the window was announced {announced}, which counts before it"
