"""The one transaction of ingest: which of the batches in hand are next, and what of the others.

For each agent the number and hash of its last batch decide:

- the next number, chained to that hash: appended;
- a number and payload already held: acknowledged again, at its place in the log;
- a number held with another payload, or chained to another past: a fork. Two machines use one key
  or one was set back, so the agent is frozen, and the log says so;
- a later number: a gap, and the answer names the one expected.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from collector.errors import RefusedError
from collector.record.entry import RegisterEntry
from collector.record.roster import AGENT_FORKED
from collector.store.acknowledging import Ack, Acknowledger, Held
from collector.store.agents import record
from collector.store.headers import HeaderReader
from collector.store.log import SealedRow, append_rows, lock_heads
from collector.store.pool import Connection
from collector.store.received import Received
from collector.store.tenants import TenantId
from collector.store.tree import NodeReader
from probes.model.keys import SigningKey

COLLECTOR: Final = "collector"

_AgentKey: TypeAlias = tuple[int, int]
_BatchKey: TypeAlias = tuple[int, int, int]


class Submission(NamedTuple):
    """A batch, the row it is to become, and the size of the log that its agent saw last."""

    received: Received
    row: SealedRow
    seen: int = 0


class ShutOutError(RefusedError):
    """The agent was frozen or revoked; `state` says which."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the agent is {state}")
        self.state = state


class GapError(RefusedError):
    """A batch came before the one expected."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"batch {expected} is expected")
        self.expected = expected


class ForkError(RefusedError):
    """Two batches of one agent claim one place in its chain."""


Outcome: TypeAlias = Ack | ShutOutError | GapError | ForkError


@dataclass(slots=True)
class _Cursor:
    """The row of an agent, moved on in step with the group and written back at its end."""

    state: str
    number: int
    payload_hash: bytes
    last: Received | None = None


@dataclass(slots=True)
class _Place:
    """A batch that is in the log, or will be as the `row`-th of this transaction."""

    payload_hash: bytes
    index: int = -1
    row: int | None = None


_Decision: TypeAlias = _Place | ShutOutError | GapError | ForkError


class Committer:
    """Commits groups of batches, in the name of the collector whose log key it has."""

    def __init__(self, key: SigningKey, now_us: Callable[[], int]) -> None:
        self._key = key
        self._now_us = now_us
        self._headers = HeaderReader()
        self._nodes = NodeReader()
        self._acknowledger = Acknowledger(key, self._nodes)

    async def commit(
        self, connection: Connection, submissions: Sequence[Submission]
    ) -> list[Outcome]:
        """Do all that these batches ask for, inside the caller's transaction, in their order."""
        cursors = await _lock_cursors(connection, submissions)
        heads = await lock_heads(connection, {row.tenant_id for _, row, _ in submissions})
        for tenant_id, head in heads.items():
            self._nodes.stand_on(tenant_id, head)
        places = await self._taken(connection, submissions, cursors)
        decided, rows = _decide(submissions, cursors, places)
        at_us = self._now_us()
        indices, made = await append_rows(connection, heads, rows, at_us)
        for tenant_id, nodes in made.items():
            self._nodes.made(tenant_id, heads[tenant_id], nodes)
        moved = {key: each.last for key, each in cursors.items() if each.last is not None}
        await move_cursors(connection, moved, at_us)
        acks = await self._acknowledger.acknowledge(
            connection, heads, _held(submissions, decided, rows, indices)
        )
        answers = iter(acks)
        outcomes: list[Outcome] = []
        for (received, row, _), decision in zip(submissions, decided, strict=True):
            if isinstance(decision, ForkError):
                await self._record_fork(connection, row.tenant_id, received, at_us)
            outcomes.append(next(answers) if isinstance(decision, _Place) else decision)
        return outcomes

    async def _taken(
        self,
        connection: Connection,
        submissions: Sequence[Submission],
        cursors: dict[_AgentKey, _Cursor],
    ) -> dict[_BatchKey, _Place]:
        """Return those of these batches whose number was taken before."""
        places: dict[_BatchKey, _Place] = {}
        for received, row, _ in submissions:
            key, number = _agent_key(row), received.batch.batch
            back = cursors[key].number - number
            if back < 0 or (*key, number) in places:
                continue
            taken = await connection.fetchrow(
                "SELECT idx, envelope FROM log WHERE tenant_id = $1 AND agent_id = $2"
                " ORDER BY idx DESC OFFSET $3 LIMIT 1",
                *key,
                back,
            )
            assert taken is not None  # noqa: S101 - an agent's numbers have no gaps
            packed = [taken["envelope"]]
            [envelope] = await self._headers.unpack_all(connection, row.tenant_id, packed)
            places[*key, number] = _Place(sha256(envelope.payload).digest(), taken["idx"])
        return places

    async def _record_fork(
        self, connection: Connection, tenant_id: TenantId, received: Received, at_us: int
    ) -> None:
        body = {
            "agent": received.batch.agent,
            "batch": received.batch.batch,
            "envelope": base64.b64encode(received.encoded).decode(),
        }
        entry = RegisterEntry(received.agent.tenant, AGENT_FORKED, at_us, COLLECTOR, body)
        await record(connection, tenant_id, entry, self._key)


