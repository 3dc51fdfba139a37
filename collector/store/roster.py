"""Who stands where, and which versions they saw around a window: for panels and reports."""

from typing import NamedTuple

from collector.store.agents import AGENT_FORKED, AGENT_REVOKED
from collector.store.entry import RegisterEntry
from collector.store.log import entries
from collector.store.pool import Connection
from collector.store.series import Scope
from collector.store.tenants import TenantId
from probes.model.instant import DAY
from probes.model.interval import Interval
from probes.model.measurement import VantageKind


class Standing(NamedTuple):
    """A vantage point: since when it is enrolled, and since when no agent may speak for it.

    One that only imported measurements speak of stands there since the first import: nobody can
    add a vantage point to a window after the fact by importing what it is said to have seen.
    """

    vantage: str
    kind: VantageKind
    enrolled_at_us: int
    shut_out_at_us: int | None
    imported: bool


async def read_standings(connection: Connection, tenant_id: TenantId) -> list[Standing]:
    """Return the vantage points of a hospital, in order of name."""
    shut_out = await _shut_out(connection, tenant_id)
    rows = await connection.fetch(
        "SELECT name, kind, vantage.enrolled_at,"
        " array_remove(array_agg(key_id::text), NULL) AS agents"
        " FROM vantage LEFT JOIN agent USING (tenant_id, vantage_id)"
        " WHERE tenant_id = $1 GROUP BY name, kind, vantage.enrolled_at ORDER BY name",
        tenant_id,
    )
    imported = await _imports(connection, tenant_id) if any(row[2] is None for row in rows) else {}
    standings = []
    for name, kind, enrolled_at, agents in rows:
        ends = [shut_out.get(agent) for agent in agents]
        ended = [end for end in ends if end is not None]
        last = max(ended) if agents and len(ended) == len(ends) else None
        since = imported[name] if enrolled_at is None else enrolled_at
        standings.append(Standing(name, VantageKind(kind), since, last, enrolled_at is None))
    return standings


async def read_versions(
    connection: Connection, scope: Scope, around: Interval
) -> tuple[list[str], list[str]]:
    """Return the versions the service showed just before an interval, and just after it.

    Before: the last one seen by each check at each vantage point; after: the first one.
    """
    query = (
        "SELECT DISTINCT version FROM (SELECT DISTINCT ON (series_id) version FROM span"
        " JOIN series USING (tenant_id, series_id) JOIN vantage v USING (tenant_id, vantage_id)"
        " WHERE tenant_id = $1 AND v.name = ANY($2) AND check_name = ANY($3)"
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
    return (scope.tenant_id, list(scope.vantages), list(scope.max_gaps_us), start, end)


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
    """Return since when each agent that was frozen or revoked is shut out, by its key."""
    found: dict[str, int] = {}
    kinds = [AGENT_FORKED, AGENT_REVOKED]
    async for stored in entries(connection, tenant_id, kinds=kinds):
        entry = RegisterEntry.decode(stored.envelope.payload)
        found.setdefault(entry.body["agent"], entry.at_us)
    return found
