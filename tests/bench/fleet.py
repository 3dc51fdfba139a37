"""A fleet of agents that measured for a while and now sends: signed batches, ready on the wire."""

import gzip
import random
from collections.abc import Iterator
from typing import Final, NamedTuple

from collector.store.pool import Pool
from probes.model.batch import CheckColumns
from probes.model.instant import SECOND
from tests.collector.store.agents import Sender, enrolled

INTERVAL_US: Final = 10 * SECOND

_FIRST_US: Final = 3_600 * SECOND
_JITTER_MS: Final = (0, 0, 0, 0, 1, 1, 2)


class Shape(NamedTuple):
    """What a batch holds: measurements of so many checks, so many of each."""

    checks: int
    each: int

    @property
    def measured(self) -> int:
        return self.checks * self.each

    def __str__(self) -> str:
        return f"{self.measured} ({self.checks} checks, {self.each} each)"


class BenchSender(Sender):
    """An agent whose samples lie every ten seconds, some milliseconds late, 80 ms long or so."""

    def rounds(self, shape: Shape, count: int) -> Iterator[bytes]:
        """Yield the next batches, gzipped as an agent sends them."""
        rng = random.Random(self.vantage)
        offsets_ms = [rng.randrange(10_000) for _ in range(shape.checks)]
        for number in range(count):
            first = number * shape.each
            checks = [
                _columns(rng, f"dpi-login-{check:02}", offset_ms, first, shape.each)
                for check, offset_ms in enumerate(offsets_ms)
            ]
            yield gzip.compress(self.seal(*checks), mtime=0)


def _columns(
    rng: random.Random, check: str, offset_ms: int, first: int, count: int
) -> CheckColumns:
    starts_us = tuple(
        _FIRST_US + (first + index) * INTERVAL_US + (offset_ms + rng.choice(_JITTER_MS)) * 1000
        for index in range(count)
    )
    durations_us = tuple(int(rng.lognormvariate(4.4, 0.4)) * 1000 for _ in range(count))
    return CheckColumns(check, INTERVAL_US, starts_us, durations_us, "U" * count)


async def enrol_fleet(pool: Pool, size: int, name: str) -> list[BenchSender]:
    """Enrol new agents, all of one hospital."""
    senders = [BenchSender(f"{name}-{number:03}") for number in range(size)]
    for sender in senders:
        await enrolled(pool, sender)
    return senders
