"""The clocks of this machine, read together.

Measurements are stamped on the boot clock: it counts on while the machine sleeps and nobody can
step it. It starts again at each boot, so its times only mean something together with the boot id.
"""

import time
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from uuid import uuid4

_BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")
_TRIES: Final = 5
_CLOSE_ENOUGH_NS: Final = 20_000
_SUSPEND_NOTICED_US: Final = 10_000


class Reading(NamedTuple):
    """The machine's clocks at one instant, in microseconds."""

    wall_us: int
    monotonic_us: int
    boottime_us: int

    @property
    def suspended_us(self) -> int:
        """How long the machine has slept since it was booted."""
        return self.boottime_us - self.monotonic_us

    def slept_since(self, earlier: "Reading") -> bool:
        """Return whether the machine was suspended between two readings of one boot."""
        # The clocks are read one after the other: a small difference is only that.
        return abs(self.suspended_us - earlier.suspended_us) > _SUSPEND_NOTICED_US


class Clock(Protocol):
    """What tells the time: the machine, or a test."""

    @property
    def boot_id(self) -> str:
        """The name of this boot."""

    def read(self) -> Reading:
        """Read all clocks at once."""

    def now_us(self) -> int:
        """Read the boot clock alone, microseconds."""


class SystemClock:
    """The clocks of this machine, during this boot."""

    def __init__(self) -> None:
        self._boot_id = _boot_id()

    @property
    def boot_id(self) -> str:
        """The name the kernel gave this boot; where it gives none, a new one for each process."""
        return self._boot_id

    def read(self) -> Reading:
        """Read all clocks, again while something came in between."""
        best, best_ns = _read_once()
        for _ in range(_TRIES - 1):
            if best_ns <= _CLOSE_ENOUGH_NS:
                break
            reading, apart_ns = _read_once()
            if apart_ns < best_ns:
                best, best_ns = reading, apart_ns
        return best

    def now_us(self) -> int:
        """Read the boot clock alone, microseconds."""
        return boottime_ns() // 1_000


def boottime_ns() -> int:
    """Return the boot clock, nanoseconds; where there is none, the monotonic clock."""
    return time.clock_gettime_ns(_BOOTTIME) if _BOOTTIME is not None else time.monotonic_ns()


_BOOTTIME: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


def _read_once() -> tuple[Reading, int]:
    before_ns = boottime_ns()
    wall_ns = time.time_ns()
    monotonic_ns = time.monotonic_ns()
    after_ns = boottime_ns()
    middle_ns = (before_ns + after_ns) // 2
    reading = Reading(wall_ns // 1_000, monotonic_ns // 1_000, middle_ns // 1_000)
    return reading, after_ns - before_ns


def _boot_id() -> str:
    try:
        return _BOOT_ID_FILE.read_text("ascii").strip()
    except OSError:
        return str(uuid4())
