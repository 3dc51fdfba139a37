"""The runner on a real event loop: what is recorded, in which order, and when it ends."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest

from agent.check import Check
from agent.clock import SystemClock
from agent.runner import Runner
from agent.sample import Sample
from agent.schedule import Burst
from agent.tally import Tally
from probes.model.failure import Failure, Operation
from probes.model.instant import MILLISECOND, MINUTE, SECOND
from probes.model.measurement import Observation, Outcome
from tests.agent.kinds import REFUSED, UP, check_that
from tests.agent.worlds import FakeClock

MS = MILLISECOND


class Bench:
    """A runner whose samples are waited for."""

    def __init__(self, *checks: Check, clock: FakeClock | SystemClock | None = None) -> None:
        self.samples: asyncio.Queue[Sample] = asyncio.Queue()
        self.tally = Tally(check.kind.name for check in checks)
        self.clock = clock or SystemClock()
        self.runner = Runner("a", checks, self.clock, self.samples.put_nowait, self.tally)

    async def take(self, count: int) -> list[Sample]:
        """Wait for probes; slots that this busy machine missed are left out."""
        taken: list[Sample] = []
        while len(taken) < count:
            sample = await self.samples.get()
            if not _is_missed_slot(sample):
                taken.append(sample)
        return taken

    def taken(self) -> list[Sample]:
        """Return the probes recorded so far; slots missed are left out here too."""
        recorded = [self.samples.get_nowait() for _ in range(self.samples.qsize())]
        return [sample for sample in recorded if not _is_missed_slot(sample)]


def _is_missed_slot(sample: Sample) -> bool:
    return sample.operation is Operation.SCHEDULE and sample.failure is Failure.STALL


Start = Callable[..., Bench]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    benches: list[Bench] = []

    def start_runner(*checks: Check, clock: FakeClock | None = None) -> Bench:
        bench = Bench(*checks, clock=clock)
        benches.append(bench)
        bench.runner.start()
        return bench

    yield start_runner
    for bench in benches:
        await bench.runner.stop(0)


async def up(_: int) -> Observation:
    return UP


async def test_a_check_is_run_again_and_again(start: Start) -> None:
    bench = start(check_that(up))

    samples = await bench.take(5)

    assert {sample.outcome for sample in samples} == {Outcome.UP}
    assert {sample.boot_id for sample in samples} == {SystemClock().boot_id}
    starts = [sample.start_us for sample in samples]
    assert starts == sorted(starts)
    assert bench.tally.probes["dpi", Outcome.UP] >= 5


async def test_a_check_that_fails_by_itself_does_not_stop_the_others(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: int) -> Observation:
        raise ZeroDivisionError

    bench = start(check_that(broken, "broken"), check_that(up))

    samples = await bench.take(20)

    outcomes = {sample.check: sample.outcome for sample in samples}
    assert outcomes == {"broken": Outcome.UNKNOWN, "dpi": Outcome.UP}
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage().startswith("check broken: ZeroDivisionError at test_runner.py:")


async def test_a_check_never_overlaps_itself_and_counts_what_it_missed(start: Start) -> None:
    running = most = 0
    release = asyncio.Event()

    async def slow(_: int) -> Observation:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await release.wait()
        running -= 1
        return UP

    bench = start(check_that(slow, "slow"), check_that(up, "fast"))
    while (await bench.take(1))[0].check == "fast" and bench.tally.probes["fast", Outcome.UP] < 10:
        pass
    release.set()
    while (await bench.take(1))[0].check != "slow":
        pass

    assert most == 1
    assert bench.tally.missed_slots["slow"] >= 3


async def test_a_change_is_followed_by_a_burst(start: Start) -> None:
    seen = iter([UP, REFUSED])

    async def falls(_: int) -> Observation:
        return next(seen, REFUSED)

    burst = Burst(interval_us=2 * MS, for_us=MINUTE)
    bench = start(check_that(falls, interval_us=200 * MS, burst=burst))

    samples = await bench.take(8)

    starts = [sample.start_us for sample in samples]
    assert [sample.outcome.value for sample in samples[:3]] == ["up", "down", "down"]
    assert min(later - earlier for earlier, later in pairwise(starts)) < 100 * MS


async def test_slots_missed_in_a_stall_are_recorded_as_one_unknown(start: Start) -> None:
    clock = FakeClock()
    bench = start(check_that(up, interval_us=10 * SECOND), clock=clock)
    before_us = clock.boottime_us

    clock.advance(60 * SECOND)
    sample = await bench.samples.get()

    assert (sample.outcome, sample.failure, sample.operation) == (
        Outcome.UNKNOWN,
        Failure.STALL,
        Operation.SCHEDULE,
    )
    assert sample.detail == "6 slots missed"
    assert before_us < sample.start_us <= before_us + 10_100 * MS
    assert sample.start_us + sample.duration_us >= clock.boottime_us
    assert bench.tally.missed_slots["dpi"] == 6


async def test_slots_missed_while_the_host_slept_say_so(start: Start) -> None:
    clock = FakeClock()
    bench = start(check_that(up, interval_us=10 * SECOND), clock=clock)

    clock.suspend(60 * SECOND)
    sample = await bench.samples.get()

    assert (sample.outcome, sample.failure) == (Outcome.UNKNOWN, Failure.SUSPENDED)


async def test_stopping_waits_for_a_probe_that_ends_in_time(start: Start) -> None:
    begun, release = asyncio.Event(), asyncio.Event()

    async def probe(_: int) -> Observation:
        begun.set()
        await release.wait()
        return UP

    bench = start(check_that(probe))
    await begun.wait()
    asyncio.get_running_loop().call_later(0.01, release.set)

    assert await bench.runner.stop(60) == 0
    [sample] = bench.taken()
    assert sample.outcome is Outcome.UP


async def test_stopping_abandons_a_probe_that_does_not_end_and_records_nothing(
    start: Start,
) -> None:
    begun = asyncio.Event()

    async def probe(_: int) -> Observation:
        begun.set()
        await asyncio.Event().wait()
        return UP

    bench = start(check_that(probe))
    await begun.wait()

    assert await bench.runner.stop(0.01) == 1
    assert bench.taken() == []
    assert bench.runner.running == 0


async def test_a_runner_that_cannot_hand_on_a_sample_has_failed() -> None:
    def refuse(_: Sample) -> None:
        raise OSError("no spool")

    runner = Runner("a", [check_that(up)], SystemClock(), refuse, Tally(["made"]))
    runner.start()

    with pytest.raises(OSError, match="no spool"):
        await runner.failed
    await runner.stop(0)
