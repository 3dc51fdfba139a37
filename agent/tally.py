"""What the agent counts of its own work, cheaply: a few integers for each check.

A scrape turns these into text (`agent.metrics`); between scrapes a measurement costs a handful of
additions, whatever the number of checks.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Final

from probes.model.instant import MILLISECOND
from probes.model.measurement import Observation, Outcome, Phases

_MS: Final = MILLISECOND
PROBE_BOUNDS_US: Final = tuple(
    bound * _MS for bound in (1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)
)
DELAY_BOUNDS_US: Final = (500, *(ms * _MS for ms in (1, 2, 5, 10, 25, 50, 100, 250, 1_000)))
PHASES: Final = tuple(Phases.__dataclass_fields__)


class Histogram:
    """How many values fell at or under each bound."""

    __slots__ = ("bounds_us", "counts", "sum_us")

    def __init__(self, bounds_us: tuple[int, ...]) -> None:
        self.bounds_us = bounds_us
        self.counts = [0] * (len(bounds_us) + 1)
        self.sum_us = 0

    def add(self, value_us: int) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds_us, value_us)] += 1
        self.sum_us += value_us


class Tally:
    """The counts of all checks of one agent since it started."""

    def __init__(self, kinds: Iterable[str]) -> None:
        names = sorted(set(kinds))
        self.probes: Counter[tuple[str, Outcome]] = Counter()
        self.missed_slots: Counter[str] = Counter()
        self.seconds = {kind: Histogram(PROBE_BOUNDS_US) for kind in names}
        self.phases = {
            (kind, phase): Histogram(PROBE_BOUNDS_US) for kind in names for phase in PHASES
        }
        self.start_delay = Histogram(DELAY_BOUNDS_US)
        self.loop_lag = Histogram(DELAY_BOUNDS_US)

    def measured(self, check: str, kind: str, observation: Observation, duration_us: int) -> None:
        """Count a measurement."""
        self.probes[check, observation.outcome] += 1
        self.seconds[kind].add(duration_us)
        for phase in PHASES:
            phase_us = getattr(observation.phases, phase)
            if phase_us is not None:
                self.phases[kind, phase].add(phase_us)

    def missed(self, check: str, slots: int) -> None:
        """Count slots that were not run."""
        if slots:
            self.missed_slots[check] += slots
