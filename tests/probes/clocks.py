"""The real clock of the tests, and probes that are given ample time."""

import time

from probes.model.http_target import HttpSpec
from probes.model.measurement import Observation
from probes.model.target import TcpSpec
from probes.registry import Kind

AMPLE_US = 30_000_000


def monotonic_us() -> int:
    return time.monotonic_ns() // 1_000


async def run(kind: Kind, spec: HttpSpec | TcpSpec) -> Observation:
    return await kind.probe(spec, monotonic_us() + AMPLE_US, monotonic_us)
