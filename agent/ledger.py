"""What the spool holds, in SQLite: the samples of each run, and the chain of batches.

A batch is made in the transaction that takes its samples away, so no crash yields two batches of
one number, or a sample in two batches or in none.

A sample's sequence number is given when it is stored: what is dropped for want of room leaves no
gap in the numbers, it is counted in `lost`, which every later batch states.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import ParamSpec, TypeVar

from agent.cursors import Cursor, Cursors
from agent.database import SpoolError, SpoolFullError, explained, open_database, transaction
from agent.rows import (
    ADD_BATCH,
    ADD_RUN,
    ADD_SAMPLE,
    READ_BATCH,
    READ_RUN,
    READ_SAMPLES,
    RECALL_CLOCK,
    SET_CLOCK,
    read_batch,
    read_clock,
    read_run,
    read_sample,
    run_row,
    sample_row,
)
from agent.sample import Sample
from agent.seal import Draft, Forge, Run, Sealed
from agent.space import Capacity, Space
from agent.thinning import Arrival, Thinning
from probes.model.batch import MAX_MEASUREMENTS, NO_PREVIOUS, ClockReading

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class State:
    """Where the chain stands: who owns it, the next numbers, the digest of the last batch."""

    epoch: str
    agent: str
    next_sample: int
    next_batch: int
    previous: str
    lost: int


class Ledger:
    """The open spool. It belongs to the thread that opened it."""

    def __init__(self, path: Path, capacity: Capacity) -> None:
        self.path = path
        ballast = path.with_suffix(".ballast")
        try:
            self._database = open_database(path)
        except SpoolFullError:
            ballast.unlink(missing_ok=True)
            self._database = open_database(path)
        try:
            with explained(path):
                self._space = Space(self._database, ballast, capacity)
                self.state = self._load_state()
        except BaseException:
            self._database.close()
            raise
        self.cursors = Cursors(self._database, path)
        self._thinning = Thinning()
        self._unrecorded_lost = 0
        self._run = 0

    @property
    def scarce(self) -> bool:
        """True while only changes of outcome are kept."""
        return self._space.scarce

    @property
    def used_bytes(self) -> int:
        """What the database takes up."""
        return self._space.used_bytes

    @property
    def lost(self) -> int:
        """Samples dropped for want of room since the spool was made."""
        self._unrecorded_lost += self._thinning.take_dropped()
        return self.state.lost + self._unrecorded_lost

    @property
    def depth(self) -> int:
        """Samples that some collector does not have yet."""
        return self.state.next_sample - 1 - self.cursors.last_sample

    def claim(self, agent: str) -> None:
        """Bind the spool to an agent; refuse one that is bound to another."""
        if self.state.agent not in ("", agent):
            raise SpoolError(
                f"cannot use {self.path}: it belongs to agent {self.state.agent} and this is "
                f"{agent}; move it away to begin a new one"
            )
        self._even_without_room(self._move_to, replace(self.state, agent=agent))

    def begin(self, run: Run, clock: ClockReading) -> ClockReading | None:
        """Start a run; return the clocks an earlier run of this boot last estimated, if one did."""
        row = self._database.execute(RECALL_CLOCK, (run.boot_id,)).fetchone()
        self._run = self._even_without_room(self._add_run, run, clock)
        return read_clock(row) if row else None

    def append(self, arrivals: Sequence[Arrival], clock: ClockReading) -> list[int | None]:
        """Store samples; return the sequence number of each, None for one that is not kept."""
        if self.scarce:
            self._seek_room(clock)
        if not self.scarce:
            samples = [arrival.sample for arrival in arrivals]
            with suppress(SpoolFullError):
                return [*self._store(samples, clock)]
            if self._evict():
                with suppress(SpoolFullError):
                    return [*self._store(samples, clock)]
            self._space.open_reserve()
        return self._store_chosen(arrivals, clock)

    def seal(self, forge: Forge, clock: ClockReading | None) -> Sealed | None:
        """Seal the oldest open samples; without a clock, only those of earlier runs.

        Those are sealed with the last clocks that their own run left: after a reboot, the boot
        clock they were stamped with is gone.
        """
        row = self._database.execute("SELECT run FROM sample ORDER BY sequence LIMIT 1").fetchone()
        if row is None or (row[0] == self._run and clock is None):
            return None
        draft = self._draft(row[0], clock if row[0] == self._run else None)
        sealed = forge(draft)
        self._even_without_room(self._keep, sealed)
        return sealed

    def batch(self, number: int) -> Sealed | None:
        """Return a batch of the chain; None when it is not made yet or not held any more."""
        row = self._database.execute(READ_BATCH, (number,)).fetchone()
        return read_batch(row) if row else None

    def oldest_batch(self) -> int:
        """Return the number of the oldest batch held, of the next one when none is."""
        row = self._database.execute("SELECT min(number) FROM batch").fetchone()
        return int(row[0]) if row[0] is not None else self.state.next_batch

    def move_cursor(self, collector: str, cursor: Cursor) -> None:
        """Set how far a collector is; batches that none needs any more are deleted."""
        self._even_without_room(self.cursors.move, collector, cursor)

    def close(self) -> None:
        """Close the file; what was held back for want of room is stored if it can be."""
        try:
            with suppress(SpoolFullError):
                self._store(self._thinning.release(), None)
        finally:
            self._database.close()

    def _seek_room(self, clock: ClockReading) -> None:
        """Leave scarcity behind if there is room again, with what was held back meanwhile."""
        self._evict()
        if self._space.regain():
            held = self._thinning.release()
            try:
                self._store(held, clock)
            except SpoolFullError:
                self._unrecorded_lost += len(held)
                self._space.open_reserve()

    def _even_without_room(
        self, work: Callable[_P, _T], *arguments: _P.args, **keywords: _P.kwargs
    ) -> _T:
        """Do what must not wait for room, from the reserve if need be."""
        try:
            return work(*arguments, **keywords)
        except SpoolFullError:
            self._space.open_reserve()
            return work(*arguments, **keywords)

    def _add_run(self, run: Run, clock: ClockReading) -> int:
        with transaction(self._database, self.path):
            self._database.execute("DELETE FROM run WHERE id NOT IN (SELECT run FROM sample)")
            return self._database.execute(ADD_RUN, run_row(run, clock)).lastrowid or 0

    def _evict(self) -> bool:
        try:
            return self.cursors.evict()
        except SpoolFullError:
            return False

    def _store_chosen(self, arrivals: Sequence[Arrival], clock: ClockReading) -> list[int | None]:
        chosen = self._thinning.choose(arrivals)
        numbers: list[int | None] = [None] * len(arrivals)
        try:
            stored = self._store([kept.sample for kept in chosen], clock)
        except SpoolFullError:
            self._unrecorded_lost += len(chosen)
            return numbers
        for number, kept in zip(stored, chosen, strict=True):
            if kept.place is not None:
                numbers[kept.place] = number
        return numbers

    def _store(self, samples: Sequence[Sample], clock: ClockReading | None) -> range:
        first = self.state.next_sample
        numbers = range(first, first + len(samples))
        after = replace(self.state, next_sample=numbers.stop, lost=self.lost)
        with self._moving_to(after):
            self._database.executemany(
                ADD_SAMPLE,
                (
                    (number, self._run, *sample_row(sample))
                    for number, sample in zip(numbers, samples, strict=True)
                ),
            )
            if clock is not None:
                self._database.execute(SET_CLOCK, (*astuple(clock), self._run))
        self._unrecorded_lost = 0
        return numbers

    def _draft(self, run_id: int, clock: ClockReading | None) -> Draft:
        rows = self._database.execute(READ_SAMPLES, (run_id, MAX_MEASUREMENTS)).fetchall()
        row = self._database.execute(READ_RUN, (run_id,)).fetchone()
        run = read_run(row)
        return Draft(
            run=run,
            clock=clock or read_clock(row),
            epoch=self.state.epoch,
            number=self.state.next_batch,
            previous=self.state.previous,
            first=rows[0][0],
            depth=self.depth,
            lost=self.lost,
            samples=[read_sample(run.boot_id, row) for row in rows],
        )

    def _keep(self, sealed: Sealed) -> None:
        after = replace(self.state, next_batch=sealed.number + 1, previous=sealed.digest)
        with self._moving_to(after):
            self._database.execute("DELETE FROM sample WHERE sequence <= ?", (sealed.last,))
            self._database.execute(ADD_BATCH, astuple(sealed))

    def _move_to(self, after: State) -> None:
        with self._moving_to(after):
            pass

    @contextmanager
    def _moving_to(self, after: State) -> Iterator[None]:
        """Run the block and the move to another state in one transaction."""
        with transaction(self._database, self.path):
            yield
            self._database.execute(
                "UPDATE state SET epoch = ?, agent = ?, next_sample = ?, next_batch = ?,"
                " previous = ?, lost = ?",
                astuple(after),
            )
        self.state = after

    def _load_state(self) -> State:
        row = self._database.execute(
            "SELECT epoch, agent, next_sample, next_batch, previous, lost FROM state"
        ).fetchone()
        if row:
            return State(*row)
        fresh = State(token_hex(16), "", 1, 1, NO_PREVIOUS, 0)
        self._database.execute("INSERT INTO state VALUES (1, ?, ?, ?, ?, ?, ?)", astuple(fresh))
        return fresh
