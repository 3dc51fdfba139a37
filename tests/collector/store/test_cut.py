"""Spans cut from raw rows: exactly what single measurements inside make, or nothing at all."""

import random

import pytest

from collector.judge.timeline import Span, spans_of
from collector.store.cut import cut_spans
from collector.store.pool import Pool, connected
from collector.store.projector import Projector
from collector.store.series import Scope, find_spans, read_measurements
from collector.store.tenants import TenantId
from probes.model.instant import DAY, SECOND
from probes.model.interval import Interval
from probes.model.measurement import Measurement
from tests.collector.store.agents import NOON_US, Sender, columns, enrolled
from tests.collector.store.test_ingest import running

GAPS = {"login": 30 * SECOND}
EVERYTHING = Interval(NOON_US - 9 * DAY, NOON_US + 9 * DAY)


@pytest.fixture
async def steady(pool: Pool) -> TenantId:
    """A hospital with one span of 40 measurements, whose clock error changes batch by batch."""
    sender = Sender()
    _, agent = await enrolled(pool, sender)
    async with running(pool) as ingest:
        for number in range(10):
            row = columns("UUUU", first_s=number * 40, durations_ms=[50, 9_000, 12_000, 1])
            await ingest.submit(sender.seal(row, error_us=[0, 5_000_000, 20_000_000][number % 3]))
    await Projector(pool).catch_up()
    return agent.tenant_id


async def known(pool: Pool, tenant_id: TenantId) -> tuple[tuple[int, Span], list[Measurement]]:
    """Return the one span there is, with its series, and its measurements."""
    scope = Scope(tenant_id, None, GAPS, EVERYTHING)
    async with connected(pool) as connection:
        found = await find_spans(connection, scope)
        [(key, [span])] = found.checks.items()
        return (found.series[key], Span(*span)), await read_measurements(connection, scope)


@pytest.mark.parametrize("seed", range(20))
async def test_a_cut_span_is_the_one_its_measurements_inside_would_make(
    pool: Pool, steady: TenantId, seed: int
) -> None:
    asked, measurements = await known(pool, steady)
    drawn = random.Random(seed)
    edges = [one.start_us + drawn.randint(-1, 1) for one in measurements]
    edges += [one.end_us + drawn.randint(-1, 1) for one in measurements]
    horizon = Interval(*sorted(drawn.sample(edges, 2)))
    async with connected(pool) as connection:
        [cut] = await cut_spans(connection, steady, [asked], horizon)
    inside = [
        one for one in measurements if horizon.start <= one.start_us and one.end_us <= horizon.end
    ]
    assert cut == spans_of(inside, 30 * SECOND)


async def test_a_span_of_which_one_row_is_gone_is_not_cut(pool: Pool, steady: TenantId) -> None:
    asked, measurements = await known(pool, steady)
    async with connected(pool) as connection:
        await connection.execute(
            "DELETE FROM measurement WHERE start_us = $1", measurements[7].start_us
        )
        assert await cut_spans(connection, steady, [asked], EVERYTHING) == [None]
        assert await cut_spans(connection, steady, [], EVERYTHING) == []
