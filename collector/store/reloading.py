"""Taking a log back from elsewhere: its entries as they were, in their order.

Entries of the register come back whole. When a batch was received is not in the log; what is taken
for it is when its agent sealed it, never before the entries that precede it.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from collector.errors import ConstatError, RefusedError
from collector.record.entry import FIRST, RegisterEntry, place_after
from collector.record.roster import AGENT_ENROLLED, AGENT_FORKED, AGENT_REVOKED
from collector.store.agents import (
    Agent,
    apply_enrolled,
    apply_shut_out,
    find_agent,
)
from collector.store.commit import move_cursors
from collector.store.log import Head, SealedRow, append_rows, lock_head
from collector.store.packing import pack
from collector.store.pool import Connection
from collector.store.received import Received, read_batch
from collector.store.tenants import TenantId
from probes.model.canonical import MalformedError
from probes.model.checkpoint import Checkpoint
from probes.model.envelope import BATCH_TYPE, Envelope
from probes.model.keys import KeyId
from probes.model.merkle import leaf_hash

_PAGE: Final = 500
_OF_AGENTS: Final = {
    AGENT_ENROLLED: apply_enrolled,
    AGENT_FORKED: apply_shut_out,
    AGENT_REVOKED: apply_shut_out,
}


class NotTheLogError(ConstatError):
    """What was to be taken back is not what was signed."""


async def reload(
    connection: Connection, tenant_id: TenantId, leaves: Iterable[bytes], signed: Checkpoint
) -> None:
    """Append all entries of a log to an empty one, with its agents, in the caller's transaction.

    Raises `RefusedError` when the log is not empty, `NotTheLogError` unless the entries come to the
    root that was signed.
    """
    head = await lock_head(connection, tenant_id)
    if head.size:
        raise RefusedError(f"the database holds {head.size} entries of this hospital already")
    reader = _Reader(connection, tenant_id)
    heads = {tenant_id: head}
    left = iter(leaves)
    while page := list(islice(left, _PAGE)):
        tree = heads[tenant_id].tree
        rows = [await reader.row(index, data) for index, data in enumerate(page, tree.size)]
        heads[tenant_id] = Head(tree, reader.next_stated)
        await append_rows(connection, heads, rows, reader.at_us)
    await reader.place_agents()
    if (heads[tenant_id].size, heads[tenant_id].root) != (signed.size, signed.root):
        raise NotTheLogError(f"these are not the {signed.size} entries of {signed.origin}")


class _Reader:
    """Makes rows of entries, and lets the agents they speak of be known."""

    def __init__(self, connection: Connection, tenant_id: TenantId) -> None:
        self.next_stated = FIRST
        self.at_us = 0
        self._connection = connection
        self._tenant_id = tenant_id
        self._agents: dict[KeyId, Agent] = {}
        self._last: dict[tuple[int, int], tuple[Received, int]] = {}

    async def row(self, index: int, data: bytes) -> SealedRow:
        """Return the row of the next entry; `NotTheLogError` when it cannot be one."""
        try:
            envelope = Envelope.decode(data)
            if envelope.payload_type == BATCH_TYPE:
                return await self._batch(envelope, data)
            return await self._statement(index, envelope, data)
        except MalformedError as error:
            raise NotTheLogError(f"entry {index}: {error}") from None

    async def place_agents(self) -> None:
        """Move the cursor of every agent to its last batch."""
        for key, (received, at_us) in self._last.items():
            await move_cursors(self._connection, {key: received}, at_us)

    async def _statement(self, index: int, envelope: Envelope, data: bytes) -> SealedRow:
        entry = RegisterEntry.decode(envelope.payload)
        self.next_stated = place_after(self.next_stated, envelope.payload)
        self.at_us = entry.at_us
        if entry.kind in _OF_AGENTS:
            await _OF_AGENTS[entry.kind](self._connection, self._tenant_id, index, entry)
        packed = pack(envelope)
        return SealedRow(self._tenant_id, leaf_hash(data), packed, entry.kind, at_us=entry.at_us)

    async def _batch(self, envelope: Envelope, data: bytes) -> SealedRow:
        agent = await self._agent(envelope.signatures[0].key_id)
        received = read_batch(agent, envelope, data)
        clock = received.batch.clock
        self.at_us = max(self.at_us, clock.wall_us + clock.offset_us)
        self._last[agent.tenant_id, agent.agent_id] = received, self.at_us
        return SealedRow(
            self._tenant_id,
            leaf_hash(data),
            pack(envelope),
            kind=None,
            agent_id=agent.agent_id,
            number=received.batch.batch,
            at_us=self.at_us,
        )

    async def _agent(self, key_id: KeyId) -> Agent:
        if key_id not in self._agents:
            agent = await find_agent(self._connection, key_id)
            if agent is None or agent.tenant_id != self._tenant_id:
                raise MalformedError(f"no agent {key_id} was enrolled before it")
            self._agents[key_id] = agent
        return self._agents[key_id]
