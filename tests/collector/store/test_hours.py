"""Long spans cut at the ends of a horizon: by their hours, they are what they are by the log."""

import random

import pytest

from collector.judge.assessment import CheckSpans
from collector.judge.timeline import check_timeline, spans_of
from collector.store.agents import Agent
from collector.store.checks import read_checks
from collector.store.ingest import Ingest
from collector.store.pool import Connection, Pool, connected
from collector.store.projector import Projector
from collector.store.series import Scope, read_measurements
from probes.model.instant import DAY, SECOND
from probes.model.interval import Interval
from tests.collector.store.agents import NOON_US, Sender, columns, enrolled
from tests.collector.store.test_ingest import running

GAPS = {"login": 90 * SECOND}
DAY_AROUND = Interval(NOON_US - DAY, NOON_US + 2 * DAY)
LEFT = {
    "all raw rows": "DELETE FROM measurement WHERE false",
    "no raw rows": "DELETE FROM measurement",
    "some raw rows": "DELETE FROM measurement WHERE start_us % 7 < 2",
    "no hours": "DELETE FROM span_hour",
    "some hours": "DELETE FROM span_hour WHERE first_start / 3600000000 % 5 = 0",
}


async def measured(pool: Pool, seed: int) -> Agent:
    """Measure from two workstations for some fourteen hours, down now and then, some of it late."""
    drawn = random.Random(seed)
    senders = [Sender(), Sender("labo-02")]
    agent, _ = [(await enrolled(pool, sender))[1] for sender in senders]
    projector = Projector(pool, page=drawn.randint(3, 40))
    async with running(pool) as ingest:
        for sender in senders:
            await _send(ingest, sender, drawn)
            if drawn.random() < 0.5:
                await projector.catch_up()
    await projector.catch_up()
    return agent


async def _send(ingest: Ingest, sender: Sender, drawn: random.Random) -> None:
    batches = []
    for number in range(28):
        outcome = "D" if drawn.random() < 0.15 else "U"
        durations = [drawn.choice([40, 9_000, 58_000, 200_000]) for _ in range(60)]
        first_s = number * 1_800 + drawn.choice([0, 0, 3, 20])
        batches.append(columns(outcome * 60, first_s=first_s, every_s=30, durations_ms=durations))
    if drawn.random() < 0.5:  # a clock that was estimated anew, or a spool that was read backwards
        late = drawn.randrange(27)
        batches[late], batches[late + 1] = batches[late + 1], batches[late]
    for batch in batches:
        await ingest.submit(sender.seal(batch, error_us=drawn.choice([0, 4_000, 70_000_000])))


async def cut(connection: Connection, agent: Agent, horizon: Interval) -> list[CheckSpans]:
    return await read_checks(connection, Scope(agent.tenant_id, None, GAPS, horizon))


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("seed", range(3))
async def test_what_lies_inside_is_that_of_single_measurements(
    pool: Pool, seed: int, left: str
) -> None:
    agent = await measured(pool, seed)
    drawn = random.Random(left)
    async with connected(pool) as connection:
        await connection.execute(LEFT[left])
        everything = Scope(agent.tenant_id, None, GAPS, DAY_AROUND)
        measurements = await read_measurements(connection, everything)
        edges = [one.start_us + drawn.randint(-1, 1) for one in measurements]
        edges += [one.end_us + drawn.randint(-1, 1) for one in measurements]
        for _ in range(20):
            horizon = Interval(*sorted(drawn.sample(edges, 2)))
            checks = await cut(connection, agent, horizon)
            inside = [
                one
                for one in measurements
                if horizon.start <= one.start_us and one.end_us <= horizon.end
            ]
            assert sum(span[1] for check in checks for span in check.spans) == len(inside)
            for check in checks:
                alone = [one for one in inside if one.vantage == check.vantage]
                by_one = spans_of(alone, GAPS["login"])
                assert check_timeline(check.spans, GAPS["login"]) == check_timeline(
                    by_one, GAPS["login"]
                )
