"""Agents: what is known of each, and how one is shut out.

An agent is one key at one vantage point of one hospital. That it came, was frozen or revoked are
entries of the log; the tables follow from those entries, in the order of the log.
"""

from dataclasses import dataclass
from typing import NewType

from collector.errors import NotFoundError
from collector.record.entry import RegisterEntry
from collector.record.roster import AGENT_ENROLLED, AGENT_FORKED, AGENT_REVOKED
from collector.store.log import append, lock_head
from collector.store.pool import Connection
from collector.store.tenants import TenantId
from probes.model.batch import NO_PREVIOUS
from probes.model.keys import KeyId, SigningKey, VerifyingKey

AgentId = NewType("AgentId", int)


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as it was enrolled."""

    tenant_id: TenantId
    tenant: str
    agent_id: AgentId
    vantage: str
    key: VerifyingKey


async def find_agent(connection: Connection, key_id: KeyId) -> Agent | None:
    """Return the agent of a key, shut out or not; None when there is none."""
    row = await connection.fetchrow(
        "SELECT tenant_id, t.name AS tenant, agent_id, v.name AS vantage, public_key FROM agent"
        " JOIN tenant t USING (tenant_id) JOIN vantage v USING (tenant_id, vantage_id)"
        " WHERE key_id = $1",
        key_id,
    )
    if row is None:
        return None
    return Agent(
        TenantId(row["tenant_id"]),
        row["tenant"],
        AgentId(row["agent_id"]),
        row["vantage"],
        VerifyingKey.from_raw(row["public_key"]),
    )


async def revoke_agent(  # noqa: PLR0913 - an act, and who answers for it
    connection: Connection,
    key_id: KeyId,
    *,
    author: str,
    reason: str,
    key: SigningKey,
    at_us: int,
) -> int:
    """Shut an agent out, inside the caller's transaction; return the index of the entry."""
    agent = await find_agent(connection, key_id)
    if agent is None:
        raise NotFoundError(f"there is no agent {key_id}")
    await connection.execute(
        "SELECT FROM agent_cursor WHERE tenant_id = $1 AND agent_id = $2 FOR UPDATE",
        agent.tenant_id,
        agent.agent_id,
    )
    body = {"agent": key_id, "reason": reason}
    entry = RegisterEntry(agent.tenant, AGENT_REVOKED, at_us, author, body)
    return await record(connection, agent.tenant_id, entry, key)


async def record(
    connection: Connection, tenant_id: TenantId, entry: RegisterEntry, key: SigningKey
) -> int:
    """Append an entry about an agent and let the tables follow; return its index."""
    index = await append(connection, tenant_id, entry, key)
    project = apply_enrolled if entry.kind == AGENT_ENROLLED else apply_shut_out
    await project(connection, tenant_id, index, entry)
    return index


async def apply_enrolled(
    connection: Connection, tenant_id: TenantId, index: int, entry: RegisterEntry
) -> None:
    """Put an enrolment into the tables. Vantage points and agents are numbered as they come."""
    await lock_head(connection, tenant_id)
    vantage_id = await connection.fetchval(
        "INSERT INTO vantage (tenant_id, vantage_id, name, kind, enrolled_at)"
        " SELECT $1, coalesce(max(vantage_id), 0) + 1, $2, $3, $4 FROM vantage"
        " WHERE tenant_id = $1"
        " ON CONFLICT (tenant_id, name) DO UPDATE SET kind = excluded.kind RETURNING vantage_id",
        tenant_id,
        entry.body["vantage"],
        entry.body["kind"],
        entry.at_us,
    )
    agent_id = await connection.fetchval(
        "INSERT INTO agent (tenant_id, agent_id, vantage_id, key_id, public_key, version,"
        " enrolled_at, entry)"
        " SELECT $1, coalesce(max(agent_id), 0) + 1, $2, $3, $4, $5, $6, $7 FROM agent"
        " WHERE tenant_id = $1 RETURNING agent_id",
        tenant_id,
        vantage_id,
        entry.body["agent"],
        bytes.fromhex(entry.body["public_key"]),
        entry.body["agent_version"],
        entry.at_us,
        index,
    )
    await connection.execute(
        "INSERT INTO agent_cursor (tenant_id, agent_id, payload_hash) VALUES ($1, $2, $3)",
        tenant_id,
        agent_id,
        bytes.fromhex(NO_PREVIOUS),
    )


async def apply_shut_out(
    connection: Connection,
    tenant_id: TenantId,
    index: int,  # noqa: ARG001 - the signature of every projection
    entry: RegisterEntry,
) -> None:
    """Put the end of an agent into the tables: frozen by a fork, or revoked by a person."""
    await connection.execute(
        "UPDATE agent_cursor SET state = $3 FROM agent"
        " WHERE agent.tenant_id = $1 AND key_id = $2"
        " AND agent_cursor.tenant_id = agent.tenant_id AND agent_cursor.agent_id = agent.agent_id",
        tenant_id,
        entry.body["agent"],
        "frozen" if entry.kind == AGENT_FORKED else "revoked",
    )
