"""Silences of agents: which are to be stated, and those that were."""

from typing import Final, NamedTuple

from collector.record.entry import RegisterEntry
from collector.store.pool import Connection
from collector.store.tenants import TenantId


class Unheard(NamedTuple):
    """An agent that was last heard at `since_us`, with a batch of that number; 0 for none yet.

    One that never sent anything is silent since it was enrolled.
    """

    tenant_id: TenantId
    tenant: str
    agent: str
    vantage: str
    last_batch: int
    since_us: int


class Heard(NamedTuple):
    """An agent whose silence was stated, and the first batch that came after it."""

    tenant_id: TenantId
    tenant: str
    agent: str
    vantage: str
    since_us: int
    next_batch: int
    heard_us: int


_UNHEARD: Final = """
SELECT a.tenant_id, t.name, a.key_id, v.name, c.number, coalesce(c.received_at, a.enrolled_at)
FROM agent a
JOIN agent_cursor c USING (tenant_id, agent_id)
JOIN vantage v USING (tenant_id, vantage_id)
JOIN tenant t USING (tenant_id)
WHERE c.state = 'active' AND coalesce(c.received_at, a.enrolled_at) < $1
AND NOT EXISTS (SELECT FROM agent_silence s
    WHERE (s.tenant_id, s.agent) = (a.tenant_id, a.key_id) AND s.returned_entry IS NULL)
AND ($2::int IS NULL OR a.tenant_id = $2)
ORDER BY a.tenant_id, a.agent_id
"""

_HEARD: Final = """
SELECT a.tenant_id, t.name, a.key_id, v.name, s.since_us, l.number, l.received_at
FROM agent a
JOIN vantage v USING (tenant_id, vantage_id)
JOIN tenant t USING (tenant_id)
JOIN agent_silence s ON (s.tenant_id, s.agent) = (a.tenant_id, a.key_id)
CROSS JOIN LATERAL (SELECT number, received_at FROM log
    WHERE (log.tenant_id, log.agent_id) = (a.tenant_id, a.agent_id) AND log.idx > s.entry
    ORDER BY log.idx LIMIT 1) AS l
WHERE s.returned_entry IS NULL AND ($1::int IS NULL OR a.tenant_id = $1)
ORDER BY a.tenant_id, a.agent_id
"""


async def unheard_agents(
    connection: Connection, before_us: int, tenant_id: TenantId | None = None
) -> list[Unheard]:
    """Return the agents last heard before an instant whose silence was not stated yet."""
    rows = await connection.fetch(_UNHEARD, before_us, tenant_id)
    return [Unheard(*row) for row in rows]


async def agents_heard_again(
    connection: Connection, tenant_id: TenantId | None = None
) -> list[Heard]:
    """Return the agents that sent a batch after their silence had been stated."""
    return [Heard(*row) for row in await connection.fetch(_HEARD, tenant_id)]


async def add_silence(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put a silence into the table."""
    await connection.execute(
        "INSERT INTO agent_silence (tenant_id, entry, agent, last_batch, since_us, noticed_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        tenant_id,
        index,
        entry.body["agent"],
        entry.body["last_batch"],
        entry.body["since_us"],
        entry.at_us,
    )


async def end_silence(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put the end of an agent's silence into its row."""
    await connection.execute(
        "UPDATE agent_silence SET next_batch = $3, heard_us = $4, returned_entry = $5"
        " WHERE tenant_id = $1 AND agent = $2 AND returned_entry IS NULL",
        tenant_id,
        entry.body["agent"],
        entry.body["batch"],
        entry.body["heard_us"],
        index,
    )
