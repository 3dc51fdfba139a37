"""References asked when a check fails: once for all that fail, and holding nothing up."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import pytest

from agent.check import Check
from agent.clock import Reading, SystemClock
from agent.measure import Taken
from agent.runner import Runner
from agent.sample import Sample
from agent.schedule import Burst
from agent.self_check import SelfCheck
from agent.tally import Tally
from agent.vantage import Standing
from probes.model.failure import Failure, Operation
from probes.model.instant import HOUR, MILLISECOND, MINUTE, SECOND
from probes.model.measurement import Observation, Outcome
from tests.agent.kinds import NEVER, REFUSED, TIMED_OUT, UP, Probe, check_that

MS = MILLISECOND


@dataclass(frozen=True, slots=True)
class Place:
    host: str


def at(check: Check, host: str, *, reference: bool = False) -> Check:
    return replace(check, spec=Place(host), reference=reference)


class Target:
    """What a reference asks: it answers as it is told, once it may."""

    def __init__(self, answer: Observation = UP) -> None:
        self.answer = answer
        self.asked = 0
        self.was_asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def probe(self, _: int) -> Observation:
        self.asked += 1
        self.was_asked.set()
        await self.may_answer.wait()
        return self.answer

    def reference(self, name: str = "gateway", host: str = "10.0.0.1") -> Check:
        return at(check_that(self.probe, name, interval_us=HOUR), host, reference=True)


class Bench:
    """A self-check whose references are taken as they are, and whose rounds are tasks."""

    def __init__(self, *references: Check) -> None:
        self.clock = SystemClock()
        self.tasks: list[asyncio.Task[None]] = []
        self.self_check = SelfCheck(references, self.clock, self.take, self.spawn, 10 * SECOND)

    async def take(self, reference: Check) -> Taken:
        start = self.clock.read()
        observation = await reference.kind.probe(reference.spec, 0, self.clock.now_us)
        return Taken(observation, start, self.clock.read())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))

    async def witnessed(self, host: str = "10.0.0.9", seen: Observation = TIMED_OUT) -> Observation:
        now = self.clock.read()
        start = Reading(*(each - SECOND for each in now))
        check = at(check_that(up), host)
        if not self.self_check.doubts(check, seen):
            return seen
        return await self.self_check.witnessed(check, Taken(seen, start, now))


async def up(_: int) -> Observation:
    return UP


async def fails(_: int) -> Observation:
    return TIMED_OUT


def is_ours(observation: Observation) -> bool:
    return observation.failure is Failure.VANTAGE_OFFLINE


async def test_a_thousand_failures_at_once_cause_one_round() -> None:
    gateway, peer = Target(), Target(TIMED_OUT)
    bench = Bench(gateway.reference(), peer.reference("peer"))

    seen = await asyncio.gather(*(bench.witnessed() for _ in range(1_000)))

    assert all(observation is TIMED_OUT for observation in seen)
    assert (gateway.asked, peer.asked) == (1, 1)


STALLED = Observation.failed(Failure.STALL, Operation.ASSERT)


@pytest.mark.parametrize("answer", [TIMED_OUT, STALLED])
async def test_no_reference_answers(answer: Observation) -> None:
    bench = Bench(Target(TIMED_OUT).reference(), Target(answer).reference("peer"))

    assert is_ours(await bench.witnessed())
    assert bench.self_check.withheld == 1


async def test_a_failure_that_comes_while_a_round_is_undecided_waits_for_that_one() -> None:
    gateway = Target()
    gateway.may_answer.clear()
    bench = Bench(gateway.reference())

    first = asyncio.create_task(bench.witnessed())
    await gateway.was_asked.wait()
    second = asyncio.create_task(bench.witnessed())
    await asyncio.sleep(0)
    gateway.may_answer.set()

    assert await first is await second is TIMED_OUT
    assert gateway.asked == 1


async def test_a_round_that_was_decided_before_a_failure_is_no_witness_for_it() -> None:
    gateway, slow = Target(), Target(TIMED_OUT)
    slow.may_answer.clear()
    bench = Bench(gateway.reference(), slow.reference("slow"))
    assert await bench.witnessed() is TIMED_OUT  # although the slow one has not answered

    gateway.answer = TIMED_OUT
    late = asyncio.create_task(bench.witnessed())
    await asyncio.sleep(0)
    slow.may_answer.set()

    assert is_ours(await late)
    assert (gateway.asked, slow.asked) == (2, 2)


async def test_loopback_alone_keeps_nothing_online() -> None:
    loopback = Target().reference("loopback", "127.0.0.1")
    bench = Bench(Target(TIMED_OUT).reference(), loopback)

    assert is_ours(await bench.witnessed())


async def test_a_check_of_loopback_asks_loopback_alone() -> None:
    loopback = Target()
    bench = Bench(Target(TIMED_OUT).reference(), loopback.reference("loopback", "127.0.0.1"))

    assert await bench.witnessed("127.0.0.1") is TIMED_OUT
    loopback.answer = TIMED_OUT
    assert is_ours(await bench.witnessed("127.0.0.1"))


async def test_without_a_reference_of_loopback_its_checks_are_as_they_were() -> None:
    gateway = Target(TIMED_OUT)
    bench = Bench(gateway.reference())

    assert await bench.witnessed("::1") is TIMED_OUT
    assert gateway.asked == 0


async def test_a_failure_that_proves_the_network_asks_nobody() -> None:
    gateway = Target(TIMED_OUT)
    bench = Bench(gateway.reference())

    assert await bench.witnessed(seen=REFUSED) is REFUSED
    assert gateway.asked == 0


async def test_a_round_that_breaks_lets_everybody_go_on() -> None:
    async def breaks(_: int) -> Observation:
        raise OSError("no spool")

    broken = at(check_that(breaks, "gateway"), "10.0.0.1", reference=True)
    bench = Bench(broken)

    assert is_ours(await bench.witnessed())
    with pytest.raises(OSError, match="no spool"):
        await bench.tasks[0]


async def test_the_loss_of_the_network_is_told_once_and_so_is_its_return(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    gateway = Target(TIMED_OUT)
    bench = Bench(gateway.reference())

    await bench.self_check.round()
    await bench.self_check.round()
    assert bench.self_check.offline
    gateway.answer = UP
    await bench.self_check.round()

    assert [record.getMessage() for record in caplog.records] == [
        "no reference answers: this vantage point has lost its network",
        "references answer again",
    ]
    assert bench.self_check.rounds == {Standing.OFFLINE: 2, Standing.ONLINE: 1}


class World:
    """A runner with a check that does as it is told and one reference."""

    def __init__(self, probe: Probe, gateway: Target, burst: Burst = NEVER) -> None:
        self.samples: asyncio.Queue[Sample] = asyncio.Queue()
        check = at(check_that(probe, interval_us=200 * MS, burst=burst), "10.0.0.9")
        self.runner = Runner(
            "a",
            [check, gateway.reference()],
            SystemClock(),
            self.samples.put_nowait,
            Tally(["made"]),
        )
        self.runner.start()

    async def taken(self, count: int, check: str = "dpi") -> list[Sample]:
        found: list[Sample] = []
        while len(found) < count:
            sample = await self.samples.get()
            if sample.check == check and sample.failure is not Failure.STALL:
                found.append(sample)
        return found


Make = Callable[..., World]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    worlds: list[World] = []

    def made(probe: Probe, gateway: Target, burst: Burst = NEVER) -> World:
        worlds.append(World(probe, gateway, burst))
        return worlds[-1]

    yield made
    for world in worlds:
        await world.runner.stop(0)


class Probes:
    """A check's probes: they see what they are told, and are counted."""

    def __init__(self, *seen: Observation) -> None:
        self.seen = list(seen)
        self.count = 0
        self.reached = asyncio.Condition()

    async def probe(self, _: int) -> Observation:
        async with self.reached:
            self.count += 1
            self.reached.notify_all()
        return self.seen[min(self.count, len(self.seen)) - 1]

    async def until(self, count: int) -> None:
        async with self.reached:
            await self.reached.wait_for(lambda: self.count >= count)


