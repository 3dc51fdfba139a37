"""`constat window start`, `finish`, `close` and `cancel`: the steps after the announcement."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple
from zoneinfo import ZoneInfo

import click

from collector.assess import record_verdict, report_on
from collector.cli.database import on_database, sealer_of
from collector.cli.options import Signatory, hospital, seals_entries, window_argument
from collector.cli.times import read_instant
from collector.record.steps import RegisteredWindow
from collector.register.agreements import zone_of
from collector.register.planning import Where, cancel, close, finish, locate, start
from collector.report.value import Report
from collector.store.pool import Pool, connected
from probes.model.instant import format_instant

_AT = click.option(
    "--at",
    "at",
    metavar="TIME",
    help="When it really was, if before now: RFC 3339, or local time of the site.",
)
_CODES = """\
Exit codes: 0 done · 2 a time is not right · 5 no such window · 6 refused, the reason is said"""


@click.command(
    "start",
    short_help="Register that the operation started.",
    epilog=f"""\b
Examples:
  constat window start MAJ-2026-0142
  constat window start MAJ-2026-0142 --at 2026-11-14T22:05

\b
{_CODES}""",
)
@window_argument
@_AT
@hospital
@seals_entries
def start_window(
    window_id: str, *, at: str | None, hospital: str | None, signatory: Signatory
) -> None:
    """Register that the operation of window ID starts now.

    It may start and finish several times; each time is an intervention that widens the window.
    """

    async def step(pool: Pool, where: Where, at_us: int | None) -> RegisteredWindow:
        return await start(pool, sealer_of(signatory.target), where, at_us, signatory.author)

    _take(_Named(window_id, hospital, at), signatory, step, "started")


@click.command(
    "finish",
    short_help="Register that the operation finished.",
    epilog=f"""\b
Examples:
  constat window finish MAJ-2026-0142
  constat window finish MAJ-2026-0142 --at 2026-11-15T01:45

\b
{_CODES}""",
)
@window_argument
@_AT
@hospital
@seals_entries
def finish_window(
    window_id: str, *, at: str | None, hospital: str | None, signatory: Signatory
) -> None:
    """Register that the operation of window ID finishes now; the window stays open."""

    async def step(pool: Pool, where: Where, at_us: int | None) -> RegisteredWindow:
        return await finish(pool, sealer_of(signatory.target), where, at_us, signatory.author)

    _take(_Named(window_id, hospital, at), signatory, step, "finished")


@click.command(
    "close",
    short_help="Close a window: nothing more is to come.",
    epilog=f"""\b
Examples:
  constat window close MAJ-2026-0142
  constat window show MAJ-2026-0142

\b
{_CODES}""",
)
@window_argument
@hospital
@seals_entries
def close_window(window_id: str, *, hospital: str | None, signatory: Signatory) -> None:
    """Close window ID: nothing more is to come.

    Its verdict is sealed at once if it has fallen, or else by the collector once the return to
    production has held.
    """
    sealer, author = sealer_of(signatory.target), signatory.author

    async def work(pool: Pool) -> Report:
        async with connected(pool) as connection:
            where = await locate(connection, window_id, hospital)
        await close(pool, sealer, where, author)
        recorded = await record_verdict(pool, where, sealer, author)
        return recorded or await report_on(pool, where, sealer.now_us())

    assessment = on_database(signatory.target, work).assessment
    click.echo(
        f"{window_id} closed: duration {assessment.verdict}, notice {assessment.notice.verdict}"
    )


@click.command(
    "cancel",
    short_help="Cancel a window that has not started.",
    epilog=f"""\b
Examples:
  constat window cancel MAJ-2026-0142

\b
{_CODES}""",
)
@window_argument
@hospital
@seals_entries
def cancel_window(window_id: str, *, hospital: str | None, signatory: Signatory) -> None:
    """Cancel window ID. What has started cannot be cancelled: it will be judged."""

    async def step(pool: Pool, where: Where, _: int | None) -> RegisteredWindow:
        return await cancel(pool, sealer_of(signatory.target), where, signatory.author)

    _take(_Named(window_id, hospital, None), signatory, step, "cancelled")


class _Named(NamedTuple):
    """A window and an instant as they were typed."""

    window_id: str
    hospital: str | None
    at: str | None


def _take(
    named: _Named,
    signatory: Signatory,
    step: Callable[[Pool, Where, int | None], Awaitable[RegisteredWindow]],
    done: str,
) -> None:
    """Find the window, read the instant in its site's zone, take the step and say so."""

    async def work(pool: Pool) -> str:
        async with connected(pool) as connection:
            where = await locate(connection, named.window_id, named.hospital)
            zone = await zone_of(connection, where.hospital, where.service)
        at_us = None if named.at is None else read_instant("--at", named.at, zone)
        window = await step(pool, where, at_us)
        return f"{window.id} {done}: {_moment(window, zone)}"

    click.echo(on_database(signatory.target, work))


def _moment(window: RegisteredWindow, zone: ZoneInfo) -> str:
    """Say what the last step of a window was about, on the site's clocks."""
    if window.closed_at_us is not None:
        return format_instant(window.closed_at_us, zone)
    last = window.interventions[-1]
    return format_instant(last.start_us if last.end_us is None else last.end_us, zone)
