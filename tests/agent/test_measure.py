"""One probe: what of it is evidence, and what is not."""

import asyncio

import pytest

from agent.heartbeat import PERIOD_US, Heartbeat
from agent.measure import Taken, measure
from probes.model.failure import Failure, Operation
from probes.model.instant import MILLISECOND, SECOND
from probes.model.measurement import Observation, Outcome
from tests.agent.kinds import DEGRADED, REFUSED, TIMED_OUT, UP, Probe, check_that
from tests.agent.worlds import FakeClock


class Bench:
    """A clock the probe itself moves."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.heartbeat = Heartbeat(self.clock)

    async def take(self, probe: Probe, timeout_us: int = 10 * SECOND) -> Taken:
        return await measure(check_that(probe, timeout_us=timeout_us), self.clock, self.heartbeat)

    def pass_time(self, duration_us: int) -> None:
        """Let time go by while the event loop runs freely."""
        for _ in range(duration_us // PERIOD_US):
            self.clock.advance(PERIOD_US)
            self.heartbeat.beat()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("seen", [UP, DEGRADED, REFUSED, TIMED_OUT])
async def test_what_a_probe_saw_is_what_is_taken(bench: Bench, seen: Observation) -> None:
    async def probe(_: int) -> Observation:
        bench.pass_time(5 * SECOND)
        return seen

    taken = await bench.take(probe)

    assert taken.observation is seen
    assert taken.end.boottime_us - taken.start.boottime_us == 5 * SECOND


@pytest.mark.parametrize("seen", [DEGRADED, REFUSED, TIMED_OUT])
async def test_a_failure_seen_by_a_stalled_agent_is_unknown(
    bench: Bench, seen: Observation
) -> None:
    async def probe(_: int) -> Observation:
        bench.clock.advance(5 * SECOND)
        return seen

    observation = (await bench.take(probe)).observation

    assert observation.outcome is Outcome.UNKNOWN
    assert observation.failure is Failure.STALL
    assert observation.operation is (seen.operation or Operation.ASSERT)
    assert observation.detail == f"the probe saw {seen.failure or 'degraded'}"


@pytest.mark.parametrize("seen", [UP, DEGRADED, REFUSED, TIMED_OUT])
async def test_a_probe_that_was_held_up_for_a_second_is_unknown_whatever_it_saw(
    bench: Bench, seen: Observation
) -> None:
    async def probe(_: int) -> Observation:
        bench.pass_time(58 * SECOND)
        bench.clock.advance(SECOND + PERIOD_US)  # a beat was due after one period
        bench.heartbeat.beat()
        return seen

    observation = (await bench.take(probe, timeout_us=60 * SECOND)).observation

    assert (observation.outcome, observation.failure) == (Outcome.UNKNOWN, Failure.STALL)
    assert observation.detail == f"the probe saw {seen.failure or seen.outcome}"
    assert observation.version is None


async def test_two_short_stalls_make_a_long_one(bench: Bench) -> None:
    async def probe(_: int) -> Observation:
        for _ in range(2):
            bench.clock.advance(SECOND // 2 + PERIOD_US)
            bench.heartbeat.beat()
        return UP

    assert (await bench.take(probe)).observation.failure is Failure.STALL


async def test_what_held_in_time_is_up_in_spite_of_a_short_stall(bench: Bench) -> None:
    async def probe(_: int) -> Observation:
        bench.clock.advance(900 * MILLISECOND)
        return UP

    assert (await bench.take(probe)).observation is UP


@pytest.mark.parametrize("seen", [UP, DEGRADED])
async def test_an_answer_after_the_deadline_is_a_failure_that_says_so(
    bench: Bench, seen: Observation
) -> None:
    async def probe(_: int) -> Observation:
        bench.pass_time(3 * SECOND + 2 * PERIOD_US)
        return seen

    observation = (await bench.take(probe, timeout_us=3 * SECOND)).observation

    assert (observation.outcome, observation.failure) == (Outcome.DOWN, Failure.TIMEOUT)
    assert observation.detail == "answered 200 ms after the deadline"


@pytest.mark.parametrize("late_us", [1, 99 * MILLISECOND, 400 * MILLISECOND])
async def test_an_answer_whose_deadline_no_timer_could_see_is_a_stall(
    bench: Bench, late_us: int
) -> None:
    async def probe(_: int) -> Observation:
        bench.pass_time(3 * SECOND)
        bench.clock.advance(late_us)
        return UP

    observation = (await bench.take(probe, timeout_us=3 * SECOND)).observation

    assert (observation.outcome, observation.failure) == (Outcome.UNKNOWN, Failure.STALL)
    late_ms = -(-late_us // MILLISECOND)
    assert observation.detail == f"the probe saw up, answered {late_ms} ms after the deadline"


async def test_a_failure_after_the_deadline_is_what_it_was(bench: Bench) -> None:
    async def probe(_: int) -> Observation:
        bench.pass_time(3 * SECOND + PERIOD_US)
        return REFUSED

    assert (await bench.take(probe, timeout_us=3 * SECOND)).observation is REFUSED


async def test_what_the_instrument_lacked_is_told_in_spite_of_a_stall(bench: Bench) -> None:
    lacking = Observation.failed(Failure.OUT_OF_RESOURCES, Operation.CONNECT, "no descriptors")

    async def probe(_: int) -> Observation:
        bench.clock.advance(5 * SECOND)
        return lacking

    assert (await bench.take(probe)).observation is lacking


@pytest.mark.parametrize("seen", [UP, DEGRADED, REFUSED])
async def test_a_probe_that_spans_a_sleep_of_the_host_is_unknown(
    bench: Bench, seen: Observation
) -> None:
    async def probe(_: int) -> Observation:
        bench.clock.suspend(60 * SECOND)
        return seen

    observation = (await bench.take(probe)).observation

    assert (observation.outcome, observation.failure) == (Outcome.UNKNOWN, Failure.SUSPENDED)


async def test_a_probe_is_told_its_deadline_on_the_boot_clock(bench: Bench) -> None:
    told: list[int] = []

    async def probe(deadline: int) -> Observation:
        told.append(deadline)
        return UP

    taken = await bench.take(probe, timeout_us=3 * SECOND)

    assert told == [taken.start.boottime_us + 3 * SECOND]


async def test_an_error_of_a_probe_is_unknown_and_tells_no_more_than_its_place(
    bench: Bench,
) -> None:
    async def probe(_: int) -> Observation:
        raise KeyError("the name of a patient")

    taken = await bench.take(probe)

    assert taken.observation.failure is Failure.INTERNAL_ERROR
    assert taken.fault.startswith("KeyError at test_measure.py:")
    assert "patient" not in taken.fault + taken.observation.detail


async def test_a_probe_that_returns_something_else_is_unknown(bench: Bench) -> None:
    async def probe(_: int) -> str:
        return "fine"

    taken = await bench.take(probe)

    assert taken.observation.failure is Failure.INTERNAL_ERROR
    assert taken.fault == "the probe returned str"


async def test_a_probe_that_outlives_its_deadline_is_cancelled(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.measure._OVERTIME_US", MILLISECOND)

    async def probe(_: int) -> Observation:
        await asyncio.Event().wait()
        return UP

    taken = await bench.take(probe, timeout_us=MILLISECOND)

    assert taken.observation.failure is Failure.INTERNAL_ERROR
    assert taken.fault == "the probe outlived its deadline"


async def test_a_probe_that_is_cancelled_from_outside_takes_nothing(bench: Bench) -> None:
    started = asyncio.Event()

    async def probe(_: int) -> Observation:
        started.set()
        await asyncio.Event().wait()
        return UP

    task = asyncio.ensure_future(bench.take(probe))
    await started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
