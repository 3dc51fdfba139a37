"""Follows the log and keeps series, spans, latency and raw rows: views that can be made again.

A page of entries is read from the watermark on and projected in one transaction that moves the
watermark with it: it may die at any point. The same log gives the same rows, however it was paged.
The row of the watermark is locked meanwhile, so any number of projectors may be at work.

Measurements of a series that arrive before the last one known (a clock estimated anew, an import)
are put in their place: the spans they touch are made again from the log.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Final

import asyncpg

from collector.record.measured import SeriesKey
from collector.record.summary import (
    Columns,
    StoredSpan,
    extend,
    in_order,
    joined_columns,
    singly,
    summarise,
    summarise_all,
)
from collector.store import latency, spans
from collector.store.columns import ColumnReader, EntryColumns
from collector.store.latency import minutes_of
from collector.store.log import LOG_CHANNEL, read_head
from collector.store.partitions import Partitions
from collector.store.pool import Connection, DatabaseUnavailableError, Pool, connected, transaction
from collector.store.raw import RawRows
from collector.store.series import agents_of, series_ids
from collector.store.tenants import TenantId
from probes.model.batch import OUTCOMES
from probes.model.instant import DAY, parse_instant

_PAGE: Final = 1024
_PAGE_BYTES: Final = 256 * 1024
_POLL_S: Final = 1.0
# A clock that is wrong by decades must not make a partition for each of them.
_PLAUSIBLE: Final = range(
    parse_instant("2015-01-01T00:00:00Z"), parse_instant("2100-01-01T00:00:00Z")
)


class Projector:
    """Brings the tables up to the head of every log, and keeps them there."""

    def __init__(self, pool: Pool, *, page: int = _PAGE) -> None:
        self._pool = pool
        self._page = page
        self._reader = ColumnReader()
        self._partitions = Partitions()
        self._series: dict[tuple[TenantId, SeriesKey], int] = {}

    async def run(self, projected: Callable[[int], None] = lambda _: None) -> None:
        """Follow the log until cancelled; a database that is away is waited for.

        `projected` is told how many entries each round put into the tables.
        """
        woken = asyncio.Event()
        while True:
            try:
                async with connected(self._pool) as connection, _listening(connection, woken):
                    await self._follow(connection, woken, projected)
            except DatabaseUnavailableError:
                await asyncio.sleep(_POLL_S)

    async def catch_up(self, tenant_id: TenantId | None = None) -> int:
        """Project all that the logs hold now, or one of them; return how many entries that was."""
        async with connected(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT tenant_id FROM log_head LEFT JOIN projection USING (tenant_id)"
                " WHERE size > coalesce(watermark, 0) AND ($1::int IS NULL OR tenant_id = $1)"
                " ORDER BY tenant_id",
                tenant_id,
            )
        done = 0
        for row in rows:
            while moved := await self._one_page(TenantId(row["tenant_id"])):
                done += moved
        return done

    async def forget_raw(self, now_us: int) -> None:
        """Drop the raw rows that are older than each tenant asked to keep them."""
        async with transaction(self._pool) as connection:
            tenants = await connection.fetch("SELECT tenant_id, raw_days FROM tenant")
            longest = max((row["raw_days"] for row in tenants), default=0)
            await self._partitions.drop_before(connection, "measurement", now_us - longest * DAY)
            for tenant_id, days in tenants:
                if days < longest:
                    await connection.execute(
                        "DELETE FROM measurement WHERE tenant_id = $1 AND start_us < $2",
                        tenant_id,
                        now_us - days * DAY,
                    )

    async def _follow(
        self, connection: Connection, woken: asyncio.Event, projected: Callable[[int], None]
    ) -> None:
        while not connection.is_closed():
            woken.clear()
            if done := await self.catch_up():
                projected(done)
                continue
            # A notice can be lost with its connection, so the log is looked at now and then too.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_POLL_S):
                    await woken.wait()

    async def _one_page(self, tenant_id: TenantId) -> int:
        try:
            async with transaction(self._pool) as connection:
                return await self._project_page(connection, tenant_id)
        except BaseException:
            # What was made in the transaction was not committed with it.
            self._series.clear()
            self._partitions.forget()
            raise

    async def _project_page(self, connection: Connection, tenant_id: TenantId) -> int:
        start = await _lock_watermark(connection, tenant_id)
        head = await read_head(connection, tenant_id)
        if start >= head.size:
            return 0
        end = await _page_end(connection, tenant_id, start, start + self._page)
        found = await self._reader.between(connection, tenant_id, start, end)
        await self._project(connection, tenant_id, found)
        await connection.execute(
            "UPDATE projection SET watermark = $2 WHERE tenant_id = $1", tenant_id, end
        )
        return end - start

    async def _project(
        self, connection: Connection, tenant_id: TenantId, found: Sequence[EntryColumns]
    ) -> None:
        by_key: dict[SeriesKey, list[EntryColumns]] = defaultdict(list)
        for entry in found:
            by_key[entry.key].append(entry)
        await self._number_series(connection, tenant_id, by_key)
        arrived = {self._series[tenant_id, key]: entries for key, entries in by_key.items()}
        by_series = {
            number: [one.columns for one in entries] for number, entries in arrived.items()
        }
        keys = {self._series[tenant_id, key]: key for key in by_key}
        late = await self._write_spans(connection, tenant_id, by_series, keys)
        await self._write_latency(connection, tenant_id, by_series, late)
        await self._write_raw(connection, tenant_id, arrived)

    async def _number_series(
        self, connection: Connection, tenant_id: TenantId, keys: Iterable[SeriesKey]
    ) -> None:
        missing = {key for key in keys if (tenant_id, key) not in self._series}
        if missing:
            numbered = await series_ids(connection, tenant_id, sorted(missing))
            self._series.update({(tenant_id, key): number for key, number in numbered.items()})

    async def _write_spans(
        self,
        connection: Connection,
        tenant_id: TenantId,
        by_series: dict[int, list[Columns]],
        keys: dict[int, SeriesKey],
    ) -> set[int]:
        """Write the spans; return the series for which something came out of order."""
        tails = await spans.last_spans(connection, tenant_id, list(by_series))
        pieces: dict[int, Sequence[tuple[StoredSpan, int]]] = {}
        floors: dict[int, int] = {}
        for series_id, arrived in by_series.items():
            tail = tails.get(series_id)
            if in_order(arrived, tail[1].span.last_start if tail else None):
                pieces[series_id] = list(summarise_all(arrived))
            else:
                floor, made = await self._remake(connection, tenant_id, keys[series_id], arrived)
                floors[series_id], pieces[series_id] = floor, made
        await self._grow(connection, tenant_id, spans.DAYS, tails, pieces, floors)
        tails = await spans.last_spans(connection, tenant_id, list(pieces), table=spans.HOURS)
        await self._grow(connection, tenant_id, spans.HOURS, tails, pieces, floors)
        return {*floors}

    async def _grow(  # noqa: PLR0913, PLR0917 - a table, its ends, and what follows them
        self,
        connection: Connection,
        tenant_id: TenantId,
        table: spans.SpanTable,
        tails: Mapping[int, tuple[spans.Place, StoredSpan]],
        pieces: Mapping[int, Sequence[tuple[StoredSpan, int]]],
        floors: Mapping[int, int],
    ) -> None:
        """Add the pieces of some series to their last spans; those made anew, to one before."""
        tails = {series_id: tail for series_id, tail in tails.items() if series_id not in floors}
        for series_id, floor in floors.items():
            tails |= await spans.last_spans(connection, tenant_id, [series_id], floor, table)
        grown: list[tuple[spans.Place, StoredSpan]] = []
        new: list[tuple[spans.Place, StoredSpan]] = []
        for series_id, arrived in pieces.items():
            tail = tails.get(series_id)
            held = [tail[1]] if tail else []
            extend(held, arrived, table.longest_us)
            if tail is not None:
                if held[0] is not tail[1]:
                    grown.append((tail[0], held[0]))
                held = held[1:]
            new += spans.placed(series_id, held)
        await spans.replace(connection, tenant_id, grown, table)
        await spans.insert(connection, tenant_id, new, table)

    async def _remake(
        self,
        connection: Connection,
        tenant_id: TenantId,
        key: SeriesKey,
        arrived: Sequence[Columns],
    ) -> tuple[int, list[tuple[StoredSpan, int]]]:
        """Delete the spans that the arrived measurements touch or precede.

        Return from which start on there are none left, and every measurement from there, in order.
        """
        series_id = self._series[tenant_id, key]
        floor = min(columns.starts[0] for columns in arrived)
        entries = [columns.entry for columns in arrived]
        while gone := await spans.delete_from(connection, tenant_id, series_id, floor):
            floor = min(floor, gone[0])
            entries += gone[1:]
        await spans.delete_from(connection, tenant_id, series_id, floor, spans.HOURS)
        agents = await agents_of(connection, tenant_id, [key.vantage])
        bounds = (min(entries), max(entries))
        held = await self._reader.of_agents(connection, tenant_id, agents, bounds)
        singles = [
            single
            for entry in held
            if entry.key == key
            for single in singly(entry.columns)
            if single.starts[0] >= floor
        ]
        singles.sort(key=_order)
        return floor, [piece for one in singles for piece in summarise(one)]

    async def _write_latency(
        self,
        connection: Connection,
        tenant_id: TenantId,
        by_series: dict[int, list[Columns]],
        late: set[int],
    ) -> None:
        minutes: list[latency.Minute] = []
        held: list[latency.Minute] = []
        for series_id, arrived in by_series.items():
            runs = arrived if series_id in late else [joined_columns(arrived)]
            found = [
                minute
                for columns in runs
                for minute in minutes_of(series_id, columns)
                if minute.minute in _PLAUSIBLE
            ]
            minutes += found
            # What comes in order can only add to the last minute written, so to its own first.
            held += found if series_id in late else found[:1]
        await self._partitions.ensure(connection, "latency", {m.minute for m in minutes})
        await latency.add(connection, tenant_id, minutes, held)

    async def _write_raw(
        self,
        connection: Connection,
        tenant_id: TenantId,
        arrived: dict[int, list[EntryColumns]],
    ) -> None:
        days = await connection.fetchval(
            "SELECT raw_days FROM tenant WHERE tenant_id = $1", tenant_id
        )
        rows = RawRows(tenant_id, days * DAY)
        for series_id, entries in arrived.items():
            rows.add(series_id, entries)
        await self._partitions.ensure(connection, "measurement", {day * DAY for day in rows.days})
        await rows.write(connection)


@contextlib.asynccontextmanager
async def _listening(connection: Connection, woken: asyncio.Event) -> AsyncIterator[None]:
    """Set `woken` at every notice that a log has grown."""

    def wake(*_: object) -> None:
        woken.set()

    await connection.add_listener(LOG_CHANNEL, wake)
    try:
        yield
    finally:
        with contextlib.suppress(asyncpg.InterfaceError):  # it was lost, and has left the pool
            await connection.remove_listener(LOG_CHANNEL, wake)


def _order(single: Columns) -> tuple[int, int, str, int]:
    """Order single measurements as the judge does."""
    outcome = OUTCOMES[single.outcomes].value
    return single.starts[0], single.durations[0], outcome, single.error_us


async def _lock_watermark(connection: Connection, tenant_id: TenantId) -> int:
    await connection.execute(
        "INSERT INTO projection (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING", tenant_id
    )
    watermark: int = await connection.fetchval(
        "SELECT watermark FROM projection WHERE tenant_id = $1 FOR UPDATE", tenant_id
    )
    return watermark


async def _page_end(connection: Connection, tenant_id: TenantId, start: int, end: int) -> int:
    """Return where a page ends: before `end`, and sooner when its entries are large."""
    last: int = await connection.fetchval(
        "SELECT max(idx) FROM (SELECT idx, sum(length(envelope)) OVER (ORDER BY idx) AS bytes"
        " FROM log WHERE tenant_id = $1 AND idx >= $2 AND idx < $3) AS page"
        " WHERE bytes <= $4 OR idx = $2",
        tenant_id,
        start,
        end,
        _PAGE_BYTES,
    )
    return last + 1
