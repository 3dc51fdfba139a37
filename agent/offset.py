"""How the collector's clock stands against this machine's boot clock, and how far off that may be.

An exchange asks the collector for its time. Its clock was read somewhere between question and
answer, so the offset (collector minus boot clock) lies in an interval as wide as the round trip,
however unequal the two ways were. From then on the interval widens with the drift of the two clocks
against each other, at most `DRIFT_PPM`, and by `SUSPEND_ERROR_US` when the machine slept: during
sleep the boot clock is kept by a chip that counts whole seconds. Of the recent exchanges the one
that is narrowest *now* is used (rules, section 9).

The offset is against the boot clock, so stepping the wall clock changes nothing.

An answer that contradicts all we know is not believed alone: it may be absurd. Two in a row that
agree with each other mean that a clock was really set, and the earlier exchanges are forgotten.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final, NamedTuple

from agent.clock import Reading
from probes.model.batch import UNESTIMATED_ERROR_US, ClockReading
from probes.model.instant import SECOND

DRIFT_PPM: Final = 100
SUSPEND_ERROR_US: Final = SECOND
WINDOW: Final = 16


class Exchange(NamedTuple):
    """A question put to the collector: our clocks before, its answer, our boot clock after."""

    sent: Reading
    collector_us: int
    received_us: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """The collector's clock minus our boot clock, and the bound on its error."""

    offset_us: int
    error_us: int

    def overlaps(self, other: "Estimate") -> bool:
        """Return whether both can be true at once."""
        return abs(self.offset_us - other.offset_us) <= self.error_us + other.error_us


@dataclass(frozen=True, slots=True)
class Bound:
    """What one exchange proved, and when."""

    offset_us: int
    error_us: int
    since: Reading

    @classmethod
    def of(cls, exchange: Exchange) -> "Bound":
        """Return what an exchange proves.

        The answer is cut to whole microseconds: the clock read was below `collector_us + 1`.
        """
        least_us = exchange.collector_us - exchange.received_us
        most_us = exchange.collector_us + 1 - exchange.sent.boottime_us
        middle_us = (least_us + most_us) // 2
        return cls(middle_us, most_us - middle_us, exchange.sent)

    @classmethod
    def recalled(cls, reading: ClockReading) -> "Bound":
        """Return what an earlier run of this boot knew."""
        since = Reading(reading.wall_us, reading.monotonic_us, reading.boottime_us)
        return cls(reading.correction_us, reading.error_us, since)

    def at(self, now: Reading) -> Estimate:
        """Return what is left of it now."""
        error_us = self.error_us + drift_us(now.boottime_us - self.since.boottime_us)
        if now.slept_since(self.since):
            error_us += SUSPEND_ERROR_US
        return Estimate(self.offset_us, error_us)


class Estimator:
    """The recent exchanges with one collector, during one boot."""

    def __init__(self) -> None:
        self._window: deque[Bound] = deque(maxlen=WINDOW)
        self._suspect: Bound | None = None
        self.steps = 0

    @property
    def doubts(self) -> bool:
        """True when the last answer contradicted what was known: ask again soon."""
        return self._suspect is not None

    def observe(self, bound: Bound, now: Reading) -> None:
        """Take in what an exchange proved."""
        known, new = self.estimate(now), bound.at(now)
        if known is None or known.overlaps(new):
            self._window.append(bound)
            self._suspect = None
        elif self._suspect is not None and self._suspect.at(now).overlaps(new):
            self._window = deque([self._suspect, bound], maxlen=WINDOW)
            self._suspect = None
            self.steps += 1
        else:
            self._suspect = bound

    def estimate(self, now: Reading) -> Estimate | None:
        """Return the narrowest estimate now; None before the first exchange."""
        estimates = (bound.at(now) for bound in self._window)
        return min(estimates, key=lambda estimate: estimate.error_us, default=None)


def drift_us(elapsed_us: int) -> int:
    """Return how far two clocks can move apart in a time, rounded up."""
    return -(-abs(elapsed_us) * DRIFT_PPM // 1_000_000)


def clock_reading(now: Reading, estimate: Estimate | None) -> ClockReading:
    """Return the clocks as a batch states them; without an estimate, 0 ± 5 s and flagged."""
    if estimate is None:
        return ClockReading(*now, offset_us=0, error_us=UNESTIMATED_ERROR_US, estimated=False)
    return ClockReading(
        *now,
        offset_us=estimate.offset_us + now.boottime_us - now.wall_us,
        error_us=estimate.error_us,
        estimated=True,
    )
