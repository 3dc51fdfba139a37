"""A real agent that is stopped, blocked, starved, out of descriptors or killed blames nobody.

A sleep of the host cannot be had on a machine that has to go on, and a time namespace sets its
clocks only once: what becomes of a sleep is tested on the clocks' readings (tests/agent).
"""

import asyncio
import resource
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from agent.clock import SystemClock
from collector.judge.timeline import check_timeline, spans_of
from probes.model.batch import LETTERS
from probes.model.failure import Failure, Operation
from probes.model.instant import SECOND
from probes.model.interval import Interval
from probes.model.measurement import Measurement, Outcome
from tests.agent.collecting import TestCollector, collecting
from tests.agent.processes import enrol, running, write_config
from tests.servers.listening import serving
from tests.servers.web import page, read_request

_PATIENCE_S = 120
# A kind of another package that does what none may: it holds up everybody else for 1.5 s.
_BLOCKING_KIND = """\
import time
from dataclasses import dataclass

from probes.kind import Kind, named
from probes.model.measurement import Observation, Outcome


@dataclass(frozen=True, slots=True)
class Spec:
    name: str


async def probe(spec, deadline, clock):
    time.sleep(1.5)
    return Observation(Outcome.UP)


KIND = Kind("blocking", Spec, probe, frozenset(), named("name"))
"""


