"""Kinds of probe made for the tests: each does what the test says."""

from collections.abc import Callable, Coroutine
from typing import Any

from agent.check import Check
from agent.schedule import Burst, Cadence
from probes.kind import Kind
from probes.model.failure import Failure, Operation
from probes.model.instant import MILLISECOND, SECOND
from probes.model.measurement import Observation, Outcome

UP = Observation(Outcome.UP, detail="status 200", version="1.0")
DEGRADED = Observation(Outcome.DEGRADED, detail="slow")
REFUSED = Observation.failed(Failure.CONNECTION_REFUSED, Operation.CONNECT, "refused")
TIMED_OUT = Observation.failed(Failure.TIMEOUT, Operation.FIRST_BYTE, "nothing in 5 s")
NEVER = Burst(for_us=0)

Probe = Callable[[int], Coroutine[Any, Any, Any]]


def check_that(
    probe: Probe,
    name: str = "dpi",
    interval_us: int = 20 * MILLISECOND,
    timeout_us: int = 10 * SECOND,
    burst: Burst = NEVER,
) -> Check:
    """Return a check whose probe is a function of its deadline."""

    async def run(spec: object, deadline: int, clock: object) -> Observation:
        del spec, clock
        observation: Observation = await probe(deadline)
        return observation

    kind = Kind("made", type(None), run, frozenset())
    return Check(name, kind, None, timeout_us, Cadence(interval_us, burst))
