"""How one execution of a probe is shown to a person."""

import asyncio
from collections.abc import Iterable

from agent.check import Check
from agent.clock import SystemClock
from agent.heartbeat import PERIOD_US, Heartbeat
from agent.measure import Taken, measure
from agent.tally import PHASES
from probes.model.instant import MILLISECOND, SECOND
from probes.model.measurement import Outcome

_AT_ONCE = 50


async def take_all(checks: Iterable[Check]) -> list[Taken]:
    """Run each check once, some at a time."""
    clock = SystemClock()
    heartbeat = Heartbeat(clock)
    places = asyncio.Semaphore(_AT_ONCE)

    async def take(check: Check) -> Taken:
        async with places:
            return await measure(check, clock, heartbeat)

    async def keep_beating() -> None:
        while True:
            await asyncio.sleep(PERIOD_US / SECOND)
            heartbeat.beat()

    beating = asyncio.create_task(keep_beating())
    try:
        return await asyncio.gather(*(take(check) for check in checks))
    finally:
        beating.cancel()


def healthy(taken: Taken) -> bool:
    """Return whether a probe found its target up or degraded."""
    return taken.observation.outcome in (Outcome.UP, Outcome.DEGRADED)


def headline(taken: Taken, name: str) -> str:
    """Return the line of a probe: its outcome, its name, how long it took, why."""
    observation = taken.observation
    why = f"  {observation.failure} ({observation.operation})" if observation.failure else ""
    took = milliseconds(taken.end.boottime_us - taken.start.boottime_us)
    return f"{observation.outcome:8}  {name}  {took}{why}"


def details(taken: Taken) -> list[str]:
    """Return a line for each thing else that a probe found, and for each step it made."""
    observation = taken.observation
    steps = ((phase, getattr(observation.phases, phase)) for phase in PHASES)
    lines = [
        f"{phase.removesuffix('_us').replace('_', ' '):12}{milliseconds(took_us):>12}"
        for phase, took_us in steps
        if took_us is not None
    ]
    lines += [f"{'detail':12}{observation.detail}"] if observation.detail else []
    lines += [f"{'version':12}{observation.version}"] if observation.version else []
    return lines


def milliseconds(duration_us: int) -> str:
    """Return a duration as `12.3 ms`."""
    return f"{duration_us / MILLISECOND:.1f} ms"
