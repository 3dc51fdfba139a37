"""Sealing: a statement becomes an entry of the log, and the tables follow from it at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from collector.record.entry import RegisterEntry
from collector.record.steps import RegisteredWindow, window_of
from collector.register.projections import PROJECTIONS
from collector.store.log import append, lock_head
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from collector.store.windows import steps_of
from probes.model.keys import SigningKey


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
        index = await append(self.connection, self.tenant_id, entry, self.sealer.key)
        await PROJECTIONS[kind](self.connection, self.tenant_id, index, entry)
        return index


async def open_desk(
    connection: Connection, tenant_id: TenantId, tenant: str, sealer: Sealer, author: str
) -> Desk:
    """Return a desk for the caller's transaction.

    The head is locked before the clock is read: as long as that is not set back, instants rise
    with the indices of the log.
    """
    await lock_head(connection, tenant_id)
    return Desk(connection, tenant_id, tenant, sealer, sealer.now_us(), author)


async def read_window(desk: Desk, window_id: str) -> RegisteredWindow | None:
    """Return a window of the desk's hospital as it stands; None when there is none."""
    return window_of(desk.tenant, await steps_of(desk.connection, desk.tenant_id, window_id))
