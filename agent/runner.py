"""Runs every check when it is due and hands on what came of it.

One timer for all checks, one task for each probe that is running. What is recorded for a check is
in the order of its starts. Slots that could not be run because the instrument was held up or the
host slept are recorded too, as one `unknown` from the first of them until they were noticed.

A failure that the vantage point may have made itself is recorded when its references have been
asked. The check does not wait for that: its next probe, and the burst, begin when they are due.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

from agent.check import Check
from agent.clock import Clock, Reading
from agent.heartbeat import PERIOD_US, Heartbeat
from agent.measure import Taken, measure
from agent.recorder import History
from agent.sample import Sample, enclosing_span
from agent.schedule import Missed, Schedule
from agent.self_check import SelfCheck
from agent.tally import Tally
from probes.model.failure import Failure, Operation
from probes.model.instant import SECOND
from probes.model.measurement import Observation, Outcome

_LONGEST_REST_US: Final = SECOND

Keep: TypeAlias = Callable[[Sample], None]

_LOG: Final = logging.getLogger("constat.agent")


class Runner:
    """The checks and references of one vantage point, running on the current event loop.

    `failed` is done, with an error, only when the runner itself is broken.
    """

    def __init__(
        self, vantage: str, checks: Iterable[Check], clock: Clock, keep: Keep, tally: Tally
    ) -> None:
        self._loop = asyncio.get_running_loop()
        named = {check.name: check for check in checks}
        references = [check for check in named.values() if check.reference]
        self._checks = {name: check for name, check in named.items() if not check.reference}
        self._clock = clock
        self._keep = keep
        self._tally = tally
        self._heartbeat = Heartbeat(clock)
        self._histories = {name: History(name, clock.boot_id) for name in named}
        cadences = {name: check.cadence for name, check in self._checks.items()}
        if references:
            cadences[_ROUND] = references[0].cadence
        self._now = clock.read()
        self._schedule = Schedule(vantage, cadences, self._now.boottime_us)
        longest_us = max(check.timeout_us for check in self._checks.values())
        self.self_check = SelfCheck(references, clock, self._consult, self._track, longest_us)
        self._unsettled: dict[str, asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due_us = 0
        self._beat: asyncio.TimerHandle | None = None
        self._going = False
        self.failed: asyncio.Future[None] = self._loop.create_future()

    @property
    def running(self) -> int:
        """How many probes are running now."""
        return len(self._tasks)

    @property
    def histories(self) -> Mapping[str, History]:
        """What was last recorded of each check."""
        return self._histories

    def start(self) -> None:
        """Begin: every check waits for its own first slot."""
        self._going = True
        self._arm(self._clock.read())

    async def stop(self, within_s: float) -> int:
        """Start nothing more, wait for what runs, abandon the rest; return how many those are.

        A probe that is abandoned leaves no measurement: it has seen nothing yet.
        """
        self._going = False
        if self._timer is not None:
            self._timer.cancel()
        if not self._tasks:
            return 0
        _, pending = await asyncio.wait(self._tasks, timeout=within_s)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return len(pending)

    def _on_timer(self) -> None:
        self._timer = None
        before, self._now = self._now, self._clock.read()
        due = self._schedule.take_due(self._now.boottime_us)
        for start in due.starts:
            if start.check == _ROUND:
                self._track(self._run_round())
            else:
                self._track(self._run(self._checks[start.check], start.due_us))
        if due.missed:
            failure = Failure.SUSPENDED if self._now.slept_since(before) else Failure.STALL
            for missed in due.missed:
                self._miss(missed, failure)
        self._arm(self._now)

    def _arm(self, now: Reading) -> None:
        """Set the timer for the next slot; it goes off now and then in any case.

        The loop's timers stand still while the host sleeps: what became due meanwhile would wait.
        """
        due_us = now.boottime_us + _LONGEST_REST_US
        next_us = self._schedule.next_due_us()
        if next_us is not None:
            due_us = min(due_us, next_us)
        if self._timer is not None:
            if self._timer_due_us <= due_us:
                return
            self._timer.cancel()
        if self._going:
            delay_us = max(0, due_us - now.boottime_us)
            self._timer_due_us = due_us
            self._timer = self._loop.call_later(delay_us / SECOND, self._on_timer)

    def _on_beat(self) -> None:
        self._tally.loop_lag.add(self._heartbeat.beat())
        self._beat = self._loop.call_later(PERIOD_US / SECOND, self._on_beat)

    def _track(self, work: Coroutine[Any, Any, None]) -> None:
        if self._beat is None:
            self._heartbeat.begin()
            self._beat = self._loop.call_later(PERIOD_US / SECOND, self._on_beat)
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._tasks and self._beat is not None:
            self._beat.cancel()
            self._beat = None
        error = None if task.cancelled() else task.exception()
        # A check that lost its task would never be run again, without a word.
        if error is not None and not self.failed.done():
            self.failed.set_exception(error)

    async def _run(self, check: Check, due_us: int) -> None:
        taken = await measure(check, self._clock, self._heartbeat)
        self._tally.start_delay.add(taken.start.boottime_us - due_us)
        self._tell_once(check, taken)
        outcome, end_us = taken.observation.outcome, taken.end.boottime_us
        # Without a network of ours every check fails: that is no change to look at more closely.
        changed = self._histories[check.name].would_change(outcome) and not (
            outcome is Outcome.DOWN and self.self_check.offline
        )
        missed = self._schedule.finished(check.name, end_us, changed=changed)
        self._tally.missed(check.name, missed)
        self._arm(taken.end)
        await self._settle(check, taken)

    async def _settle(self, check: Check, taken: Taken) -> None:
        """Record a probe, once it is known what it shows and all before it are recorded."""
        observation = taken.observation
        doubtful = self.self_check.doubts(check, observation)
        if not doubtful and check.name not in self._unsettled:
            self._record(check, taken, observation)
            return
        async with self._in_turn(check.name):
            if doubtful:
                observation = await self.self_check.witnessed(check, taken)
        self._record(check, taken, observation)

    @asynccontextmanager
    async def _in_turn(self, name: str) -> AsyncIterator[None]:
        """Do something, then wait until all that came before it for a check is recorded.

        What is done next, without waiting for anything, is done before all that comes after it.
        """
        before = self._unsettled.get(name)
        mine = self._unsettled[name] = self._loop.create_future()
        try:
            yield
            if before is not None:
                await asyncio.wait([before])
        finally:
            mine.set_result(None)
            if self._unsettled[name] is mine:
                del self._unsettled[name]

    async def _run_round(self) -> None:
        await self.self_check.round()
        now = self._clock.read()
        self._schedule.finished(_ROUND, now.boottime_us, changed=False)
        self._arm(now)

    async def _consult(self, reference: Check) -> Taken:
        taken = await measure(reference, self._clock, self._heartbeat)
        self._tell_once(reference, taken)
        self._record(reference, taken, taken.observation)
        return taken

    def _record(self, check: Check, taken: Taken, observation: Observation) -> None:
        start_us, duration_us = enclosing_span(taken.start.boottime_us, taken.end.boottime_us)
        self._tally.measured(check.name, check.kind.name, observation, duration_us)
        self._keep(self._histories[check.name].record(observation, start_us, duration_us).sample)

    def _miss(self, missed: Missed, failure: Failure) -> None:
        """Record slots that were not run, each check's in its turn."""
        names = [missed.check]
        if missed.check == _ROUND:
            names = [reference.name for reference in self.self_check.references]
        for name in names:
            self._tally.missed(name, missed.slots)
            if name in self._unsettled:
                self._track(self._keep_missed_in_turn(name, missed, failure, self._now))
            else:
                self._keep_missed(name, missed, failure, self._now)

    async def _keep_missed_in_turn(
        self, name: str, missed: Missed, failure: Failure, noticed: Reading
    ) -> None:
        async with self._in_turn(name):
            pass
        self._keep_missed(name, missed, failure, noticed)

    def _keep_missed(self, name: str, missed: Missed, failure: Failure, noticed: Reading) -> None:
        plural = "s" if missed.slots > 1 else ""
        observation = Observation.failed(
            failure, Operation.SCHEDULE, f"{missed.slots} slot{plural} missed"
        )
        span = enclosing_span(missed.since_us, noticed.boottime_us)
        self._keep(self._histories[name].record(observation, *span).sample)

    def _tell_once(self, check: Check, taken: Taken) -> None:
        if taken.fault and (told := f"check {check.name}: {taken.fault}") not in self._told:
            self._told.add(told)
            _LOG.error("%s; recorded as unknown", told)


# No check can be called so: the references, which run all at once.
_ROUND: Final = "*"
