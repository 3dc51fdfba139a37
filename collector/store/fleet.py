"""The agents of every hospital as they are now: for lists, and for `constat doctor`."""

from typing import Final, NamedTuple

from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.instant import DAY


class AgentState(NamedTuple):
    """An agent, how far it has got, and what its last batch said of its clock and its spool.

    Instants and durations in microseconds; what only a batch can tell is None before the first.
    `silent_since_us` is there while it is stated to be silent for longer than its spool keeps.
    """

    tenant: str
    agent: str
    vantage: str
    kind: str
    version: str
    state: str
    enrolled_at_us: int
    batches: int
    received_at_us: int | None
    offset_us: int | None
    error_us: int | None
    estimated: bool | None
    depth: int | None
    lost: int | None
    silent_since_us: int | None = None


_AGENTS: Final = """
SELECT t.name, a.key_id, v.name, v.kind, a.version, c.state, a.enrolled_at, c.number,
    c.received_at, c.offset_us, c.error_us, c.estimated, c.depth, c.lost, s.since_us
FROM agent a
JOIN agent_cursor c USING (tenant_id, agent_id)
JOIN vantage v USING (tenant_id, vantage_id)
JOIN tenant t USING (tenant_id)
LEFT JOIN agent_silence s
    ON (s.tenant_id, s.agent) = (a.tenant_id, a.key_id) AND s.returned_entry IS NULL
WHERE $1::text IS NULL OR t.name = $1
ORDER BY t.name, v.name, a.enrolled_at, a.agent_id
"""


async def read_agents(connection: Connection, tenant: str | None = None) -> list[AgentState]:
    """Return the agents of a hospital, or of all, by vantage point and age."""
    return [AgentState(*row) for row in await connection.fetch(_AGENTS, tenant)]


class LogState(NamedTuple):
    """How long a hospital's log is, and how many of its entries wait for the projector."""

    tenant_id: TenantId
    tenant: str
    entries: int
    waiting: int


class Watcher(NamedTuple):
    """A check, and the kind of a vantage point that executed it."""

    check: str
    kind: str


async def read_lags(connection: Connection) -> list[LogState]:
    """Return the state of every log."""
    rows = await connection.fetch(
        "SELECT tenant_id, name, size, size - coalesce(watermark, 0) FROM tenant"
        " JOIN log_head USING (tenant_id) LEFT JOIN projection USING (tenant_id) ORDER BY name"
    )
    return [LogState(TenantId(row[0]), *row[1:]) for row in rows]


async def read_watchers(
    connection: Connection, tenant_id: TenantId, *, since_us: int
) -> list[Watcher]:
    """Return which checks were executed from which kinds of vantage points since an instant."""
    rows = await connection.fetch(
        "SELECT DISTINCT check_name, kind FROM series JOIN vantage USING (tenant_id, vantage_id)"
        " WHERE tenant_id = $1 AND EXISTS (SELECT FROM span WHERE span.tenant_id = series.tenant_id"
        " AND span.series_id = series.series_id AND first_start >= $2)",
        tenant_id,
        since_us - DAY,  # a span begins and ends on one day
    )
    return [Watcher(*row) for row in rows]


async def server_version(connection: Connection) -> str:
    """Return the version of the database server, as `18.6`."""
    version: str = await connection.fetchval("SELECT current_setting('server_version')")
    return version.partition(" ")[0]
