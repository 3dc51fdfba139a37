"""Runs every check when it is due and hands on what came of it.

One timer for all checks, one task for each probe that is running. What is recorded for a check is
in the order of its starts. Slots that could not be run because the instrument was held up or the
host slept are recorded too, as one `unknown` from the first of them until they were noticed.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

from agent.check import Check
from agent.clock import Clock, Reading
from agent.heartbeat import PERIOD_US, Heartbeat
from agent.measure import Taken, measure
from agent.recorder import History, Recorded
from agent.sample import Sample, enclosing_span
from agent.schedule import Missed, Schedule
from agent.tally import Tally
from probes.model.failure import Failure, Operation
from probes.model.instant import SECOND
from probes.model.measurement import Observation

_LONGEST_REST_US: Final = SECOND

Keep: TypeAlias = Callable[[Sample], None]

_LOG: Final = logging.getLogger("constat.agent")


class Runner:
    """The checks of one vantage point, running on the current event loop.

    `failed` is done, with an error, only when the runner itself is broken.
    """

    def __init__(
        self, vantage: str, checks: Iterable[Check], clock: Clock, keep: Keep, tally: Tally
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._checks = {check.name: check for check in checks}
        self._clock = clock
        self._keep = keep
        self._tally = tally
        self._heartbeat = Heartbeat(clock)
        self._histories = {name: History(name, clock.boot_id) for name in self._checks}
        cadences = {name: check.cadence for name, check in self._checks.items()}
        self._now = clock.read()
        self._schedule = Schedule(vantage, cadences, self._now.boottime_us)
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
            self._spawn(self._checks[start.check], start.due_us)
        if due.missed:
            failure = Failure.SUSPENDED if self._now.slept_since(before) else Failure.STALL
            for missed in due.missed:
                self._keep_missed(missed, failure)
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

    def _spawn(self, check: Check, due_us: int) -> None:
        if self._beat is None:
            self._heartbeat.begin()
            self._beat = self._loop.call_later(PERIOD_US / SECOND, self._on_beat)
        task = self._loop.create_task(self._run(check, due_us))
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
        sample, changed = self._record(check, taken)
        self._keep(sample)
        missed = self._schedule.finished(check.name, taken.end.boottime_us, changed=changed)
        self._tally.missed(check.name, missed)
        self._arm(taken.end)

    def _record(self, check: Check, taken: Taken) -> Recorded:
        start_us, duration_us = enclosing_span(taken.start.boottime_us, taken.end.boottime_us)
        self._tally.measured(check.name, check.kind.name, taken.observation, duration_us)
        return self._histories[check.name].record(taken.observation, start_us, duration_us)

    def _keep_missed(self, missed: Missed, failure: Failure) -> None:
        self._tally.missed(missed.check, missed.slots)
        plural = "s" if missed.slots > 1 else ""
        observation = Observation.failed(
            failure, Operation.SCHEDULE, f"{missed.slots} slot{plural} missed"
        )
        span = enclosing_span(missed.since_us, self._now.boottime_us)
        self._keep(self._histories[missed.check].record(observation, *span).sample)

    def _tell_once(self, check: Check, taken: Taken) -> None:
        if taken.fault and (told := f"check {check.name}: {taken.fault}") not in self._told:
            self._told.add(told)
            _LOG.error("%s; recorded as unknown", told)
