"""The spool as the agent's event loop sees it: what is awaited from here is on the disk.

SQLite works in a thread of its own. Samples are written in groups, one commit every
`GROUP_S` or `GROUP_SAMPLES`, and at once when a check changes its outcome.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, ParamSpec, Self, TypeVar

from agent.cursors import Cursor
from agent.database import SpoolDamagedError, SpoolError, move_aside
from agent.ledger import Ledger
from agent.sample import Sample
from agent.seal import Forge, Run, Sealed
from agent.space import Capacity
from agent.thinning import Arrival
from probes.model.batch import MAX_MEASUREMENTS, QUANTUM_US, ClockReading
from probes.model.measurement import Observation, Outcome

GROUP_S: Final = 1.0
GROUP_SAMPLES: Final = 1_000
SEAL_AFTER_S: Final = 30.0
SEAL_AFTER_CHANGE_S: Final = 1.0  # of the 2 s allowed: the commit and the signature take their part
_LISTENING_BATCHES: Final = 10
_SEAL_BYTES: Final = 512 << 10  # before base64, and before other columns
_SAMPLE_BYTES: Final = 32

_LOG: Final = logging.getLogger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Held(NamedTuple):
    """What the spool holds: samples some collector lacks, batches that every collector lacks."""

    depth: int
    undelivered: int
    lost: int
    next_batch: int
    used_bytes: int
    scarce: bool


@dataclass(slots=True)
class Pending:
    """The samples that wait for a batch; times are those of the event loop."""

    count: int = 0
    size: int = 0
    since_s: float | None = None
    changed_s: float | None = None
    listening: bool = True

    def due_s(self) -> float | None:
        """Return when they are to be sealed; None while there are none."""
        if self.since_s is None:
            return None
        if self.count >= MAX_MEASUREMENTS or self.size >= _SEAL_BYTES:
            return self.since_s
        due_s = self.since_s + SEAL_AFTER_S
        # With nobody there to hear of it soon, a flapping check must not fill the spool with
        # batches of one sample each.
        if self.changed_s is None or not self.listening:
            return due_s
        return min(due_s, self.changed_s + SEAL_AFTER_CHANGE_S)

    def add(self, arrivals: Iterable[Arrival], now_s: float) -> None:
        """Count samples that were stored."""
        self.since_s = now_s if self.since_s is None else self.since_s
        for sample, changed in arrivals:
            self.count += 1
            self.size += _SAMPLE_BYTES + len(sample.detail) + len(sample.version or "")
            if changed and self.changed_s is None:
                self.changed_s = now_s

    def put_back(self, other: "Pending", count: int, now_s: float) -> None:
        """Count again the last samples of those that were to be sealed and were not."""
        if count > 0:
            self.since_s = now_s
            self.size += other.size * count // other.count
            self.count += count


class Spool:
    """The open spool of one agent.

    `damaged` is where a damaged spool was moved when this one was begun in its place. `writer` ends
    when the spool is closed, and with an error when nothing can be written any more. `stored` is
    set whenever samples were stored, `sealed` when the next batch is: it is another event then.
    """

    def __init__(self, ledger: Ledger, thread: ThreadPoolExecutor, damaged: Path | None) -> None:
        self.damaged = damaged
        self.pending = Pending()
        self.stored = asyncio.Event()
        self.sealed = asyncio.Event()
        self._ledger = ledger
        self._thread = thread
        self._run: Run | None = None
        self._clock: Callable[[], ClockReading] = _no_clock
        self._outcomes: dict[str, Outcome] = {}
        self._group: list[tuple[Arrival, asyncio.Future[int | None]]] = []
        self._arrived = asyncio.Event()
        self._urgent = asyncio.Event()
        self._closing = False
        self.writer = asyncio.create_task(self._write(), name="spool")

    @classmethod
    async def open(cls, path: Path, capacity: Capacity) -> Self:
        """Open the spool's file; a damaged one is moved to `damaged` and a new one begun.

        Raises `SpoolError` when it cannot be used, above all when another agent uses it.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="spool")
        work = partial(asyncio.get_running_loop().run_in_executor, thread)
        try:
            try:
                return cls(await work(Ledger, path, capacity), thread, None)
            except SpoolDamagedError as error:
                aside = move_aside(path, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()))
                _LOG.error("%s; it was moved to %s with what was not delivered", error, aside)
                return cls(await work(Ledger, path, capacity), thread, aside)
        except BaseException:
            thread.shutdown()
            raise

    async def claim(self, agent: str, collectors: Iterable[str]) -> None:
        """Bind the spool to an agent, and say which collectors must have what is deleted."""
        await self._do(self._ledger.claim, agent)
        await self._do(self._ledger.cursors.follow, tuple(collectors))

    async def begin(self, run: Run, clock: Callable[[], ClockReading]) -> ClockReading | None:
        """Start a run, with the clocks its samples are to be read by.

        Returns the last estimated clocks of this boot, if an earlier run left any.
        """
        recalled = await self._do(self._ledger.begin, run, clock())
        self._run, self._clock = run, clock
        return recalled

    def record(self, sample: Sample) -> "asyncio.Future[int | None]":
        """Take a sample; the future is done when it is on the disk.

        Its result is the sample's sequence number, None when there was no room for it.
        """
        if self.writer.done():
            self.writer.result()
        self._check(sample)
        changed = self._outcomes.get(sample.check) is not sample.outcome
        self._outcomes[sample.check] = sample.outcome
        future = asyncio.get_running_loop().create_future()
        self._group.append((Arrival(sample, changed), future))
        self._arrived.set()
        if changed or len(self._group) >= GROUP_SAMPLES:
            self._urgent.set()
        return future

    async def seal(self, forge: Forge) -> Sealed | None:
        """Seal the oldest samples that wait; None when none does."""
        pending, self.pending = self.pending, Pending(listening=self.pending.listening)
        now_s = asyncio.get_running_loop().time()
        try:
            sealed = await self._seal(forge, self._clock())
        except BaseException:
            self.pending.put_back(pending, pending.count, now_s)
            raise
        if sealed is not None:
            left = pending.count - (sealed.last - sealed.first + 1)
            self.pending.put_back(pending, left, now_s)
        return sealed

    async def seal_earlier(self, forge: Forge) -> Sealed | None:
        """Seal the oldest samples of earlier runs; None when there are none."""
        return await self._seal(forge, None)

    async def batch(self, number: int) -> Sealed | None:
        """Return a batch of the chain; None when it is not made yet or not held any more."""
        return await self._do(self._ledger.batch, number)

    async def oldest_batch(self) -> int:
        """Return the number of the oldest batch held, of the next one when none is."""
        return await self._do(self._ledger.oldest_batch)

    async def cursor(self, collector: str) -> Cursor:
        """Return how far a collector is."""
        return await self._do(self._ledger.cursors.get, collector)

    async def move_cursor(self, collector: str, cursor: Cursor) -> None:
        """Set how far a collector is; batches that none needs any more are deleted."""
        await self._do(self._ledger.move_cursor, collector, cursor)

    async def held(self) -> Held:
        """Return what the spool holds."""
        return await self._do(_held, self._ledger)

    async def close(self) -> None:
        """Write what was recorded and close the file."""
        self._closing = True
        self._arrived.set()
        self._urgent.set()
        try:
            await self.writer
        finally:
            await self._do(self._ledger.close)
            self._thread.shutdown()

    async def _write(self) -> None:
        """Store what arrives, in groups, until the spool is closed."""
        while self._group or not self._closing:
            await self._arrived.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(GROUP_S):
                    await self._urgent.wait()
            self._arrived.clear()
            self._urgent.clear()
            group, self._group = self._group, []
            if group:
                await self._store(group)

    async def _store(self, group: list[tuple[Arrival, "asyncio.Future[int | None]"]]) -> None:
        arrivals = [arrival for arrival, _ in group]
        try:
            numbers = await self._do(self._ledger.append, arrivals, self._clock())
        except Exception as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
                    future.exception()  # it is the writer's, too: no need to look at it twice
            raise
        for (_, future), number in zip(group, numbers, strict=True):
            if not future.done():
                future.set_result(number)
        self.pending.add(arrivals, asyncio.get_running_loop().time())
        self.stored.set()

    async def _seal(self, forge: Forge, clock: ClockReading | None) -> Sealed | None:
        sealed = await self._do(self._ledger.seal, forge, clock)
        if sealed is not None:
            held = await self.held()
            self.pending.listening = held.undelivered <= _LISTENING_BATCHES
            done, self.sealed = self.sealed, asyncio.Event()
            done.set()
        return sealed

    async def _do(self, work: Callable[_P, _T], *arguments: _P.args, **keywords: _P.kwargs) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(work, *arguments, **keywords))

    def _check(self, sample: Sample) -> None:
        """Refuse what could never be sealed: it would stop the chain for good."""
        if self._closing or self._run is None:
            raise SpoolError(f"cannot record into {self._ledger.path}: it is not in use")
        if sample.boot_id != self._run.boot_id or sample.check not in self._run.intervals_us:
            raise ValueError(f"a sample of {sample.check} is not of this run")
        if sample.start_us % QUANTUM_US or sample.duration_us % QUANTUM_US:
            raise ValueError(f"a sample of {sample.check} is not in whole quanta")
        if sample.duration_us < 0:
            raise ValueError(f"a sample of {sample.check} ends before it starts")
        Observation(sample.outcome, sample.failure, sample.operation)  # refuses contradictions


def _no_clock() -> ClockReading:
    raise SpoolError("no run was begun")


def _held(ledger: Ledger) -> Held:
    next_batch = ledger.state.next_batch
    return Held(
        depth=ledger.depth,
        undelivered=next_batch - 1 - ledger.cursors.farthest_batch,
        lost=ledger.lost,
        next_batch=next_batch,
        used_bytes=ledger.used_bytes,
        scarce=ledger.scarce,
    )
