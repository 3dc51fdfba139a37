"""`constat window announce`, `reschedule` and `extend`: the plan, and the notice it gives."""

from zoneinfo import ZoneInfo

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.operation import describes_operation
from collector.cli.options import Signatory, completes, hospital, seals_entries, window_argument
from collector.cli.times import read_instant, read_length
from collector.errors import ConfigurationError
from collector.judge.operation import Operation
from collector.judge.terms import STRATEGIC_LIMIT_US, ServiceClass
from collector.record.steps import RegisteredWindow
from collector.register.agreements import agreed_for, zone_of
from collector.register.membership import hospitals_asked
from collector.register.planning import (
    Announcement,
    announce_all,
    extend,
    locate,
    reschedule,
)
from collector.store.pool import Connection, Pool, connected
from collector.store.tenants import tenant_named
from probes.model.instant import format_duration, format_instant
from probes.model.interval import Interval

_TIMES = "RFC 3339 with an offset, or local time of the site: 2026-11-14T22:00"
_CODES = """\
Exit codes: 0 done · 2 a time is not right · 5 no such window · 6 refused, the reason is said"""

_end = click.option("--end", help="Planned end, written like --start.")
_length = click.option("--for", "length", help="Planned length instead of --end, as in PT4H.")


@click.command(
    "announce",
    short_help="Announce a window; the notice counts from now.",
    epilog="""\b
Examples:
  constat window announce --hospital CH-EXEMPLE --service dpi \\
      --start 2026-11-14T22:00 --for PT4H
  constat window announce --hospital CH-EXEMPLE --service dpi --id MAJ-2026-0142 \\
      --start 2026-11-14T22:00:00+01:00 --end 2026-11-15T02:00:00+01:00 \\
      --version-from 8.4.1 --version-to 9.0.0 --version-kind major --limit PT3H --off-hours
  constat window announce --group GHT-EXEMPLE --service dpi \\
      --start 2026-11-14T22:00 --for PT1H --hot

\b
With several hospitals, or a group, each gets a window of its own and all share an operation;
a local time is then that of each site.
Exit codes: 0 announced · 2 a time or an option is not right · 5 no such hospital or service
· 6 the id exists already, or the database cannot be reached""",
)
@click.option(
    "--hospital",
    "hospitals",
    metavar="H",
    multiple=True,
    help="The hospital; may be given several times.",
    shell_complete=completes("hospital"),
)
@click.option(
    "--group",
    metavar="G",
    help="Every hospital of this group that has the service.",
    shell_complete=completes("group"),
)
@click.option(
    "--service",
    metavar="S",
    required=True,
    help="The service operated on.",
    shell_complete=completes("service"),
)
@click.option("--start", required=True, help=f"Planned start: {_TIMES}.")
@_end
@_length
@click.option("--id", "window_id", metavar="ID", help="As in MAJ-2026-0142; the next one if none.")
@describes_operation
@seals_entries
def announce_window(  # noqa: PLR0913 - the options of the command
    *,
    hospitals: tuple[str, ...],
    group: str | None,
    service: str,
    start: str,
    end: str | None,
    length: str | None,
    window_id: str | None,
    operation: Operation,
    signatory: Signatory,
) -> None:
    """Announce an operation on a service of one hospital, or of several.

    The notice is what the collector's clock says when this is sealed; no date is typed for it.
    """
    sealer, author = sealer_of(signatory.target), signatory.author

    async def announced(connection: Connection, of_hospital: str) -> tuple[Announcement, ZoneInfo]:
        tenant_id = await tenant_named(connection, of_hospital)
        agreed = await agreed_for(connection, tenant_id, of_hospital, service)
        plan = _plan(start, end, length, agreed.zone)
        _tell_of_limit(operation, agreed.service.service_class)
        return Announcement(of_hospital, service, plan, window_id, operation), agreed.zone

    async def work(pool: Pool) -> list[str]:
        async with connected(pool) as connection:
            asked = await hospitals_asked(connection, hospitals, group, service)
            if window_id is not None and len(asked) > 1:
                raise ConfigurationError("--id names one window; several share an --operation")
            announcements = [await announced(connection, each) for each in asked]
        windows = await announce_all(pool, sealer, [each for each, _ in announcements], author)
        zones = [zone for _, zone in announcements]
        return [
            _notified(window, zone, "announced")
            for window, zone in zip(windows, zones, strict=True)
        ]

    click.echo("\n".join(on_database(signatory.target, work)))


@click.command(
    "reschedule",
    short_help="Announce another plan for a window.",
    epilog=f"""\b
Examples:
  constat window reschedule MAJ-2026-0142 --start 2026-11-21T22:00 --for PT4H
  constat window reschedule MAJ-2026-0142 --start 2026-11-14T22:00 --end 2026-11-15T01:00

\b
Shrinking inside the announced interval keeps the notice; moving or extending outside it starts
a new one. A window that has started can only have its end moved.
{_CODES}""",
)
@window_argument
@click.option("--start", required=True, help=f"Planned start: {_TIMES}.")
@_end
@_length
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


@click.command(
    "extend",
    short_help="Announce a later end for a window.",
    epilog=f"""\b
Examples:
  constat window extend MAJ-2026-0142 --end 2026-11-15T03:00

\b
The longer plan needs a notice of its own: one given as the operation runs is too short.
{_CODES}""",
)
@window_argument
@click.option("--end", required=True, help=f"Planned end: {_TIMES}.")
@hospital
@seals_entries
def extend_window(window_id: str, *, end: str, hospital: str | None, signatory: Signatory) -> None:
    """Give window ID a later end, whether its operation runs or not."""
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> tuple[RegisteredWindow, ZoneInfo]:
        async with connected(pool) as connection:
            found = await locate(connection, window_id, hospital)
            zone = await zone_of(connection, found.hospital, found.service)
        end_us = read_instant("--end", end, zone)
        return await extend(pool, sealer, found, end_us, author), zone

    extended, zone = on_database(signatory.target, work)
    click.echo(_notified(extended, zone, "extended"))


def _plan(start: str, end: str | None, length: str | None, zone: ZoneInfo) -> Interval:
    if (end is None) == (length is None):
        raise ConfigurationError("how long? Give one of --end and --for")
    opens = read_instant("--start", start, zone)
    if end is not None:
        return Interval(opens, read_instant("--end", end, zone))
    return Interval(opens, opens + read_length("--for", length or ""))


def _tell_of_limit(operation: Operation, service_class: ServiceClass) -> None:
    limit_us = operation.limit_us or 0
    if service_class is ServiceClass.STRATEGIC and limit_us > STRATEGIC_LIMIT_US:
        click.echo(
            f"constat: --limit: {format_duration(limit_us)} is kept as it was agreed, and PT4H"
            " applies: a strategic service never has more",
            err=True,
        )


def _notified(window: RegisteredWindow, zone: ZoneInfo, done: str) -> str:
    start, end = (format_instant(instant, zone) for instant in window.plan)
    notified = window.revisions[-1].notified_at_us
    told = "no notice: its planned start is past"
    if notified is not None:
        told = f"notified {format_instant(notified, zone)}"
    shared = f" of {window.operation.id}" if window.operation.id and done == "announced" else ""
    return (
        f"{window.id}{shared} {done}: {window.service} at {window.hospital}, {start} to {end}"
        f" ({told})"
    )