@pytest.mark.parametrize("answer", [UP, TIMED_OUT])
async def test_a_check_probes_on_while_its_failure_waits_and_its_results_keep_their_order(
    make: Make, answer: Observation
) -> None:
    gateway, probes = Target(answer), Probes(UP, TIMED_OUT, UP)
    gateway.may_answer.clear()
    world = make(probes.probe, gateway)

    await probes.until(5)
    assert world.samples.qsize() == 1  # what came after the failure waits behind it
    gateway.may_answer.set()
    samples = await world.taken(5)

    failed = Outcome.DOWN if answer is UP else Outcome.UNKNOWN
    assert [sample.outcome for sample in samples] == [
        Outcome.UP,
        failed,
        Outcome.UP,
        Outcome.UP,
        Outcome.UP,
    ]
    starts = [sample.start_us for sample in samples]
    assert starts == sorted(starts)


async def test_a_burst_does_not_wait_for_references(make: Make) -> None:
    gateway, probes = Target(), Probes(UP, TIMED_OUT)
    gateway.may_answer.clear()
    world = make(probes.probe, gateway, Burst(interval_us=2 * MS, for_us=MINUTE))

    await probes.until(6)
    gateway.may_answer.set()
    samples = await world.taken(6)

    # Five slots of the grid would have taken a second.
    assert samples[5].start_us - samples[1].start_us < 800 * MS


async def test_references_are_measured_and_recorded_under_their_own_names(make: Make) -> None:
    world = make(fails, Target(TIMED_OUT))

    (sample,) = await world.taken(1, "gateway")

    assert (sample.outcome, sample.failure) == (Outcome.DOWN, Failure.TIMEOUT)


async def test_what_a_probe_showed_by_itself_is_recorded_at_once(make: Make) -> None:
    gateway = Target()
    gateway.may_answer.clear()

    async def refused(_: int) -> Observation:
        return REFUSED

    world = make(refused, gateway)

    assert {sample.outcome for sample in await world.taken(2)} == {Outcome.DOWN}
    assert gateway.asked == 0
