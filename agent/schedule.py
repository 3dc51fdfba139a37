"""When each check starts: a pure timetable, told what time it is.

Every check has its own grid of slots: a phase that is the same for the same vantage point and check
in every run, a slot each interval, and a small jitter of each slot so that nothing that recurs at
the target can hide between two probes. After a change of outcome a check leaves its grid for a
while and starts more often (a burst), which narrows the bounds of an outage where it matters.

- A check never overlaps itself: its next slot is taken when it has finished.
- A start is never early. A slot that is due by more than `grace_us` is not run late, which would
  bunch all checks after a stall; it is counted as missed and the check waits for its next slot.
- Bursts share a budget. When many checks change at once (a network is gone) each bursts more
  slowly, never more slowly than its own interval.

Times are microseconds of one clock that never steps; durations are microseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from probes.model.instant import MILLISECOND, SECOND

BURST_STARTS_PER_S: Final = 200
MAX_JITTER_US: Final = 100 * MILLISECOND
_MAX_GRACE_US: Final = SECOND
_MASK: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Burst:
    """How often, and for how long, a check starts after a change of its outcome."""

    interval_us: int = SECOND
    for_us: int = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often a check starts: normally, and after a change."""

    interval_us: int
    burst: Burst = Burst()

    @property
    def jitter_us(self) -> int:
        """The jitter of a slot is less than this: 2 % of the interval, at most 100 ms."""
        return min(self.interval_us // 50, MAX_JITTER_US)

    @property
    def grace_us(self) -> int:
        """How late a slot may still be started: a quarter of the interval, at most 1 s."""
        return min(self.interval_us // 4, _MAX_GRACE_US)


class Missed(NamedTuple):
    """Slots of a check that were not run; the first was due at `since_us`."""

    check: str
    since_us: int
    slots: int


class Start(NamedTuple):
    """A check to start now; its slot was due at `due_us`."""

    check: str
    due_us: int


class Due(NamedTuple):
    """What is to be done now: checks to start, and slots that it is too late for."""

    starts: tuple[Start, ...]
    missed: tuple[Missed, ...]


class Schedule:
    """The timetable of all checks of one vantage point.

    `take_due` hands out each check that is due, once; the check is then running and has no slot
    until `finished` is called for it.
    """

    def __init__(self, vantage: str, cadences: Mapping[str, Cadence], now_us: int) -> None:
        self._entries = {name: _Entry(vantage, name, cadences[name]) for name in cadences}
        self._bursting = 0
        self._heap = [(_place(entry, now_us), name, entry) for name, entry in self._entries.items()]
        heapify(self._heap)

    def next_due_us(self) -> int | None:
        """Return when the next slot is due; None while every check is running."""
        return self._heap[0][0] if self._heap else None

    def take_due(self, now_us: int) -> Due:
        """Return the checks whose slot is due, and the slots that are past their grace."""
        starts: list[Start] = []
        missed: list[Missed] = []
        while self._heap and self._heap[0][0] <= now_us:
            due_us, name, entry = heappop(self._heap)
            if now_us - due_us <= entry.cadence.grace_us:
                entry.started_us = now_us
                _place(entry, now_us)
                starts.append(Start(name, due_us))
            else:
                missed.append(self._skip(entry, due_us, now_us))
        return Due(tuple(starts), tuple(missed))

    def finished(self, name: str, now_us: int, *, changed: bool) -> int:
        """Give a check its next slot; return how many slots of its grid passed while it ran."""
        entry = self._entries[name]
        if changed and entry.cadence.burst.for_us:
            self._bursting += not entry.bursting
            entry.bursting = True
            entry.burst_until_us = now_us + entry.cadence.burst.for_us
        passed = self._put_back(entry, now_us)
        return 0 if entry.bursting else passed

    def _skip(self, entry: "_Entry", due_us: int, now_us: int) -> Missed:
        entry.started_us = now_us
        passed = self._put_back(entry, now_us)
        return Missed(entry.name, due_us, max(1, passed))

    def _put_back(self, entry: "_Entry", now_us: int) -> int:
        slot = entry.slot
        heappush(self._heap, (self._next(entry, now_us), entry.name, entry))
        return entry.slot - slot

    def _next(self, entry: "_Entry", now_us: int) -> int:
        if entry.bursting and now_us >= entry.burst_until_us:
            entry.bursting = False
            self._bursting -= 1
        on_grid_us = _place(entry, now_us)
        if not entry.bursting:
            return on_grid_us
        shared_us = self._bursting * SECOND // BURST_STARTS_PER_S
        pause_us = max(entry.cadence.burst.interval_us, shared_us)
        return max(now_us, entry.started_us + min(pause_us, entry.cadence.interval_us))


@dataclass(slots=True, eq=False)
class _Entry:
    """Where one check stands in its grid; `slot` is the first that is not yet due."""

    vantage: str
    name: str
    cadence: Cadence
    seed: int = 0
    phase_us: int = 0
    slot: int = 0
    started_us: int = 0
    bursting: bool = False
    burst_until_us: int = 0

    def __post_init__(self) -> None:
        digest = sha256(f"{self.vantage}\0{self.name}".encode()).digest()
        self.phase_us = int.from_bytes(digest[:8], "big") % self.cadence.interval_us
        self.seed = int.from_bytes(digest[8:16], "big")

    def due_us(self, slot: int) -> int:
        """When a slot of the grid is due."""
        return self.phase_us + slot * self.cadence.interval_us + self._jitter_us(slot)

    def _jitter_us(self, slot: int) -> int:
        jitter_us = self.cadence.jitter_us
        return _scramble(self.seed + slot) % jitter_us if jitter_us else 0


def _place(entry: _Entry, now_us: int) -> int:
    """Move an entry to the first slot of its grid that is due after now; return that instant."""
    slot = (now_us - entry.phase_us) // entry.cadence.interval_us
    # The jitter of the slot now in progress may still lie ahead.
    if entry.due_us(slot) <= now_us:
        slot += 1
    entry.slot = slot
    return entry.due_us(slot)


def _scramble(number: int) -> int:
    """Return 64 bits that look random (the finalizer of SplitMix64): cheap, and the same anywhere.

    Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014.
    """
    bits = (number * 0x9E3779B97F4A7C15) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)
