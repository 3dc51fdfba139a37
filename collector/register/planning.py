"""Announcing windows and taking their steps: each is checked, sealed and projected at once."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from collector.errors import ConfigurationError, NotFoundError, RefusedError
from collector.judge.operation import UNDESCRIBED, Operation
from collector.record.agreed import Agreed
from collector.record.steps import RegisteredWindow, StepKind
from collector.register.agreements import agreed_for
from collector.register.legality import (
    check_cancel,
    check_close,
    check_extend,
    check_finish,
    check_reschedule,
    check_start,
)
from collector.register.sealing import Desk, Sealer, open_desk, read_window
from collector.store.pool import Connection, Pool, transaction
from collector.store.tenants import tenant_named
from collector.store.windows import lock_numbering, windows_named
from probes.model.instant import local_date
from probes.model.interval import Interval

ID_PREFIX: Final = "MAJ"
OPERATION_PREFIX: Final = "OP"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is announced; without an id the next one of the year is given."""

    hospital: str
    service: str
    plan: Interval
    window_id: str | None = None
    operation: Operation = UNDESCRIBED

    def __post_init__(self) -> None:
        """Refuse a plan that ends before it starts, and an id that could not name a file."""
        check_plan(self.plan)
        for name, what in ((self.window_id, "a window"), (self.operation.id, "an operation")):
            if name is not None and _ID.fullmatch(name) is None:
                raise ConfigurationError(f"{name!r} is no id for {what}, as in MAJ-2026-0142")


async def announce(
    pool: Pool, sealer: Sealer, announcement: Announcement, author: str
) -> RegisteredWindow:
    """Announce a window; the notice counts from the instant it is sealed."""
    [window] = await announce_all(pool, sealer, [announcement], author)
    return window


async def announce_all(
    pool: Pool, sealer: Sealer, announcements: Sequence[Announcement], author: str
) -> list[RegisteredWindow]:
    """Announce one operation, a window for each hospital: all of them or none.

    With several, what they have in common is an operation with an id; without one, the first of
    their windows gives it.
    """
    async with transaction(pool) as connection:
        named = [
            (await tenant_named(connection, each.hospital), each.hospital) for each in announcements
        ]
        # Heads are locked in order of tenant, so that two announcements cannot wait for each other.
        desks = {
            hospital: await open_desk(connection, tenant_id, hospital, sealer, author)
            for tenant_id, hospital in sorted(named)
        }
        windows: list[RegisteredWindow] = []
        shared: str | None = None
        for each in announcements:
            window_id, body = await _announced(desks[each.hospital], each)
            if len(announcements) > 1 and each.operation.id is None:
                shared = shared or f"{OPERATION_PREFIX}-{window_id.removeprefix(f'{ID_PREFIX}-')}"
                body["operation"] = {**body.get("operation", {}), "id": shared}
            windows.append(
                await take_step(desks[each.hospital], StepKind.ANNOUNCED, window_id, **body)
            )
        return windows


async def _announced(desk: Desk, announcement: Announcement) -> tuple[str, dict[str, Any]]:
    """Return the id of the window that is announced, and the body of its entry."""
    agreed = await agreed_for(desk.connection, desk.tenant_id, desk.tenant, announcement.service)
    window_id = announcement.window_id or await _next_id(desk.connection, announcement, agreed)
    if await read_window(desk, window_id) is not None:
        raise RefusedError(f"{window_id} exists already: constat window show {window_id}")
    body: dict[str, Any] = {
        "service": announcement.service,
        "start_us": announcement.plan.start,
        "end_us": announcement.plan.end,
    }
    if stated := _operation(announcement.operation, agreed).to_json():
        body["operation"] = stated
    return window_id, body


def _operation(operation: Operation, agreed: Agreed) -> Operation:
    """Return an operation with whose instance it is on, which the product may say."""
    whose = operation.instance or agreed.instance
    if operation.hot and whose is None:
        raise ConfigurationError(
            "a hot correction: say --instance dedicated, where the client authorises it first,"
            " or --instance saas, where it is informed first"
        )
    return replace(operation, instance=whose)


async def reschedule(
    pool: Pool, sealer: Sealer, where: "Where", plan: Interval, author: str
) -> RegisteredWindow:
    """Announce another plan for a window; its notice counts as rules section 8 says."""
    check_plan(plan)
    async with window_desk(pool, sealer, where, author) as desk:
        check_reschedule(await existing(desk, where), plan)
        return await take_step(
            desk, StepKind.RESCHEDULED, where.window_id, start_us=plan.start, end_us=plan.end
        )


