"""Spans of a long time, read back: they say what the measurements they were made of say."""

import random
from collections import defaultdict
from collections.abc import Sequence

import pytest

from collector.judge.assessment import CheckSpans, panel_of
from collector.judge.availability import Watch, service_timeline
from collector.judge.outage import HospitalTimeline
from collector.judge.terms import Window
from collector.judge.timeline import spans_of
from collector.judge.windowfile import read_window
from collector.register.sealing import Sealer
from collector.store.checks import read_history
from collector.store.pool import Connection, Pool, connected
from collector.store.projector import Projector
from collector.store.series import Scope
from collector.store.tenants import TenantId
from probes.model.instant import DAY, MINUTE, SECOND
from probes.model.interval import Interval, IntervalSet
from probes.model.measurement import Measurement
from tests.collector.test_assess_worlds import imported, measurements_of, pieces_of
from tests.oracle.worlds import random_world

WORLDS = 40


def one_by_one(window: Window, measurements: Sequence[Measurement]) -> list[CheckSpans]:
    """Return the spans of measurements, each in one of its own."""
    series: dict[tuple[str, str], list[Measurement]] = defaultdict(list)
    for measurement in measurements:
        if measurement.check in window.max_gaps_us:
            series[measurement.vantage, measurement.check].append(measurement)
    everywhere = IntervalSet([(window.hull.start - 90 * DAY, window.hull.end + 90 * DAY)])
    return [
        CheckSpans(*key, spans_of(members, window.max_gaps_us[key[1]], everywhere))
        for key, members in series.items()
    ]


async def read_timeline(
    connection: Connection, tenant_id: TenantId, window: Window, watch: Watch, horizon: Interval
) -> HospitalTimeline:
    """Return the timeline as availability makes it."""
    scope = Scope(tenant_id, sorted(watch.standing), window.max_gaps_us, horizon)
    timeline = service_timeline(await read_history(connection, scope), watch, horizon)
    if timeline.undecided:
        checks = await read_history(connection, scope, timeline.undecided)
        timeline = service_timeline(checks, watch, horizon).settled()
    return timeline


@pytest.mark.parametrize("tens", range(WORLDS // 10))
async def test_the_history_of_a_random_world_is_that_of_its_measurements(
    pool: Pool, sealer: Sealer, tens: int
) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        drawn = random.Random(seed)
        world = random_world(seed)
        window, measurements = read_window(world.window), measurements_of(world)
        pieces = pieces_of(drawn, measurements)
        interval_us = drawn.choice([SECOND, 10 * SECOND, MINUTE])
        tenant_id = await imported(pool, sealer, f"CH-{seed}", pieces, interval_us)
        await Projector(pool, page=drawn.randint(1, 4)).catch_up(tenant_id)
        hull = window.hull
        horizon = Interval(hull.start - 2 * DAY, hull.end + 2 * DAY)
        panel = panel_of(window, {m.vantage: m.kind for m in measurements})
        standing = dict.fromkeys(panel, horizon)
        watch = Watch(standing, window.max_gaps_us, window.contract.quorum)
        async with connected(pool) as connection:
            found = await read_timeline(connection, tenant_id, window, watch, horizon)
        expected = service_timeline(one_by_one(window, measurements), watch, horizon).settled()
        assert found.up.clip(hull) == expected.up.clip(hull), seed
        assert found.proven_down.clip(hull) == expected.proven_down.clip(hull), seed
        assert found.outages == expected.outages, seed
