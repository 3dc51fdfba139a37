"""Sealing: a statement becomes an entry of the log, and the tables follow from it at once.

The projection of an entry is the same function whether the entry was just sealed or the tables are
made again from the log.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from collector.judge.terms import WindowStatus
from collector.register.steps import RegisteredWindow, StepKind, window_of
from collector.store.catalogue import add_item
from collector.store.entry import RegisterEntry
from collector.store.import_body import IMPORTED_KIND
from collector.store.imports import add_import
from collector.store.letters import (
    LETTER_ACKNOWLEDGED,
    LETTER_ATTEMPTED,
    LETTERS_ORDERED,
    add_letters,
    note_acknowledgement,
    note_attempt,
)
from collector.store.log import NewEntry, append, lock_head
from collector.store.persons import PERSON_ERASED, forget_person
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from collector.store.windows import WindowRow, add_step, add_verdict, put_window, steps_of
from probes.model.keys import SigningKey

ITEM_SET: Final = "catalogue.set"
VERDICT_RECORDED: Final = "window.verdict"

Projection = Callable[[Connection, TenantId, int, RegisterEntry], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Sealer:
    """Who seals: the collector's log key and its clock."""

    key: SigningKey
    now_us: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Desk:
    """One transaction on one hospital's log, whose head it holds; `at_us` is its instant."""

    connection: Connection
    tenant_id: TenantId
    tenant: str
    sealer: Sealer
    at_us: int
    author: str

    async def seal(self, kind: str, body: dict[str, Any]) -> int:
        """Append an entry and project it; return its index in the log."""
        entry = RegisterEntry(self.tenant, kind, self.at_us, self.author, body)
        envelope = entry.seal(self.sealer.key)
        [leaf] = await append(
            self.connection, self.tenant_id, [NewEntry(kind, envelope)], at_us=self.at_us
        )
        await PROJECTIONS[kind](self.connection, self.tenant_id, leaf.index, entry)
        return leaf.index


async def open_desk(
    connection: Connection, tenant_id: TenantId, tenant: str, sealer: Sealer, author: str
) -> Desk:
    """Return a desk for the caller's transaction.

    The head is locked before the clock is read, so instants rise with the indices of the log.
    """
    await lock_head(connection, tenant_id)
    return Desk(connection, tenant_id, tenant, sealer, sealer.now_us(), author)


async def read_window(desk: Desk, window_id: str) -> RegisteredWindow | None:
    """Return a window of the desk's hospital as it stands; None when there is none."""
    return window_of(desk.tenant, await steps_of(desk.connection, desk.tenant_id, window_id))


async def _project_step(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    await add_step(connection, tenant_id, index, entry)
    steps = await steps_of(connection, tenant_id, entry.body["window"])
    window = window_of(entry.tenant, steps)
    if window is not None:
        await put_window(connection, tenant_id, window_row(window))


def window_row(window: RegisteredWindow) -> WindowRow:
    """Return the row of a window: where it stands."""
    operation = window.operation
    return WindowRow(
        tenant=window.hospital,
        id=window.id,
        service=window.service,
        status=WindowStatus(window.status).value,
        plan_start=window.plan.start,
        plan_end=window.plan.end,
        announced_at_us=window.announced_at_us,
        closed_at_us=window.closed_at_us,
        operation=operation.id,
        version_from=operation.version_from,
        version_to=operation.version_to,
        version_kind=operation.version_kind,
        exclusion=operation.exclusion,
        hot=operation.hot,
        pilot=operation.pilot,
    )


PROJECTIONS: Final[dict[str, Projection]] = {
    ITEM_SET: add_item,
    VERDICT_RECORDED: add_verdict,
    IMPORTED_KIND: add_import,
    PERSON_ERASED: forget_person,
    LETTERS_ORDERED: add_letters,
    LETTER_ATTEMPTED: note_attempt,
    LETTER_ACKNOWLEDGED: note_acknowledgement,
    **dict.fromkeys(StepKind, _project_step),
}
