"""What a bundle takes from a log: its statements, and of each agent's batches a stretch."""

from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from collector.store.headers import HeaderReader
from collector.store.pool import Connection, Record
from collector.store.tenants import TenantId
from probes.model.envelope import Envelope

_PAGE: Final = 500


class AgentEnd(NamedTuple):
    """The last batch the log has of an agent: its number, and the hash of its payload."""

    agent_id: int
    agent: str
    last: int
    digest: str


class Placed(NamedTuple):
    """An envelope and its place in the log."""

    place: int
    envelope: Envelope


async def agent_ends(connection: Connection, tenant_id: TenantId) -> list[AgentEnd]:
    """Return the last batch of every agent of a hospital, by the agents' names."""
    rows = await connection.fetch(
        "SELECT agent_id, key_id, number, encode(payload_hash, 'hex') FROM agent"
        " JOIN agent_cursor USING (tenant_id, agent_id) WHERE tenant_id = $1 ORDER BY key_id",
        tenant_id,
    )
    return [AgentEnd(*row) for row in rows]


async def statements(
    connection: Connection, tenant_id: TenantId, end: int
) -> AsyncIterator[Placed]:
    """Yield every entry of the register before an index, in order."""
    start = 0
    headers = HeaderReader()
    while rows := await connection.fetch(
        "SELECT idx, envelope FROM log WHERE tenant_id = $1 AND agent_id IS NULL AND idx >= $2"
        " AND idx < $3 ORDER BY idx LIMIT $4",
        tenant_id,
        start,
        end,
        _PAGE,
    ):
        for placed in await _placed(connection, tenant_id, headers, rows):
            yield placed
        start = rows[-1]["idx"] + 1


async def batches_before(
    connection: Connection, tenant_id: TenantId, agent_id: int, received_us: int
) -> AsyncIterator[Placed]:
    """Yield the batches of an agent that were received before an instant, the last one first."""
    headers = HeaderReader()
    before: int | None = None
    while True:
        row = await connection.fetchrow(
            "SELECT idx, envelope FROM log WHERE tenant_id = $1 AND agent_id = $2"
            " AND received_at < $3 AND ($4::bigint IS NULL OR idx < $4) ORDER BY idx DESC LIMIT 1",
            tenant_id,
            agent_id,
            received_us,
            before,
        )
        if row is None:
            return
        [placed] = await _placed(connection, tenant_id, headers, [row])
        before = placed.place
        yield placed


async def batches_from(
    connection: Connection, tenant_id: TenantId, agent_id: int, place: int, received_us: int
) -> AsyncIterator[Placed]:
    """Yield the batches of an agent from an index on that were received from an instant on."""
    headers = HeaderReader()
    while rows := await connection.fetch(
        "SELECT idx, envelope FROM log WHERE tenant_id = $1 AND agent_id = $2 AND idx >= $3"
        " AND received_at >= $4 ORDER BY idx LIMIT 50",
        tenant_id,
        agent_id,
        place,
        received_us,
    ):
        for placed in await _placed(connection, tenant_id, headers, rows):
            yield placed
        place = rows[-1]["idx"] + 1


async def places_of(
    connection: Connection, tenant_id: TenantId, agent_id: int, first: int, last: int
) -> list[int]:
    """Return the places of the batches of an agent between two of them, both included."""
    rows = await connection.fetch(
        "SELECT idx FROM log WHERE tenant_id = $1 AND agent_id = $2 AND idx BETWEEN $3 AND $4"
        " ORDER BY idx",
        tenant_id,
        agent_id,
        first,
        last,
    )
    return [row["idx"] for row in rows]


async def envelopes_at(
    connection: Connection, tenant_id: TenantId, places: Sequence[int]
) -> AsyncIterator[Placed]:
    """Yield the entries at some places, which are in order."""
    headers = HeaderReader()
    for start in range(0, len(places), _PAGE):
        rows = await connection.fetch(
            "SELECT idx, envelope FROM log WHERE tenant_id = $1 AND idx = ANY($2) ORDER BY idx",
            tenant_id,
            places[start : start + _PAGE],
        )
        for placed in await _placed(connection, tenant_id, headers, rows):
            yield placed


async def _placed(
    connection: Connection, tenant_id: TenantId, headers: HeaderReader, rows: Sequence[Record]
) -> list[Placed]:
    """Return the envelopes of some rows of the log, each at its place."""
    packed = [row["envelope"] for row in rows]
    envelopes = await headers.unpack_all(connection, tenant_id, packed)
    return [Placed(row["idx"], each) for row, each in zip(rows, envelopes, strict=True)]
