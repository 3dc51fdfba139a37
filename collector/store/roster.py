"""Who stands where, and which versions they saw around a window: for panels and reports."""

from typing import Final

from collector.record.entry import RegisterEntry
from collector.record.panel import Standing
from collector.record.roster import AGENT_FORKED, AGENT_REVOKED
from collector.store.log import entries
from collector.store.pool import Connection
from collector.store.series import Scope
from collector.store.tenants import TenantId
from probes.model.instant import DAY
from probes.model.interval import Interval
from probes.model.measurement import VantageKind

_KINDS: Final = {kind.value: kind for kind in VantageKind}


async def read_standings(connection: Connection, tenant_id: TenantId) -> list[Standing]:
    """Return the vantage points of a hospital."""
    rows = await connection.fetch(
        "SELECT name, kind, enrolled_at FROM vantage WHERE tenant_id = $1", tenant_id
    )
    ended = await _shut_out(connection, tenant_id)
    imported = await _imports(connection, tenant_id) if any(row[2] is None for row in rows) else {}
    return [
        Standing(name, _KINDS[kind], enrolled_at, ended.get(name))
        if enrolled_at is not None
        else Standing(name, _KINDS[kind], imported[name], imported=True)
        for name, kind, enrolled_at in rows
    ]


async def read_versions(
    connection: Connection, scope: Scope, around: Interval
) -> tuple[list[str], list[str]]:
    """Return the versions the service showed just before an interval, and just after it.

    Before: the last one seen by each check at each vantage point; after: the first one.
    """
    query = (
        "SELECT DISTINCT version FROM (SELECT DISTINCT ON (series_id) version FROM span"
        " JOIN series USING (tenant_id, series_id) JOIN vantage v USING (tenant_id, vantage_id)"
        " WHERE tenant_id = $1 AND ($2::text[] IS NULL OR v.name = ANY($2))"
        " AND check_name = ANY($3)"
        " AND version IS NOT NULL AND outcome IN ('U', 'G') AND {side}"
        " ORDER BY series_id, first_start {order}) AS seen ORDER BY version"
    )
    before = await connection.fetch(
        query.format(side="first_start BETWEEN $4 AND $5", order="DESC"),
        *_arguments(scope, scope.horizon.start - DAY, around.start),
    )
    after = await connection.fetch(
        query.format(side="last_start BETWEEN $4 AND $5", order=""),
        *_arguments(scope, around.end, scope.horizon.end),
    )
    return [row[0] for row in before], [row[0] for row in after]


def _arguments(scope: Scope, start: int, end: int) -> tuple[object, ...]:
    return (scope.tenant_id, scope.names, list(scope.max_gaps_us), start, end)


async def _imports(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Return when measurements of each vantage point were first imported."""
    rows = await connection.fetch(
        "SELECT v.name, min(l.received_at) FROM vantage v"
        " JOIN series s USING (tenant_id, vantage_id) JOIN span USING (tenant_id, series_id)"
        " JOIN log l ON l.tenant_id = v.tenant_id AND l.idx = span.first_entry"
        " WHERE v.tenant_id = $1 AND s.imported GROUP BY v.name",
        tenant_id,
    )
    return {row[0]: row[1] for row in rows}


async def _shut_out(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Return since when each vantage point is shut out whose agents were all frozen or revoked."""
    rows = await connection.fetch(
        "SELECT name, array_agg(key_id) FROM vantage JOIN agent USING (tenant_id, vantage_id)"
        " JOIN agent_cursor USING (tenant_id, agent_id) WHERE tenant_id = $1"
        " GROUP BY name HAVING bool_and(state <> 'active')",
        tenant_id,
    )
    if not rows:
        return {}
    since: dict[str, int] = {}
    async for stored in entries(connection, tenant_id, kinds=[AGENT_FORKED, AGENT_REVOKED]):
        entry = RegisterEntry.decode(stored.envelope.payload)
        since.setdefault(entry.body["agent"], entry.at_us)
    return {name: max(since[key_id] for key_id in key_ids) for name, key_ids in rows}
