"""The projector: tables from the log, the same however it was read."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from collector.judge.timeline import check_timeline, spans_of
from collector.store.agents import Agent
from collector.store.checks import read_checks
from collector.store.ingest import Ingest
from collector.store.log import read_head
from collector.store.pool import Pool, connected, transaction
from collector.store.projector import Projector
from collector.store.series import Scope, read_measurements
from probes.model.batch import CheckColumns
from probes.model.instant import DAY, MINUTE, SECOND
from probes.model.interval import Interval, IntervalSet
from probes.model.measurement import Measurement, Outcome
from tests.collector.store.agents import NOON_US, Sender, columns, enrolled
from tests.collector.store.test_ingest import running
from tests.postgres import ask

EVERYTHING = Interval(NOON_US - 400 * DAY, NOON_US + 400 * DAY)
MAX_GAPS = {"login": 30 * SECOND, "feed": 30 * SECOND}
TABLES = ("span", "span_hour", "latency", "measurement")


@pytest.fixture
async def ingest(pool: Pool) -> AsyncIterator[Ingest]:
    async with running(pool) as opened:
        yield opened


async def rows(pool: Pool, table: str) -> list[tuple[Any, ...]]:
    async with connected(pool) as connection:
        found = await connection.fetch(f"SELECT * FROM {table}")
    return sorted(map(tuple, found), key=repr)


async def send(ingest: Ingest, sender: Sender, *batches: Sequence[CheckColumns]) -> None:
    for checks in batches:
        await ingest.submit(sender.seal(*checks, error_us=sender.number % 3 * 4_000))


def history(seed: int) -> list[tuple[CheckColumns, ...]]:
    """Random batches of two checks: outages, gaps, unknowns, versions, over two midnights."""
    drawn = random.Random(seed)
    batches, at_s = [], 0.0
    for _ in range(drawn.randint(3, 14)):
        outcomes = "".join(drawn.choices("UUUUDGX", k=drawn.randint(1, 12)))
        if drawn.random() < 0.5:
            outcomes = drawn.choice("UD") * len(outcomes)
        version = [(0, drawn.choice(["1.0", "2.0"]))] if drawn.random() < 0.4 else []
        checks = [columns(outcomes, first_s=at_s, every_s=drawn.choice([1, 10]), versions=version)]
        if drawn.random() < 0.5:
            checks.append(columns("UU", first_s=at_s, check="feed"))
        batches.append(tuple(checks))
        at_s += len(outcomes) * 10 + drawn.choice([0, 5, 25, 100, 30_000])
    return batches


async def filled(pool: Pool, ingest: Ingest, seed: int) -> Agent:
    sender, agent = await enrolled(pool)
    other, _ = await enrolled(pool, Sender(vantage="labo-02"))
    await send(ingest, sender, *history(seed))
    await send(ingest, other, *history(seed + 1))
    return agent


def scope(agent: Agent, horizon: Interval = EVERYTHING) -> Scope:
    return Scope(agent.tenant_id, ["accueil-03", "labo-02"], MAX_GAPS, horizon)


def by_series(measurements: list[Measurement]) -> dict[tuple[str, str], list[Measurement]]:
    series: dict[tuple[str, str], list[Measurement]] = {}
    for measurement in measurements:
        series.setdefault((measurement.vantage, measurement.check), []).append(measurement)
    return series


@pytest.mark.parametrize("seed", range(8))
async def test_spans_prove_what_the_measurements_of_the_log_prove(
    pool: Pool, ingest: Ingest, seed: int
) -> None:
    agent = await filled(pool, ingest, seed)
    await Projector(pool).catch_up()
    async with connected(pool) as connection:
        measurements = await read_measurements(connection, scope(agent))
        checks = await read_checks(connection, scope(agent))
    series = by_series(measurements)
    assert {(check.vantage, check.check) for check in checks} == set(series)
    for check in checks:
        members = series[check.vantage, check.check]
        max_gap = MAX_GAPS[check.check]
        assert sum(span[1] for span in check.spans) == len(members)
        assert check_timeline(check.spans, max_gap) == check_timeline(
            spans_of(members, max_gap), max_gap
        )


@pytest.mark.parametrize("seed", range(4))
async def test_the_same_log_gives_the_same_rows_however_it_is_paged(
    pool: Pool, ingest: Ingest, seed: int
) -> None:
    await filled(pool, ingest, seed)
    await Projector(pool).catch_up()
    once = {table: await rows(pool, table) for table in TABLES}
    for page in (1, 3):
        async with transaction(pool) as connection:
            await connection.execute(f"TRUNCATE {', '.join(TABLES)}")
            await connection.execute("UPDATE projection SET watermark = 0")
        await Projector(pool, page=page).catch_up()
        assert {table: await rows(pool, table) for table in TABLES} == once


async def test_projecting_as_it_comes_gives_the_rows_of_projecting_at_the_end(
    pool: Pool, ingest: Ingest
) -> None:
    sender, _ = await enrolled(pool)
    for batch in history(5):
        await send(ingest, sender, batch)
        await Projector(pool).catch_up()
    live = {table: await rows(pool, table) for table in TABLES}
    async with transaction(pool) as connection:
        await connection.execute(f"TRUNCATE {', '.join(TABLES)}")
        await connection.execute("UPDATE projection SET watermark = 0")
    await Projector(pool).catch_up()
    assert {table: await rows(pool, table) for table in TABLES} == live


async def test_a_steady_day_is_one_span_and_midnight_starts_another(
    pool: Pool, ingest: Ingest
) -> None:
    sender, agent = await enrolled(pool)
    # From noon every 10 s: 4 319 probes reach 23:59:40, and midnight is the 4 321st.
    half_days = [(columns("U" * 1_440, first_s=hour * 3_600),) for hour in range(0, 16, 4)]
    await send(ingest, sender, *half_days)
    await Projector(pool).catch_up()
    async with connected(pool) as connection:
        [check] = await read_checks(connection, scope(agent))
    assert [span[1] for span in check.spans] == [4_320, 1_440]


async def test_measurements_that_come_late_take_their_place(pool: Pool, ingest: Ingest) -> None:
    sender, agent = await enrolled(pool)
    late = columns("DD", first_s=45)
    await send(ingest, sender, (columns("UUUU"),), (columns("UUUU", first_s=60),))
    await Projector(pool).catch_up()
    await send(ingest, sender, (late,), (columns("UU", first_s=100),))
    await Projector(pool).catch_up()
    async with connected(pool) as connection:
        [check] = await read_checks(connection, scope(agent))
    drawn = [(span[0], span[1], (span[2] - NOON_US) // SECOND) for span in check.spans]
    assert drawn == [("U", 4, 0), ("D", 2, 45), ("U", 6, 60)]


async def test_latency_is_summed_by_minute_across_batches(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    await send(
        ingest,
        sender,
        (columns("UUU", durations_ms=[10, 30, 20]),),
        (columns("UDU", first_s=30, durations_ms=[50, 1_000, 40]),),
        (columns("U", first_s=60, durations_ms=[7]),),
    )
    await Projector(pool, page=1).catch_up()
    async with connected(pool) as connection:
        found = await connection.fetch(
            "SELECT minute, measured, failed, min_us, sum_us, max_us, p95_us FROM latency"
            " ORDER BY minute"
        )
    # Nearest rank: 95 % of 6 is 5.7, so the sixth of them.
    assert [tuple(row) for row in found] == [
        (NOON_US, 6, 1, 10_000, 1_150_000, 1_000_000, 1_000_000),
        (NOON_US + MINUTE, 1, 0, 7_000, 7_000, 7_000, 7_000),
    ]


async def test_raw_rows_say_what_failed_and_are_kept_for_the_days_asked(
    pool: Pool, ingest: Ingest
) -> None:
    sender, _ = await enrolled(pool)
    async with connected(pool) as connection:
        await connection.execute("UPDATE tenant SET raw_days = 1")
    await send(ingest, sender, (columns("UD", first_s=-100_000),), (columns("UDX"),))
    projector = Projector(pool)
    await projector.catch_up()
    async with connected(pool) as connection:
        found = await connection.fetch(
            "SELECT outcome, failure, operation, duration_us, error_us FROM measurement"
            " ORDER BY start_us"
        )
    assert [tuple(row) for row in found] == [
        ("U", None, None, 50_000, 4_000),
        ("D", "connection_refused", "connect", 51_000, 4_000),
        ("X", "stall", "schedule", 52_000, 4_000),
    ]
    await projector.forget_raw(NOON_US + DAY + 5 * SECOND)
    async with connected(pool) as connection:
        kept = await connection.fetchval("SELECT count(*) FROM measurement")
    # Whole days are dropped: noon belongs to one that is not over.
    assert kept == 3
    await projector.forget_raw(NOON_US + 3 * DAY)
    assert await rows(pool, "measurement") == []


async def test_what_an_agent_could_only_claim_stops_no_projection(
    pool: Pool, ingest: Ingest
) -> None:
    sender, _ = await enrolled(pool)
    long = columns("UU", durations_ms=[2**52 // 1_000] * 2, versions=[(0, "1\0" + "x" * 300)])
    await send(ingest, sender, (long,), (columns("U", first_s=-(10**9) * 4),))
    await Projector(pool).catch_up()
    async with connected(pool) as connection:
        found = await connection.fetch("SELECT measured, version FROM span ORDER BY first_start")
        minutes = await connection.fetchval("SELECT count(*) FROM latency")
    assert [tuple(row) for row in found] == [(1, None), (2, "1" + "x" * 199)]
    assert minutes == 1
    assert len(await rows(pool, "measurement")) == 2


async def test_a_version_told_once_is_seen_until_something_changes(
    pool: Pool, ingest: Ingest
) -> None:
    sender, _ = await enrolled(pool)
    await send(
        ingest,
        sender,
        (columns("UU", versions=[(0, "1.0")]),),
        (columns("UUDUU", first_s=20, versions=[(3, "2.0")]),),
    )
    await Projector(pool).catch_up()
    async with connected(pool) as connection:
        found = await connection.fetch(
            "SELECT outcome, measured, version FROM span ORDER BY first_start"
        )
    assert [tuple(row) for row in found] == [("U", 4, "1.0"), ("D", 1, None), ("U", 2, "2.0")]


@pytest.mark.parametrize("forgotten", ["false", "true", "start_us % 20000000 < 10000000"])
@pytest.mark.parametrize("seed", range(4))
async def test_a_horizon_cuts_to_the_measurement_whatever_raw_rows_are_left(
    pool: Pool, ingest: Ingest, seed: int, forgotten: str
) -> None:
    agent = await filled(pool, ingest, seed)
    await Projector(pool).catch_up()
    drawn = random.Random(seed)
    async with connected(pool) as connection:
        await connection.execute(f"DELETE FROM measurement WHERE {forgotten}")
        everything = await read_measurements(connection, scope(agent))
        edges = [one.start_us + drawn.randint(-1, 1) for one in everything]
        start, end = sorted(drawn.sample(edges, 2))
        horizon = Interval(start, end)
        checks = await read_checks(connection, scope(agent, horizon))
    inside = [one for one in everything if start <= one.start_us and one.end_us <= end]
    for (vantage, name), members in by_series(inside).items():
        [spans] = [one.spans for one in checks if one[:2] == (vantage, name)]
        max_gap = MAX_GAPS[name]
        assert check_timeline(spans, max_gap) == check_timeline(spans_of(members, max_gap), max_gap)
    assert sum(span[1] for check in checks for span in check.spans) == len(inside)


async def test_a_smaller_gap_than_the_spans_were_made_with_is_honoured(
    pool: Pool, ingest: Ingest
) -> None:
    sender, agent = await enrolled(pool)
    await send(ingest, sender, (columns("UUUU", every_s=25),))
    await Projector(pool).catch_up()
    strict = scope(agent)._replace(max_gaps_us={"login": 20 * SECOND})
    async with connected(pool) as connection:
        [check] = await read_checks(connection, strict)
    assert [span[1] for span in check.spans] == [1, 1, 1, 1]


async def test_what_is_isolated_has_a_span_of_its_own(pool: Pool, ingest: Ingest) -> None:
    sender, agent = await enrolled(pool)
    await send(ingest, sender, (columns("DDDD"),))
    await Projector(pool).catch_up()
    isolate = IntervalSet([(NOON_US + 20 * SECOND, NOON_US + 21 * SECOND)])
    async with connected(pool) as connection:
        [check] = await read_checks(connection, scope(agent), isolate)
    assert [span[1] for span in check.spans] == [2, 1, 1]


async def _listener(dsn: str, *, other_than: int = 0) -> int:
    """Wait for the process that serves a projector's LISTEN, and return its id."""
    while True:
        found = await ask(
            dsn,
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            f" AND query LIKE 'LISTEN%' AND pid <> {other_than}",
        )
        if isinstance(found, int):
            return found


