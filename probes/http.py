"""The http probe."""

from typing import Final

from probes.model.failure import Failure, Operation
from probes.model.http_target import HttpSpec
from probes.model.measurement import Observation
from probes.transport import Clock

PRODUCES: Final[frozenset[Failure]] = frozenset()


async def probe(spec: HttpSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a target once; `deadline` is the latest instant of `clock` it may end at."""
    del spec, deadline, clock
    return Observation.failed(Failure.INTERNAL_ERROR, Operation.SCHEDULE, "not built yet")
