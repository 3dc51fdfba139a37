"""The agents of every hospital as they are now: for lists, and for `constat doctor`."""

from typing import Final, NamedTuple

from collector.store.pool import Connection


class AgentState(NamedTuple):
    """An agent, how far it has got, and what its last batch said of its clock and its spool.

    Instants and durations in microseconds; what only a batch can tell is None before the first.
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


_AGENTS: Final = """
SELECT t.name, a.key_id, v.name, v.kind, a.version, c.state, a.enrolled_at, c.number,
    c.received_at, c.offset_us, c.error_us, c.estimated, c.depth, c.lost
FROM agent a
JOIN agent_cursor c USING (tenant_id, agent_id)
JOIN vantage v USING (tenant_id, vantage_id)
JOIN tenant t USING (tenant_id)
WHERE $1::text IS NULL OR t.name = $1
ORDER BY t.name, v.name, a.enrolled_at, a.agent_id
"""


async def read_agents(connection: Connection, tenant: str | None = None) -> list[AgentState]:
    """Return the agents of a hospital, or of all, by vantage point and age."""
    return [AgentState(*row) for row in await connection.fetch(_AGENTS, tenant)]
