"""Silences of vantage points that people are told of, and when they were heard again.

A vantage point is heard when any of its agents is: one whose agent was replaced is not silent.
"""

from typing import Final, NamedTuple

from collector.record.entry import RegisterEntry
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.measurement import VantageKind

SILENCE_DETECTED: Final = "silence.detected"
SILENCE_ENDED: Final = "silence.ended"


class SilentVantage(NamedTuple):
    """A vantage point that was last heard at `since_us`; if never, since it was enrolled."""

    tenant_id: TenantId
    tenant: str
    vantage: str
    kind: str
    since_us: int


class HeardVantage(NamedTuple):
    """A vantage point whose silence was told, and when the first batch came after that."""

    tenant_id: TenantId
    tenant: str
    alarm: str
    vantage: str
    heard_us: int


class SilenceAlarm(NamedTuple):
    """A silence that was told; instants in microseconds UTC, those of its end None meanwhile."""

    tenant: str
    alarm: str
    vantage: str
    kind: str
    since_us: int
    entry: int
    detected_at_us: int
    heard_us: int | None
    ended_entry: int | None
    ended_at_us: int | None


_SILENT: Final = """
SELECT a.tenant_id, t.name, v.name, v.kind, max(coalesce(c.received_at, a.enrolled_at))
FROM agent a
JOIN agent_cursor c USING (tenant_id, agent_id)
JOIN vantage v USING (tenant_id, vantage_id)
JOIN tenant t USING (tenant_id)
WHERE c.state = 'active' AND ($3::int IS NULL OR a.tenant_id = $3)
AND NOT EXISTS (SELECT FROM silence_alarm s
    WHERE (s.tenant_id, s.vantage) = (v.tenant_id, v.name) AND s.ended_entry IS NULL)
GROUP BY a.tenant_id, t.name, v.name, v.kind
HAVING max(coalesce(c.received_at, a.enrolled_at))
    < CASE v.kind WHEN $4 THEN $1::bigint ELSE $2::bigint END
ORDER BY a.tenant_id, v.name
"""

_HEARD: Final = """
SELECT s.tenant_id, t.name, s.alarm, s.vantage, l.received_at
FROM silence_alarm s
JOIN tenant t USING (tenant_id)
JOIN vantage v ON (v.tenant_id, v.name) = (s.tenant_id, s.vantage)
CROSS JOIN LATERAL (SELECT log.received_at FROM agent a JOIN log USING (tenant_id, agent_id)
    WHERE (a.tenant_id, a.vantage_id) = (v.tenant_id, v.vantage_id) AND log.idx > s.entry
    ORDER BY log.idx LIMIT 1) AS l
WHERE s.ended_entry IS NULL AND ($1::int IS NULL OR s.tenant_id = $1)
ORDER BY s.tenant_id, s.vantage
"""


async def silent_vantages(
    connection: Connection,
    workstations_before_us: int,
    others_before_us: int,
    tenant_id: TenantId | None = None,
) -> list[SilentVantage]:
    """Return those last heard before an instant, which their kind decides, and not told yet."""
    rows = await connection.fetch(
        _SILENT, workstations_before_us, others_before_us, tenant_id, VantageKind.WORKSTATION.value
    )
    return [SilentVantage(*row) for row in rows]


async def vantages_heard_again(
    connection: Connection, tenant_id: TenantId | None = None
) -> list[HeardVantage]:
    """Return those an agent of which sent a batch after their silence had been told."""
    return [HeardVantage(*row) for row in await connection.fetch(_HEARD, tenant_id)]


async def add_silence_alarm(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put a silence that is told into the table."""
    body = entry.body
    await connection.execute(
        "INSERT INTO silence_alarm (tenant_id, alarm, vantage, kind, since_us, entry, detected_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant_id,
        body["alarm"],
        body["vantage"],
        body["kind"],
        body["since_us"],
        index,
        entry.at_us,
    )


async def end_silence_alarm(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the end of a silence into its row."""
    body = entry.body
    await connection.execute(
        "UPDATE silence_alarm SET heard_us = $3, ended_entry = $4, ended_at = $5"
        " WHERE tenant_id = $1 AND alarm = $2",
        tenant_id,
        body["alarm"],
        body["heard_us"],
        index,
        entry.at_us,
    )


_ALARMS: Final = (
    "SELECT t.name, s.alarm, s.vantage, s.kind, s.since_us, s.entry, s.detected_at, s.heard_us,"
    " s.ended_entry, s.ended_at FROM silence_alarm s JOIN tenant t USING (tenant_id)"
)


async def list_silences(connection: Connection, tenant: str | None = None) -> list[SilenceAlarm]:
    """Return the silences of a hospital's vantage points, or of all, the latest first."""
    rows = await connection.fetch(
        f"{_ALARMS} WHERE $1::text IS NULL OR t.name = $1"
        " ORDER BY s.since_us DESC, t.name, s.alarm",
        tenant,
    )
    return [SilenceAlarm(*row) for row in rows]


async def silence_named(
    connection: Connection, tenant_id: TenantId, alarm: str
) -> SilenceAlarm | None:
    """Return the silence of that name; None when there is none."""
    row = await connection.fetchrow(
        f"{_ALARMS} WHERE s.tenant_id = $1 AND s.alarm = $2", tenant_id, alarm
    )
    return None if row is None else SilenceAlarm(*row)
