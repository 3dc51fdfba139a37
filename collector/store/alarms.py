"""Alarms: outages that nobody announced, from when they were detected until they were over."""

from typing import Final, NamedTuple

from collector.record.entry import RegisterEntry
from collector.store.pool import Connection
from collector.store.silence_alarms import SILENCE_DETECTED, SILENCE_ENDED
from collector.store.tenants import TenantId

OUTAGE_DETECTED: Final = "outage.detected"
OUTAGE_ENDED: Final = "outage.ended"


class AlarmRow(NamedTuple):
    """One alarm; instants in microseconds UTC, those of its end None while it lasts."""

    tenant: str
    alarm: str
    service: str
    start_us: int
    proven_us: int
    panel: int
    entry: int
    detected_at_us: int
    end_us: int | None
    ended_entry: int | None
    ended_at_us: int | None


class UntoldAlarm(NamedTuple):
    """An entry on an outage or a silence of which nobody was told yet."""

    tenant_id: TenantId
    tenant: str
    alarm: str
    entry: int
    at_us: int
    kind: str


async def add_alarm(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put a detected outage into the table."""
    body = entry.body
    await connection.execute(
        "INSERT INTO alarm (tenant_id, alarm, service, start_us, proven_us, panel, entry,"
        " detected_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant_id,
        body["alarm"],
        body["service"],
        body["start_us"],
        body["proven_us"],
        body["panel"],
        index,
        entry.at_us,
    )


async def end_alarm(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the end of an outage into its row."""
    body = entry.body
    await connection.execute(
        "UPDATE alarm SET end_us = $3, proven_us = $4, ended_entry = $5, ended_at = $6"
        " WHERE tenant_id = $1 AND alarm = $2",
        tenant_id,
        body["alarm"],
        body["end_us"],
        body["proven_us"],
        index,
        entry.at_us,
    )


_ALARMS: Final = (
    "SELECT t.name, a.alarm, a.service, a.start_us, a.proven_us, a.panel, a.entry, a.detected_at,"
    " a.end_us, a.ended_entry, a.ended_at FROM alarm a JOIN tenant t USING (tenant_id)"
)


async def list_alarms(connection: Connection, tenant: str | None = None) -> list[AlarmRow]:
    """Return the alarms of a hospital, or of all, the latest first."""
    rows = await connection.fetch(
        f"{_ALARMS} WHERE $1::text IS NULL OR t.name = $1"
        " ORDER BY a.start_us DESC, t.name, a.alarm",
        tenant,
    )
    return [AlarmRow(*row) for row in rows]


async def alarms_of(
    connection: Connection, tenant_id: TenantId, service: str, since_us: int
) -> list[AlarmRow]:
    """Return the alarms of a service that are open or ended after an instant, in order."""
    rows = await connection.fetch(
        f"{_ALARMS} WHERE a.tenant_id = $1 AND a.service = $2"
        " AND (a.end_us IS NULL OR a.end_us > $3) ORDER BY a.start_us",
        tenant_id,
        service,
        since_us,
    )
    return [AlarmRow(*row) for row in rows]


async def alarm_named(connection: Connection, tenant_id: TenantId, alarm: str) -> AlarmRow | None:
    """Return the alarm of that name; None when there is none."""
    row = await connection.fetchrow(
        f"{_ALARMS} WHERE a.tenant_id = $1 AND a.alarm = $2", tenant_id, alarm
    )
    return None if row is None else AlarmRow(*row)


_UNTOLD: Final = """
WITH said AS (
    SELECT tenant_id, alarm, entry, detected_at AS at_us, $1::text AS kind FROM alarm
    UNION ALL SELECT tenant_id, alarm, ended_entry, ended_at, $2 FROM alarm
    UNION ALL SELECT tenant_id, alarm, entry, detected_at, $3 FROM silence_alarm
    UNION ALL SELECT tenant_id, alarm, ended_entry, ended_at, $4 FROM silence_alarm
)
SELECT tenant_id, t.name, said.alarm, said.entry, said.at_us, said.kind
FROM said JOIN tenant t USING (tenant_id)
WHERE said.entry IS NOT NULL AND NOT EXISTS (SELECT FROM letter_order o
    WHERE (o.tenant_id, o.step) = (said.tenant_id, said.entry))
ORDER BY tenant_id, said.entry
"""


async def alarms_untold(connection: Connection) -> list[UntoldAlarm]:
    """Return the entries on outages and silences of which nobody was told yet, the oldest first."""
    rows = await connection.fetch(
        _UNTOLD, OUTAGE_DETECTED, OUTAGE_ENDED, SILENCE_DETECTED, SILENCE_ENDED
    )
    return [UntoldAlarm(*row) for row in rows]