class Service:
    """A service that answers at once, after a while, or not before it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.after_s = 0.0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        self.asked.set()
        await self.may_answer.wait()
        await asyncio.sleep(self.after_s)
        writer.write(page())
        await writer.drain()

    async def holding_a_probe(self) -> None:
        """Wait until a probe has asked and waits for its answer."""
        self.may_answer.clear()
        self.asked.clear()
        await self.asked.wait()


class World:
    """A service, an agent that is enrolled, and the collector that hears from it."""

    def __init__(self, folder: Path, collector: TestCollector, service: Service, port: int) -> None:
        self.folder = folder
        self.collector = collector
        self.service = service
        self.port = port

    async def configured(self, **checks: dict[str, Any]) -> Path:
        config = write_config(self.folder, self.collector.url, checks)
        await enrol(config)
        return config

    def check(self, **more: str) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.port}/"
        never = {"duration": "PT0S"}
        asked = {"kind": "http", "interval": "PT1S", "url": url, "expect_markers": ["Connexion"]}
        return {**asked, "burst": never, **more}

    async def until_seen(self, outcomes: str, check: str = "dpi") -> None:
        async with asyncio.timeout(_PATIENCE_S):
            await self.collector.until_seen(check, outcomes)

    def outcomes(self, check: str = "dpi") -> str:
        return self.collector.outcomes(check)

    def failures(self, check: str = "dpi") -> set[tuple[Failure, Operation]]:
        columns = self.collector.columns(check)
        return {(failure, where) for each in columns for _, failure, where in each.failures}

    def measurements(self, check: str = "dpi") -> list[Measurement]:
        outcomes = {letter: outcome for outcome, letter in LETTERS.items()}
        return [
            Measurement(start_us, duration_us, outcomes[letter], "accueil-03", check)
            for each in self.collector.columns(check)
            for start_us, duration_us, letter in zip(
                each.starts_us, each.durations_us, each.outcomes, strict=True
            )
        ]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    service = Service()
    async with collecting() as collector, serving(service.talk) as port:
        yield World(tmp_path, collector, service, port)


def patient(check: dict[str, Any]) -> dict[str, Any]:
    """Give a check so much time that only a stall can end its probes."""
    return {**check, "timeout": "PT9S", "max_gap": "PT10S"}


async def test_stopped_in_the_middle_of_a_probe(world: World) -> None:
    config = await world.configured(dpi=patient(world.check()))
    async with running(config) as process:
        await world.until_seen("U")
        await world.service.holding_a_probe()
        process.send_signal(signal.SIGSTOP)
        world.service.may_answer.set()  # the answer waits in the kernel, well within the deadline
        await asyncio.sleep(3)
        process.send_signal(signal.SIGCONT)
        await world.until_seen("XU")

    assert set(world.outcomes()) == {"U", "X"}
    assert (Failure.STALL, Operation.ASSERT) in world.failures()
    assert {failure for failure, _ in world.failures()} == {Failure.STALL}


async def test_stopped_between_two_probes(world: World) -> None:
    config = await world.configured(dpi=world.check())
    async with running(config) as process:
        await world.until_seen("U")
        world.service.asked.clear()
        await world.service.asked.wait()
        await asyncio.sleep(0.3)  # the probe took milliseconds, the next is due in 0.7 s
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(3)
        process.send_signal(signal.SIGCONT)
        await world.until_seen("XU")

    assert set(world.outcomes()) == {"U", "X"}
    assert world.failures() == {(Failure.STALL, Operation.SCHEDULE)}


async def test_blocked_by_a_probe_that_does_not_wait_its_turn(world: World) -> None:
    package = world.folder / "packages"
    information = package / "blocking-1.0.dist-info"
    information.mkdir(parents=True)
    (package / "blocking.py").write_text(_BLOCKING_KIND)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: blocking\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[constat.probes]\nblocking = blocking:KIND\n")
    config = await world.configured(dpi=world.check())
    greedy = {"kind": "blocking", "interval": "PT4S", "name": "x"}
    checks = {"dpi": world.check(), "greedy": greedy}
    write_config(world.folder, world.collector.url, checks)
    world.service.after_s = 0.7  # of the second that a probe has
    async with running(config, PYTHONPATH=str(package)):
        await world.until_seen("X", "greedy")
        await world.until_seen("X")
        await world.until_seen("XU")

    assert set(world.outcomes("greedy")) == {"X"}
    assert set(world.outcomes()) == {"U", "X"}
    assert {failure for failure, _ in world.failures()} == {Failure.STALL}


@asynccontextmanager
async def starved(process: Process) -> AsyncIterator[None]:
    """Let a process run for a tenth of the time only, as a starved machine would."""

    async def starve() -> None:
        while True:
            process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(0.9)
            process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.1)

    starving = asyncio.create_task(starve())
    try:
        yield
    finally:
        starving.cancel()
        with suppress(asyncio.CancelledError):
            await starving
        process.send_signal(signal.SIGCONT)


async def test_starved_of_cpu_time(world: World) -> None:
    slow = world.check(timeout="PT2.5S", max_gap="PT10S")
    config = await world.configured(dpi=slow)
    async with running(config) as process:
        await world.until_seen("U")
        world.service.after_s = 2  # in time, and longer than two turns
        async with starved(process):
            await world.until_seen("X")
            await asyncio.sleep(6)  # two probes more at least
        world.service.after_s = 0
        await world.until_seen("XU")

    assert "D" not in world.outcomes()
    assert "G" not in world.outcomes()
    assert {failure for failure, _ in world.failures()} == {Failure.STALL}
    # None that lasted two seconds under starvation was taken for an answer.
    assert all(each.duration_us < SECOND for each in world.measurements() if is_up(each))


def is_up(measurement: Measurement) -> bool:
    return measurement.outcome is Outcome.UP


@asynccontextmanager
async def without_descriptors(process: Process) -> AsyncIterator[None]:
    """Let a process open nothing beyond what it holds when it holds the least.

    Counted once, it may just have had a probe's connection open, which is room for another.
    """
    before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)

    async def lower() -> None:
        least, most = before
        while True:
            held = sum(1 for _ in Path(f"/proc/{process.pid}/fd").iterdir())
            least = min(least, held)
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (least, most))
            await asyncio.sleep(0.01)

    lowering = asyncio.create_task(lower())
    try:
        yield
    finally:
        lowering.cancel()
        with suppress(asyncio.CancelledError):
            await lowering
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, before)


async def test_out_of_file_descriptors(world: World) -> None:
    config = await world.configured(dpi=world.check())
    async with running(config) as process:
        await world.until_seen("U")
        async with without_descriptors(process):
            await world.until_seen("X")
        await world.until_seen("XU")

    assert set(world.outcomes()) == {"U", "X"}
    assert {failure for failure, _ in world.failures()} == {Failure.OUT_OF_RESOURCES}


async def test_killed_in_the_middle_of_a_probe_and_started_again(world: World) -> None:
    config = await world.configured(dpi=world.check(max_gap="PT2S"))
    async with running(config) as process:
        await world.until_seen("U")
        await world.service.holding_a_probe()
        process.kill()
        await process.wait()
    killed_us = SystemClock().now_us()
    world.service.may_answer.set()
    await asyncio.sleep(2)  # with the probe that is lost, more than the longest gap
    async with running(config):
        await world.collector.until(
            lambda: any(each.start_us > killed_us for each in world.measurements())
        )

    measured = sorted(world.measurements())
    assert {each.outcome for each in measured} == {Outcome.UP}
    before = [each for each in measured if each.start_us < killed_us]
    assert all(each.end_us < killed_us for each in before)
    # Between the last answer before and the first one after nothing is said: no data.
    timeline = check_timeline(spans_of(measured, 2 * SECOND), 2 * SECOND)
    silent = Interval(before[-1].end_us, measured[len(before)].start_us)
    said = [*timeline.available, *timeline.down, *timeline.transition]
    assert not [piece for piece in said if piece[0] < silent.end and piece[1] > silent.start]
