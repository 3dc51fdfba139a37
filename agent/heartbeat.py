"""The instrument watches itself, so that its own stalls are not taken for a target's.

A beat is due every `PERIOD_US`. A beat that is late by `LEAST_STALL_US` or more was held up by the
instrument, not by a target: a callback that blocks, a process that was stopped, a starved or paused
machine. What a probe missed while it was held up may be our fault, so its failure is evidence of
nothing (rules, section 2). Held up for `HELD_UP_US` in all, a probe is evidence of nothing at all.
"""

from collections import deque
from typing import Final

from agent.clock import Clock, Reading
from probes.model.instant import MILLISECOND, SECOND

PERIOD_US: Final = 100 * MILLISECOND
LEAST_STALL_US: Final = 100 * MILLISECOND
HELD_UP_US: Final = SECOND
_REMEMBERED: Final = 256
# Stalls explain the failure of a probe when they took a tenth of its time, or a second of it.
_STALLED_PART: Final = 10


class Heartbeat:
    """What the beats so far say of stalls; the spans are of the monotonic clock.

    It beats only while something is being measured: `begin` says that the first beat is now due
    one period later.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_us = clock.read().monotonic_us
        self._stalls: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)

    def begin(self) -> None:
        """Begin to beat, after a time in which no beat was due."""
        self._last_us = self._clock.read().monotonic_us

    def beat(self) -> int:
        """Take note of a beat; return how late it is, in microseconds."""
        now_us = self._clock.read().monotonic_us
        due_us = self._last_us + PERIOD_US
        self._last_us = now_us
        if now_us - due_us >= LEAST_STALL_US:
            self._stalls.append((due_us, now_us))
        return max(0, now_us - due_us)

    def explains_failure(self, start: Reading, end: Reading) -> bool:
        """Return whether stalls took so much of a span that a failure in it may be ours."""
        stalled_us = self._stalled_us(start.monotonic_us, end.monotonic_us)
        length_us = end.monotonic_us - start.monotonic_us
        return stalled_us > 0 and stalled_us >= min(HELD_UP_US, length_us // _STALLED_PART)

    def held_up(self, start: Reading, end: Reading) -> bool:
        """Return whether stalls took so much of a span that nothing seen in it is evidence."""
        return self._stalled_us(start.monotonic_us, end.monotonic_us) >= HELD_UP_US

    def ran_freely(self, since_us: int, end: Reading) -> bool:
        """Return whether the event loop has run since an instant, without a stall."""
        return since_us < self._last_us and not self._stalled_us(since_us, end.monotonic_us)

    def _stalled_us(self, start_us: int, end_us: int) -> int:
        # An overdue beat counts at once: what blocks the loop may be the very probe that ends now.
        overdue = (self._last_us + PERIOD_US, end_us)
        spans = list(self._stalls)
        if overdue[1] - overdue[0] >= LEAST_STALL_US:
            spans.append(overdue)
        return sum(max(0, min(end_us, stop) - max(start_us, begin)) for begin, stop in spans)
