"""One probe, run and judged: what the target showed, unless the instrument got in its own way.

- A probe that spans a sleep of the host is `unknown/suspended`, whatever it found.
- So is one during which the event loop was held up for a second or more `unknown/stall`: such a
  probe has no instant. It says that the target answered at some time between its start and its
  end, of which it was asleep for the better part; the kernel may have taken the answer for it, and
  a peer that died meanwhile would have looked the same. A verdict is not built on that.
- A shorter stall spoils `down`, for what we did not see in time may have been there, and
  `degraded`, which may have been measured by the clock. What held was seen within the probe's time
  as soon as a user would have, give or take less than a second: it stays `up`.
- An answer after the deadline is never `up`. It is `unknown/stall` when the event loop had not run
  since the deadline, so that no timer could go off, else `down/timeout`; both say how late it was.
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
from probes.model.instant import MILLISECOND, SECOND
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
    in_time = _in_time(observation, start, end, check.timeout_us, heartbeat)
    return Taken(_trusted(in_time, start, end, heartbeat), start, end, fault)


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


def _in_time(
    observation: Observation, start: Reading, end: Reading, timeout_us: int, heartbeat: Heartbeat
) -> Observation:
    """Return an observation, or what becomes of one whose good answer came after the deadline."""
    late_us = end.boottime_us - start.boottime_us - timeout_us
    if late_us <= 0 or observation.outcome not in _HEALTHY:
        return observation
    late = f"answered {-(-late_us // MILLISECOND)} ms after the deadline"
    if not heartbeat.ran_freely(start.monotonic_us + timeout_us, end):
        return _spoilt(observation, Failure.STALL, late)
    return replace(
        observation,
        outcome=Outcome.DOWN,
        failure=Failure.TIMEOUT,
        operation=Operation.ASSERT,
        detail=late,
    )


def _trusted(
    observation: Observation, start: Reading, end: Reading, heartbeat: Heartbeat
) -> Observation:
    """Return an observation, or `unknown` when the instrument may have made it."""
    if end.slept_since(start):
        return _spoilt(observation, Failure.SUSPENDED)
    if observation.outcome is Outcome.UNKNOWN:
        return observation
    doubtful = observation.outcome is not Outcome.UP and heartbeat.explains_failure(start, end)
    if doubtful or heartbeat.held_up(start, end):
        return _spoilt(observation, Failure.STALL)
    return observation


def _spoilt(observation: Observation, failure: Failure, how: str = "") -> Observation:
    seen = observation.failure or observation.outcome
    return replace(
        observation,
        outcome=Outcome.UNKNOWN,
        failure=failure,
        operation=observation.operation or Operation.ASSERT,
        detail=f"the probe saw {seen}{how and f', {how}'}",
        version=None,
    )


_HEALTHY: Final = frozenset({Outcome.UP, Outcome.DEGRADED})