async def test_a_projector_that_lost_its_connection_listens_on_another(
    pool: Pool, collector_dsn: str
) -> None:
    following = asyncio.create_task(Projector(pool).run())
    lost = await _listener(collector_dsn)
    await ask(collector_dsn, f"SELECT pg_terminate_backend({lost}, 60000)")
    assert await _listener(collector_dsn, other_than=lost)
    following.cancel()
    await asyncio.wait([following])
    assert following.cancelled()


async def test_a_projector_that_just_lost_its_connection_can_be_stopped(
    pool: Pool, collector_dsn: str
) -> None:
    following = asyncio.create_task(Projector(pool).run())
    lost = await _listener(collector_dsn)
    await ask(collector_dsn, f"SELECT pg_terminate_backend({lost}, 60000)")
    following.cancel()
    await asyncio.wait([following])
    assert following.cancelled()


async def test_the_watermark_reaches_the_head_and_nothing_is_projected_twice(
    pool: Pool, ingest: Ingest
) -> None:
    agent = await filled(pool, ingest, 1)
    first, second = Projector(pool), Projector(pool)
    async with connected(pool) as connection:
        head = await read_head(connection, agent.tenant_id)
    assert await first.catch_up(agent.tenant_id) == head.size
    assert await second.catch_up() == 0
    async with connected(pool) as connection:
        measurements = await read_measurements(connection, scope(agent))
        counted = await connection.fetchval("SELECT sum(measured) FROM span")
    assert counted == len(measurements)
    assert Outcome.UP in {measurement.outcome for measurement in measurements}


async def test_a_batch_of_many_days_has_its_raw_rows(pool: Pool, ingest: Ingest) -> None:
    sender, _ = await enrolled(pool)
    await send(ingest, sender, (columns("U" * 5, first_s=-500_000, every_s=100_000),))
    await Projector(pool).catch_up()
    assert len(await rows(pool, "measurement")) == 5


async def test_what_lies_beyond_the_days_asked_is_left_out_of_a_batch(
    pool: Pool, ingest: Ingest
) -> None:
    sender, _ = await enrolled(pool)
    for outcomes in ("UUUU", "UDUU"):
        await send(ingest, sender, (columns(outcomes, first_s=-8 * 86_400, every_s=86_400),))
    await Projector(pool).catch_up()
    kept = sorted(row[2] for row in await rows(pool, "measurement"))
    assert [(start - NOON_US) // DAY for start in kept] == [-7, -7, -6, -6, -5, -5]
