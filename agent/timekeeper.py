"""Keeping the offset to each collector known: exchanges, now and then, for as long as we run.

A batch states one offset. It is against the first collector, in the order they are configured, of
which there is an estimate; of the others it is known so that a disagreement between collectors
shows.
"""

import asyncio
import logging
from collections.abc import Iterable
from random import SystemRandom
from typing import Final, NoReturn

from agent.clock import Clock
from agent.link import Link, UnreachableError
from agent.offset import Bound, Estimate, Estimator, clock_reading
from probes.model.batch import ClockReading

FIRST_EXCHANGES: Final = 4
FIRST_PAUSE_S: Final = 0.2
PAUSE_S: Final = 60.0
RETRY_S: Final = 10.0

_LOG: Final = logging.getLogger(__name__)
_RANDOM: Final = SystemRandom()


class Timekeeper:
    """What is known of the collectors' clocks."""

    def __init__(self, clock: Clock, collectors: Iterable[str]) -> None:
        self._clock = clock
        self._estimators = {url: Estimator() for url in collectors}

    def reading(self) -> ClockReading:
        """Read the clocks, as a batch states them."""
        now = self._clock.read()
        estimates = (estimator.estimate(now) for estimator in self._estimators.values())
        return clock_reading(now, next(filter(None, estimates), None))

    def estimate(self, collector: str) -> Estimate | None:
        """Return what is known of one collector's clock now."""
        return self._estimators[collector].estimate(self._clock.read())

    def recall(self, reading: ClockReading) -> None:
        """Take over what an earlier run of this boot knew of the first collector."""
        for estimator in list(self._estimators.values())[:1]:
            estimator.observe(Bound.recalled(reading), self._clock.read())

    async def exchange(self, link: Link) -> Estimator:
        """Ask one collector for its time once."""
        estimator = self._estimators[link.url]
        steps = estimator.steps
        bound = Bound.of(await link.exchange(self._clock))
        estimator.observe(bound, self._clock.read())
        if estimator.steps > steps:
            _LOG.warning("the clock of %s, or ours, was set: its offset is learnt anew", link.url)
        return estimator

    async def keep(self, link: Link) -> NoReturn:
        """Exchange with one collector for ever: often at first and in doubt, then rarely."""
        done = 0
        while True:
            try:
                estimator = await self.exchange(link)
            except UnreachableError as error:
                _LOG.debug("%s", error)
                pause_s = RETRY_S
            else:
                done += 1
                often = done < FIRST_EXCHANGES or estimator.doubts
                pause_s = FIRST_PAUSE_S if often else PAUSE_S
            await asyncio.sleep(pause_s * _RANDOM.uniform(0.75, 1.25))
