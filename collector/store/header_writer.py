"""Making the headers that batches are packed against.

A header is made from a batch and used until something constant changes or a check appears that it
does not know. It is committed before any batch that names it; one that is never named harms nobody.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from collector.store.agents import Agent
from collector.store.packing import LARGEST_HEADER, Header, header_text
from collector.store.pool import Connection, Pool, connected
from collector.store.wire import WireBatch, WireColumns, decode_wire

_Constants: TypeAlias = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Shared:
    header: Header
    constants: _Constants
    checks: dict[str, WireColumns]

    def suits(self, batch: WireBatch) -> bool:
        names = {columns.check for columns in batch.checks}
        return self.constants == _constants(batch) and names <= self.checks.keys()


@dataclass(slots=True)
class HeaderWriter:
    """Gives every batch the header to pack it against."""

    _pool: Pool
    _by_agent: dict[tuple[int, int], _Shared] = field(default_factory=dict)

    async def header_for(self, agent: Agent, batch: WireBatch) -> Header:
        """Return the header for a batch, stored first if it is a new one."""
        key = (agent.tenant_id, agent.agent_id)
        shared = self._by_agent.get(key)
        if shared is not None and shared.suits(batch):
            return shared.header
        async with connected(self._pool) as connection:
            if shared is None:
                shared = await _newest(connection, agent)
            if shared is None or not shared.suits(batch):
                shared = await _store(connection, agent, batch, shared)
        self._by_agent[key] = shared
        return shared.header


async def _newest(connection: Connection, agent: Agent) -> _Shared | None:
    row = await connection.fetchrow(
        "SELECT header_id, text FROM batch_header WHERE tenant_id = $1 AND agent_id = $2"
        " ORDER BY header_id DESC LIMIT 1",
        agent.tenant_id,
        agent.agent_id,
    )
    if row is None:
        return None
    try:
        batch = decode_wire(row["text"])
    except msgspec.MsgspecError:  # it was cut to what deflate can use
        return None
    checks = {columns.check: columns for columns in batch.checks}
    return _Shared(Header(row["header_id"], row["text"]), _constants(batch), checks)


async def _store(
    connection: Connection, agent: Agent, batch: WireBatch, before: _Shared | None
) -> _Shared:
    constants = _constants(batch)
    checks = {columns.check: columns for columns in batch.checks}
    if before is not None and before.constants == constants:
        checks = before.checks | checks
    whole = replace(batch, checks=[checks[name] for name in sorted(checks)])
    text = header_text(whole)[-LARGEST_HEADER:]
    number = await connection.fetchval(
        "INSERT INTO batch_header (tenant_id, agent_id, text) VALUES ($1, $2, $3)"
        " RETURNING header_id",
        agent.tenant_id,
        agent.agent_id,
        text,
    )
    return _Shared(Header(number, text), constants, checks)


def _constants(batch: WireBatch) -> _Constants:
    software = batch.software
    return batch.boot, batch.config, batch.epoch, software.agent, software.sqlite
