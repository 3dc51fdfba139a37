"""Reading the log back as measurements: batches of agents, and imports, as columns of series."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from collector.record.entry import RegisterEntry
from collector.record.import_body import columns_of_import
from collector.record.measured import SeriesKey
from collector.record.roster import IMPORTED_KIND
from collector.record.summary import Columns
from collector.store.headers import HeaderReader
from collector.store.packing import unpack, unpack_batch
from collector.store.pool import Connection, Record
from collector.store.tenants import TenantId
from collector.store.wire import WireBatch, WireColumns
from probes.model.measurement import VantageKind

_QUERY: Final = (
    "SELECT idx, kind, received_at, agent_id, envelope FROM log WHERE tenant_id = $1"
    " AND idx >= $2 AND idx < $3 AND (agent_id IS NOT NULL OR kind = $4)"
)


class EntryColumns(NamedTuple):
    """The columns that one entry holds of one series; the agent is None for an import."""

    key: SeriesKey
    agent_id: int | None
    received_at_us: int
    columns: Columns


class ColumnReader:
    """Reads the measurements that entries of a log hold."""

    def __init__(self) -> None:
        self._headers = HeaderReader()

    async def between(
        self, connection: Connection, tenant_id: TenantId, start: int, end: int
    ) -> list[EntryColumns]:
        """Return the columns of the entries whose index lies in `[start, end)`, in order."""
        rows = await connection.fetch(
            f"{_QUERY} ORDER BY idx", tenant_id, start, end, IMPORTED_KIND
        )
        return await self._read(connection, tenant_id, rows)

    async def of_agents(
        self,
        connection: Connection,
        tenant_id: TenantId,
        agents: Sequence[int] | None,
        entries: tuple[int, int],
    ) -> list[EntryColumns]:
        """Return the columns that agents, and imports, put between two entries, both read.

        None stands for all agents.
        """
        rows = await connection.fetch(
            f"{_QUERY} AND ($5::int[] IS NULL OR agent_id IS NULL OR agent_id = ANY($5))"
            " ORDER BY idx",
            tenant_id,
            entries[0],
            entries[1] + 1,
            IMPORTED_KIND,
            None if agents is None else list(agents),
        )
        return await self._read(connection, tenant_id, rows)

    async def _read(
        self, connection: Connection, tenant_id: TenantId, rows: Sequence[Record]
    ) -> list[EntryColumns]:
        kinds = await _kinds(connection, tenant_id)
        packed = [row["envelope"] for row in rows]
        found: list[EntryColumns] = []
        stored = await self._headers.with_headers(connection, tenant_id, packed)
        for (index, kind, received_at, agent_id, _), (form, header) in zip(
            rows, stored, strict=True
        ):
            if kind is None:
                batch = unpack_batch(form, header)
                found += _of_batch(batch, kinds, agent_id, index, received_at)
            else:
                entry = RegisterEntry.decode(unpack(form, header).payload)
                found += [
                    EntryColumns(SeriesKey(*key, imported=True), None, received_at, columns)
                    for key, columns in columns_of_import(entry.body, index)
                ]
        return found


async def _kinds(connection: Connection, tenant_id: TenantId) -> dict[str, VantageKind]:
    rows = await connection.fetch("SELECT name, kind FROM vantage WHERE tenant_id = $1", tenant_id)
    return {row["name"]: VantageKind(row["kind"]) for row in rows}


def _of_batch(
    batch: WireBatch, kinds: dict[str, VantageKind], agent_id: int, index: int, received_at: int
) -> Iterator[EntryColumns]:
    kind = kinds[batch.vantage]
    for columns in batch.checks:
        key = SeriesKey(batch.vantage, kind, columns.check, imported=False)
        yield EntryColumns(key, agent_id, received_at, corrected(batch, columns, index))


def corrected(batch: WireBatch, columns: WireColumns, entry: int) -> Columns:
    """Return the columns of a check on the collector's time scale (rules, section 9)."""
    quantum = batch.quantum_us
    spaced = [distance * quantum for distance in columns.starts]
    spaced[0] += batch.correction_us
    return Columns(
        entry,
        columns.interval_us,
        batch.clock.error_us,
        list(accumulate(spaced)),
        [duration * quantum for duration in columns.durations],
        columns.outcomes,
        columns.failures,
        columns.versions,
    )