async def extend(
    pool: Pool, sealer: Sealer, where: "Where", end_us: int, author: str
) -> RegisteredWindow:
    """Announce a later end for a window, whether it runs or not."""
    async with window_desk(pool, sealer, where, author) as desk:
        window = await existing(desk, where)
        check_extend(window, end_us)
        return await take_step(
            desk, StepKind.EXTENDED, where.window_id, start_us=window.plan.start, end_us=end_us
        )


async def start(
    pool: Pool, sealer: Sealer, where: "Where", at_us: int | None, author: str
) -> RegisteredWindow:
    """Register that the operation started, now unless an instant of the past is given."""
    async with window_desk(pool, sealer, where, author) as desk:
        started_us = desk.at_us if at_us is None else at_us
        check_start(await existing(desk, where), started_us, desk.at_us)
        return await take_step(desk, StepKind.STARTED, where.window_id, start_us=started_us)


async def finish(
    pool: Pool, sealer: Sealer, where: "Where", at_us: int | None, author: str
) -> RegisteredWindow:
    """Register that the operation finished, now unless an instant of the past is given."""
    async with window_desk(pool, sealer, where, author) as desk:
        finished_us = desk.at_us if at_us is None else at_us
        check_finish(await existing(desk, where), finished_us, desk.at_us)
        return await take_step(desk, StepKind.FINISHED, where.window_id, end_us=finished_us)


async def close(pool: Pool, sealer: Sealer, where: "Where", author: str) -> RegisteredWindow:
    """Close a window: nothing more is to come, it can be judged."""
    return await _end(pool, sealer, where, author, StepKind.CLOSED, check_close)


async def cancel(pool: Pool, sealer: Sealer, where: "Where", author: str) -> RegisteredWindow:
    """Cancel a window that has not started."""
    return await _end(pool, sealer, where, author, StepKind.CANCELLED, check_cancel)


@dataclass(frozen=True, slots=True)
class Where:
    """A window, the hospital it belongs to and the service it is about."""

    hospital: str
    window_id: str
    service: str


async def locate(connection: Connection, window_id: str, hospital: str | None = None) -> Where:
    """Return where a window is; `NotFoundError` when nowhere, `ConfigurationError` when twice."""
    rows = await windows_named(connection, window_id)
    found = [row for row in rows if hospital in (None, row.tenant)]
    if not found:
        raise NotFoundError(f"there is no window {window_id}: constat window list")
    if len(found) > 1:
        raise ConfigurationError(
            f"several hospitals have a window {window_id}, say which: --hospital {found[0].tenant}"
        )
    return Where(found[0].tenant, window_id, found[0].service)


def check_plan(plan: Interval) -> None:
    """Refuse a plan that ends before it starts."""
    if plan.end <= plan.start:
        raise ConfigurationError("a window ends after it starts: see --start, --end and --for")


@asynccontextmanager
async def window_desk(pool: Pool, sealer: Sealer, where: Where, author: str) -> AsyncIterator[Desk]:
    """Yield a desk on the log of a window's hospital; what it seals is committed at the end."""
    async with transaction(pool) as connection:
        tenant_id = await tenant_named(connection, where.hospital)
        yield await open_desk(connection, tenant_id, where.hospital, sealer, author)


async def existing(desk: Desk, where: Where) -> RegisteredWindow:
    """Return a window as it stands; `NotFoundError` when there is none."""
    window = await read_window(desk, where.window_id)
    if window is None:
        raise NotFoundError(f"there is no window {where.window_id} in {where.hospital}")
    return window


async def take_step(desk: Desk, kind: StepKind, window_id: str, **body: Any) -> RegisteredWindow:  # noqa: ANN401
    """Seal a step that was checked; return the window it makes."""
    await desk.seal(kind.value, {"window": window_id, **body})
    window = await read_window(desk, window_id)
    if window is None:
        raise AssertionError(window_id)
    return window


async def _end(  # noqa: PLR0913, PLR0917 - the two ends of a window differ in kind and check only
    pool: Pool,
    sealer: Sealer,
    where: Where,
    author: str,
    kind: StepKind,
    check: Callable[[RegisteredWindow], None],
) -> RegisteredWindow:
    async with window_desk(pool, sealer, where, author) as desk:
        check(await existing(desk, where))
        return await take_step(desk, kind, where.window_id)


async def _next_id(connection: Connection, announcement: Announcement, agreed: Agreed) -> str:
    zone = ZoneInfo(agreed.site.timezone)
    prefix = f"{ID_PREFIX}-{local_date(announcement.plan.start, zone).year}-"
    return f"{prefix}{await lock_numbering(connection, prefix) + 1:04d}"
