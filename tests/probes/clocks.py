"""The clocks of the tests, and probes that are given ample time."""

import itertools
import time

from probes.attempt import Clock
from probes.kind import Kind
from probes.model.measurement import Observation

AMPLE_US = 30_000_000


def monotonic_us() -> int:
    return time.monotonic_ns() // 1_000


def ticking_clock(step_us: int) -> Clock:
    """Return a clock that shows a step more every time it is read."""
    return itertools.count(step=step_us).__next__


async def run(kind: Kind, spec: object) -> Observation:
    return await kind.probe(spec, monotonic_us() + AMPLE_US, monotonic_us)
