"""One probe, run and judged: what the target showed, unless the instrument got in its own way.

- A probe that spans a sleep of the host is `unknown/suspended`, whatever it found.
- A failure found while the event loop was held up is `unknown/stall`, never `down`: what we did not
  see in time may have been there. So is `degraded`, which may have been measured by the clock. A
  positive assertion that held is true however late it was seen, and stays `up`.
- A probe that fails by an error of its own, or outlives its deadline, is `unknown/internal_error`.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from agent.check import Check
from agent.clock import Clock, Reading
from agent.heartbeat import Heartbeat
from agent.log import place_of
from probes.model.failure import Failure, Operation
from probes.model.instant import SECOND
from probes.model.measurement import Observation, Outcome

# A probe keeps its own deadline; one that has not ended this long after is cancelled.
_OVERTIME_US: Final = SECOND


@dataclass(frozen=True, slots=True)
class Taken:
    """One execution of a probe: what came of it, and when it began and ended.

    `fault` is the error that escaped from the probe, in one line, if one did.
    """

    observation: Observation
    start: Reading
    end: Reading
    fault: str = ""


async def measure(check: Check, clock: Clock, heartbeat: Heartbeat) -> Taken:
    """Run a check once; nothing but cancellation escapes."""
    start = clock.read()
    observation, fault = await _observe(check, start.boottime_us + check.timeout_us, clock)
    end = clock.read()
    return Taken(_trusted(observation, start, end, heartbeat), start, end, fault)


async def _observe(check: Check, deadline_us: int, clock: Clock) -> tuple[Observation, str]:
    limit_s = (check.timeout_us + _OVERTIME_US) / SECOND
    overtime = asyncio.timeout(limit_s)
    try:
        async with overtime:
            # What another package's probe returns may be anything.
            observation: object = await check.kind.probe(check.spec, deadline_us, clock.now_us)
            if isinstance(observation, Observation):
                return observation, ""
            fault = f"the probe returned {type(observation).__name__}"
    except Exception as error:  # noqa: BLE001 - a probe's own error must not end the agent
        fault = "the probe outlived its deadline" if overtime.expired() else place_of(error)
    return Observation.failed(Failure.INTERNAL_ERROR, Operation.SCHEDULE, fault), fault


def _trusted(
    observation: Observation, start: Reading, end: Reading, heartbeat: Heartbeat
) -> Observation:
    """Return an observation, or `unknown` when the instrument may have made it."""
    if end.slept_since(start):
        return _spoilt(observation, Failure.SUSPENDED)
    doubtful = observation.outcome in (Outcome.DOWN, Outcome.DEGRADED)
    if doubtful and heartbeat.explains_failure(start, end):
        return _spoilt(observation, Failure.STALL)
    return observation


def _spoilt(observation: Observation, failure: Failure) -> Observation:
    seen = observation.failure or observation.outcome
    return replace(
        observation,
        outcome=Outcome.UNKNOWN,
        failure=failure,
        operation=observation.operation or Operation.ASSERT,
        detail=f"the probe saw {seen}",
    )
