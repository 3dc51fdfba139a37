"""Who stands where, and what each measured around a window: for panels and reports."""

from collections.abc import Sequence
from typing import NamedTuple

from collector.store.agents import AGENT_FORKED, AGENT_REVOKED
from collector.store.entry import RegisterEntry
from collector.store.log import entries
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.interval import Interval
from probes.model.measurement import VantageKind


class Standing(NamedTuple):
    """A vantage point: since when it is enrolled, and since when no agent may speak for it.

    `enrolled_at_us` is None for one that only imported measurements speak of.
    """

    vantage: str
    kind: VantageKind
    enrolled_at_us: int | None
    shut_out_at_us: int | None


class Share(NamedTuple):
    """What one vantage point measured of some checks in an interval."""

    vantage: str
    imported: bool
    measured: int
    worst_error_us: int


class Seen(NamedTuple):
    """A version that a vantage point saw, from and to which instant."""

    vantage: str
    version: str
    first_us: int
    last_us: int


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
    standings = []
    for name, kind, enrolled_at, agents in rows:
        ends = [shut_out.get(agent) for agent in agents]
        ended = [end for end in ends if end is not None]
        last = max(ended) if agents and len(ended) == len(ends) else None
        standings.append(Standing(name, VantageKind(kind), enrolled_at, last))
    return standings


async def read_shares(
    connection: Connection, tenant_id: TenantId, checks: Sequence[str], interval: Interval
) -> list[Share]:
    """Return what each vantage point measured, from spans that begin in the interval."""
    rows = await connection.fetch(
        "SELECT name, bool_and(imported), sum(measured)::bigint,"
        " max(greatest(first_error, last_error)) FROM span"
        " JOIN series USING (tenant_id, series_id) JOIN vantage USING (tenant_id, vantage_id)"
        " WHERE tenant_id = $1 AND check_name = ANY($2) AND first_start >= $3 AND first_start < $4"
        " GROUP BY name ORDER BY name",
        tenant_id,
        list(checks),
        *interval,
    )
    return [Share(*row) for row in rows]


async def read_versions(
    connection: Connection, tenant_id: TenantId, checks: Sequence[str], interval: Interval
) -> list[Seen]:
    """Return the versions seen, from spans that begin in the interval, in order of time."""
    rows = await connection.fetch(
        "SELECT name, version, first_start, last_start FROM span"
        " JOIN series USING (tenant_id, series_id) JOIN vantage USING (tenant_id, vantage_id)"
        " WHERE tenant_id = $1 AND check_name = ANY($2) AND version IS NOT NULL"
        " AND first_start >= $3 AND first_start < $4 ORDER BY first_start, name",
        tenant_id,
        list(checks),
        *interval,
    )
    return [Seen(*row) for row in rows]


async def _shut_out(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Return since when each agent that was frozen or revoked is shut out, by its key."""
    found: dict[str, int] = {}
    kinds = [AGENT_FORKED, AGENT_REVOKED]
    async for stored in entries(connection, tenant_id, kinds=kinds):
        entry = RegisterEntry.decode(stored.envelope.payload)
        found.setdefault(entry.body["agent"], entry.at_us)
    return found
