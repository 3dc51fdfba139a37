"""From an entry of the register to the rows that show it: one projection for each kind of entry.

The projection of an entry is the same function whether the entry was just sealed or the tables are
made again from the log. To add a kind: a file of the store with its table and its projection, and
its line here; what states it is a file beside this one, which seals it at a desk.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from collector.judge.terms import WindowStatus
from collector.record.catalogue import ITEM_SET
from collector.record.documents import DOCUMENT_KINDS
from collector.record.entry import RegisterEntry
from collector.record.interventions import INTERVENTIONS_EXPORTED, InterventionKind
from collector.record.roster import IMPORTED_KIND
from collector.record.silence import AGENT_RETURNED, AGENT_SILENT
from collector.record.stamped import CHECKPOINT_STAMPED
from collector.record.steps import RegisteredWindow, StepKind, window_of
from collector.store.alarms import OUTAGE_DETECTED, OUTAGE_ENDED, add_alarm, end_alarm
from collector.store.catalogue import add_item
from collector.store.documents import add_document
from collector.store.imports import add_import
from collector.store.interventions import add_export, put_intervention
from collector.store.letters import (
    LETTER_ACKNOWLEDGED,
    LETTER_ATTEMPTED,
    LETTERS_ORDERED,
    add_letters,
    note_acknowledgement,
    note_attempt,
)
from collector.store.persons import PERSON_ERASED, forget_person
from collector.store.pool import Connection
from collector.store.silence_alarms import (
    SILENCE_DETECTED,
    SILENCE_ENDED,
    add_silence_alarm,
    end_silence_alarm,
)
from collector.store.silences import add_silence, end_silence
from collector.store.stamps import add_stamp
from collector.store.tenants import TenantId
from collector.store.windows import WindowRow, add_step, add_verdict, put_window, steps_of

VERDICT_RECORDED: Final = "window.verdict"

Projection = Callable[[Connection, TenantId, int, RegisterEntry], Awaitable[None]]


async def _project_step(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    await add_step(connection, tenant_id, index, entry)
    steps = await steps_of(connection, tenant_id, entry.body["window"])
    window = window_of(entry.tenant, steps)
    if window is not None:
        await put_window(connection, tenant_id, window_row(window))


async def _project_intervention(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    await put_intervention(connection, tenant_id, index, entry)
    if entry.body["window"]:
        await _project_step(connection, tenant_id, index, entry)


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
    AGENT_SILENT: add_silence,
    AGENT_RETURNED: end_silence,
    SILENCE_DETECTED: add_silence_alarm,
    SILENCE_ENDED: end_silence_alarm,
    OUTAGE_DETECTED: add_alarm,
    OUTAGE_ENDED: end_alarm,
    CHECKPOINT_STAMPED: add_stamp,
    LETTERS_ORDERED: add_letters,
    LETTER_ATTEMPTED: note_attempt,
    LETTER_ACKNOWLEDGED: note_acknowledgement,
    INTERVENTIONS_EXPORTED: add_export,
    **dict.fromkeys(DOCUMENT_KINDS, add_document),
    **dict.fromkeys(StepKind, _project_step),
    **dict.fromkeys(InterventionKind, _project_intervention),
}

# The tables these projections fill, all of which can be made again. Persons are no view of the log.
TABLES: Final = (
    "catalogue_item",
    "window_step",
    "planned_window",
    "window_verdict",
    "measurement_import",
    "alarm",
    "letter_order",
    "letter",
    "stamp",
    "intervention",
    "intervention_export",
    "window_document",
    "agent_silence",
    "silence_alarm",
)