def _decide(
    submissions: Sequence[Submission],
    cursors: dict[_AgentKey, _Cursor],
    places: dict[_BatchKey, _Place],
) -> tuple[list[_Decision], list[SealedRow]]:
    """Return what becomes of each batch, and the rows to append; the cursors move on."""
    decided: list[_Decision] = []
    rows: list[SealedRow] = []
    for received, row, _ in submissions:
        cursor = cursors[_agent_key(row)]
        key = (*_agent_key(row), received.batch.batch)
        decision = _decision(received, cursor, places.get(key))
        if decision is None:
            decision = places[key] = _Place(received.payload_hash, row=len(rows))
            rows.append(row)
            cursor.number, cursor.payload_hash = received.batch.batch, received.payload_hash
            cursor.last = received
        elif isinstance(decision, ForkError):
            cursor.state = "frozen"
        decided.append(decision)
    return decided, rows


def _decision(received: Received, cursor: _Cursor, place: _Place | None) -> _Decision | None:
    """Return what becomes of a batch that is not the next one of its agent; None if it is."""
    batch = received.batch
    if cursor.state != "active":
        return ShutOutError(cursor.state)
    if batch.batch > cursor.number + 1:
        return GapError(cursor.number + 1)
    if place is not None and place.payload_hash == received.payload_hash:
        return place
    if place is not None or bytes.fromhex(batch.previous) != cursor.payload_hash:
        return ForkError(f"batch {batch.batch} is not the one that follows or was taken")
    return None


def _held(
    submissions: Sequence[Submission],
    decided: Sequence[_Decision],
    rows: Sequence[SealedRow],
    indices: Sequence[int],
) -> list[Held]:
    """Return the batches that have a place in the log, in their order."""
    held = []
    for (received, row, seen), decision in zip(submissions, decided, strict=True):
        if isinstance(decision, _Place):
            index = decision.index if decision.row is None else indices[decision.row]
            repeated = decision.row is None or rows[decision.row] is not row
            held.append(Held(received, index, seen, repeated))
    return held


def _agent_key(row: SealedRow) -> _AgentKey:
    assert row.agent_id is not None  # noqa: S101 - the row of a batch
    return row.tenant_id, row.agent_id


async def _lock_cursors(
    connection: Connection, submissions: Sequence[Submission]
) -> dict[_AgentKey, _Cursor]:
    keys = {_agent_key(row) for _, row, _ in submissions}
    rows = await connection.fetch(
        "SELECT tenant_id, agent_id, state, number, payload_hash FROM agent_cursor"
        " JOIN unnest($1::int[], $2::int[]) AS asked (tenant_id, agent_id)"
        " USING (tenant_id, agent_id) ORDER BY tenant_id, agent_id FOR UPDATE OF agent_cursor",
        *zip(*keys, strict=True),
    )
    return {
        (tenant_id, agent_id): _Cursor(state, number, payload_hash)
        for tenant_id, agent_id, state, number, payload_hash in rows
    }


async def move_cursors(
    connection: Connection, last: Mapping[tuple[int, int], Received], at_us: int
) -> None:
    """Move the cursors of some agents, by tenant and agent, to the last batch of each."""
    moved = [
        (
            *key,
            received.batch.batch,
            received.payload_hash,
            received.batch.clock.offset_us,
            received.batch.clock.error_us,
            received.batch.clock.estimated,
            received.batch.spool.depth,
            received.batch.spool.lost,
        )
        for key, received in last.items()
    ]
    if moved:
        await connection.execute(
            "UPDATE agent_cursor c SET number = m.number, payload_hash = m.payload_hash,"
            " offset_us = m.offset_us, error_us = m.error_us, estimated = m.estimated,"
            " depth = m.depth, lost = m.lost, received_at = $10"
            " FROM unnest($1::int[], $2::int[], $3::int[], $4::bytea[], $5::bigint[],"
            " $6::bigint[], $7::boolean[], $8::bigint[], $9::bigint[]) AS m (tenant_id, agent_id,"
            " number, payload_hash, offset_us, error_us, estimated, depth, lost)"
            " WHERE c.tenant_id = m.tenant_id AND c.agent_id = m.agent_id",
            *zip(*moved, strict=True),
            at_us,
        )
