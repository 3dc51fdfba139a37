"""`constat window announce` and `reschedule`: the plan, and the notice it gives."""

from zoneinfo import ZoneInfo

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.options import Signatory, hospital, seals_entries
from collector.cli.times import read_instant, read_length
from collector.errors import ConfigurationError
from collector.register.agreed import zone_of
from collector.register.planning import Announcement, announce, locate, reschedule
from collector.register.steps import RegisteredWindow
from collector.store.pool import Pool, connected
from probes.model.instant import format_instant
from probes.model.interval import Interval

_TIMES = "RFC 3339 with an offset, or local time of the site: 2026-11-14T22:00"


@click.command(
    "announce",
    short_help="Announce a window; the notice counts from now.",
    epilog="""\b
Examples:
  constat window announce --hospital CH-EXEMPLE --service dpi \\
      --start 2026-11-14T22:00 --for PT4H
  constat window announce --hospital CH-EXEMPLE --service dpi --id MAJ-2026-0142 \\
      --start 2026-11-14T22:00:00+01:00 --end 2026-11-15T02:00:00+01:00

\b
Exit codes: 0 announced · 2 a time or an option is not right · 5 no such hospital or service
· 6 the id exists already, or the database cannot be reached""",
)
@click.option("--hospital", "of_hospital", metavar="H", required=True, help="The hospital.")
@click.option("--service", metavar="S", required=True, help="The service operated on.")
@click.option("--start", required=True, help=f"Planned start: {_TIMES}.")
@click.option("--end", help="Planned end, written like --start.")
@click.option("--for", "length", help="Planned length instead of --end, as in PT4H.")
@click.option("--id", "window_id", metavar="ID", help="As in MAJ-2026-0142; the next one if none.")
@seals_entries
def announce_window(  # noqa: PLR0913 - the options of the command
    *,
    of_hospital: str,
    service: str,
    start: str,
    end: str | None,
    length: str | None,
    window_id: str | None,
    signatory: Signatory,
) -> None:
    """Announce an operation on a service of a hospital.

    The notice is what the collector's clock says when this is sealed; no date is typed for it.
    """
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> tuple[RegisteredWindow, ZoneInfo]:
        async with connected(pool) as connection:
            zone = await zone_of(connection, of_hospital, service)
        plan = _plan(start, end, length, zone)
        announced = await announce(
            pool, sealer, Announcement(of_hospital, service, plan, window_id), author
        )
        return announced, zone

    announced, zone = on_database(signatory.target, work)
    click.echo(_notified(announced, zone, "announced"))


@click.command(
    "reschedule",
    short_help="Announce another plan for a window.",
    epilog="""\b
Examples:
  constat window reschedule MAJ-2026-0142 --start 2026-11-21T22:00 --for PT4H
  constat window reschedule MAJ-2026-0142 --start 2026-11-14T22:00 --end 2026-11-15T01:00

\b
Shrinking inside the announced interval keeps the notice; moving or extending outside it starts
a new one. A window that has started can only have its end moved.
Exit codes: 0 done · 2 a time is not right · 5 no such window · 6 refused, the reason is said""",
)
@click.argument("window_id", metavar="ID")
@click.option("--start", required=True, help=f"Planned start: {_TIMES}.")
@click.option("--end", help="Planned end, written like --start.")
@click.option("--for", "length", help="Planned length instead of --end, as in PT4H.")
@hospital
@seals_entries
def reschedule_window(  # noqa: PLR0913 - the options of the command
    window_id: str,
    *,
    start: str,
    end: str | None,
    length: str | None,
    hospital: str | None,
    signatory: Signatory,
) -> None:
    """Give window ID another plan; the one before stays in the log."""
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> tuple[RegisteredWindow, ZoneInfo]:
        async with connected(pool) as connection:
            found = await locate(connection, window_id, hospital)
            zone = await zone_of(connection, found.hospital, found.service)
        plan = _plan(start, end, length, zone)
        return await reschedule(pool, sealer, found, plan, author), zone

    rescheduled, zone = on_database(signatory.target, work)
    click.echo(_notified(rescheduled, zone, "rescheduled"))


def _plan(start: str, end: str | None, length: str | None, zone: ZoneInfo) -> Interval:
    if (end is None) == (length is None):
        raise ConfigurationError("how long? Give one of --end and --for")
    opens = read_instant("--start", start, zone)
    if end is not None:
        return Interval(opens, read_instant("--end", end, zone))
    return Interval(opens, opens + read_length("--for", length or ""))


def _notified(window: RegisteredWindow, zone: ZoneInfo, done: str) -> str:
    start, end = (format_instant(instant, zone) for instant in window.plan)
    notified = window.revisions[-1].notified_at_us or 0
    return (
        f"{window.id} {done}: {window.service} at {window.hospital}, {start} to {end}"
        f" (notified {format_instant(notified, zone)})"
    )
