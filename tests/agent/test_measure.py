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


async def test_what_held_is_up_however_late_it_was_seen(bench: Bench) -> None:
    async def probe(_: int) -> Observation:
        bench.clock.advance(5 * SECOND)
        return UP

    assert (await bench.take(probe)).observation is UP


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
