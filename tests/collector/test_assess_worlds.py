"""Random worlds, put into the database in pieces: judged there, from files and by brute force."""

import json
import random
from collections.abc import Sequence
from itertools import pairwise

import pytest

from collector.assess import judge
from collector.judge.assessment import assess, panel_of
from collector.judge.windowfile import read_window
from collector.record.import_body import import_bodies
from collector.record.roster import IMPORTED_KIND
from collector.register.sealing import Sealer, open_desk
from collector.store.pool import Pool, connected, transaction
from collector.store.projector import Projector
from collector.store.series import Scope
from collector.store.tenants import TenantId, ensure_tenant
from probes.model.instant import MINUTE, SECOND
from probes.model.measurement import Measurement, read_measurements
from tests.oracle import brute_force
from tests.oracle.worlds import World, random_world

WORLDS = 60


def measurements_of(world: World) -> list[Measurement]:
    return list(read_measurements(json.dumps(line).encode() for line in world.measurements))


async def imported(
    pool: Pool, sealer: Sealer, tenant: str, pieces: Sequence[list[Measurement]], interval_us: int
) -> TenantId:
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, tenant)
        desk = await open_desk(connection, tenant_id, tenant, sealer, "me")
        for number, piece in enumerate(pieces):
            intervals = {measurement.check: interval_us for measurement in piece}
            for body, _ in import_bodies(piece, intervals, "drawn"):
                await desk.seal(IMPORTED_KIND, {**body, "digest": str(number)})
    return tenant_id


def pieces_of(drawn: random.Random, measurements: list[Measurement]) -> list[list[Measurement]]:
    """Cut the measurements into pieces that arrive in any order, like those of a slow agent."""
    ordered = sorted(measurements)
    cuts = sorted({0, len(ordered), *(drawn.randint(0, len(ordered)) for _ in range(4))})
    pieces = [ordered[start:end] for start, end in pairwise(cuts)]
    drawn.shuffle(pieces)
    return pieces


@pytest.mark.parametrize("tens", range(WORLDS // 10))
async def test_the_database_judges_a_random_world_as_brute_force_does(
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
        kinds = {measurement.vantage: measurement.kind for measurement in measurements}
        panel = panel_of(window, kinds)
        scope = Scope(tenant_id, sorted({*panel, *kinds}), window.max_gaps_us, window.horizon)
        expected = assess(window, measurements).to_json()
        assert expected == brute_force.assess(*world), seed
        for forgotten in ("measurement", "span_hour"):
            async with connected(pool) as connection:
                judged, _ = await judge(connection, scope, window, panel)
                assert judged.to_json() == expected, seed
                await connection.execute(f"DELETE FROM {forgotten}")
        async with connected(pool) as connection:
            judged, _ = await judge(connection, scope, window, panel)
        assert judged.to_json() == expected, seed
