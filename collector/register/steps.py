"""The life of a window: announced, in progress, closed or cancelled; what each step asks for.

A step is one log entry, and a window is nothing but its steps in order. A new step is checked
against the window as the steps before it made it, and refused with the reason when that window does
not allow it. The instant a step was taken is the collector's clock at sealing, never a typed date.

`start` and `finish` register when the operation itself ran (an intervention, rules section 7);
`close` says that nothing more is to come, and is what lets a verdict fall.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from collector.errors import RefusedError
from collector.judge.terms import Revision, WindowStatus
from collector.store.windows import StoredStep
from probes.model.interval import Interval


class StepKind(StrEnum):
    """The kinds of log entries a window is made of."""

    ANNOUNCED = "window.announced"
    RESCHEDULED = "window.rescheduled"
    STARTED = "window.started"
    FINISHED = "window.finished"
    CLOSED = "window.closed"
    CANCELLED = "window.cancelled"


@dataclass(frozen=True, slots=True)
class Intervention:
    """When the operation ran, in microseconds UTC; `end_us` is None while it runs."""

    start_us: int
    end_us: int | None


@dataclass(frozen=True, slots=True)
class RegisteredWindow:
    """A window as its steps made it; `entries` are their places in the hospital's log."""

    hospital: str
    id: str
    service: str
    status: WindowStatus
    plan: Interval
    revisions: tuple[Revision, ...]
    interventions: tuple[Intervention, ...]
    announced_at_us: int
    closed_at_us: int | None
    entries: tuple[int, ...]

    @property
    def running(self) -> Intervention | None:
        """The intervention that is not finished yet."""
        last = self.interventions[-1] if self.interventions else None
        return last if last is not None and last.end_us is None else None

    @property
    def fixed_at_us(self) -> int:
        """When panel and terms were fixed: as it opened, or as it was announced if that is later.

        A window announced after the fact can only be judged by what was agreed by then.
        """
        opened = min([self.plan.start, *(ran.start_us for ran in self.interventions)])
        return max(opened, self.announced_at_us)


def window_of(hospital: str, steps: Iterable[StoredStep]) -> RegisteredWindow | None:
    """Return the window its steps make; None without any. `ValueError` for an impossible one."""
    window: RegisteredWindow | None = None
    for step in steps:
        window = _announced(hospital, step) if window is None else _after(window, step)
    return window


def _announced(hospital: str, step: StoredStep) -> RegisteredWindow:
    if step.kind != StepKind.ANNOUNCED:
        raise ValueError(f"entry {step.entry}: a window begins with its announcement")
    plan = Interval(step.body["start_us"], step.body["end_us"])
    return RegisteredWindow(
        hospital=hospital,
        id=step.body["window"],
        service=step.body["service"],
        status=WindowStatus.ANNOUNCED,
        plan=plan,
        revisions=(Revision(plan, step.at_us),),
        interventions=(),
        announced_at_us=step.at_us,
        closed_at_us=None,
        entries=(step.entry,),
    )


def _after(window: RegisteredWindow, step: StoredStep) -> RegisteredWindow:
    window = replace(window, entries=(*window.entries, step.entry))
    match StepKind(step.kind):
        case StepKind.ANNOUNCED:
            raise ValueError(f"entry {step.entry}: {window.id} was announced before")
        case StepKind.RESCHEDULED:
            plan = Interval(step.body["start_us"], step.body["end_us"])
            revisions = (*window.revisions, Revision(plan, step.at_us))
            return replace(window, plan=plan, revisions=revisions)
        case StepKind.STARTED:
            ran = Intervention(step.body["start_us"], None)
            status = WindowStatus.IN_PROGRESS
            return replace(window, status=status, interventions=(*window.interventions, ran))
        case StepKind.FINISHED:
            *before, running = window.interventions
            ran = Intervention(running.start_us, step.body["end_us"])
            return replace(window, interventions=(*before, ran))
        case StepKind.CLOSED:
            return replace(window, status=WindowStatus.CLOSED, closed_at_us=step.at_us)
        case StepKind.CANCELLED:
            return replace(window, status=WindowStatus.CANCELLED, closed_at_us=step.at_us)


def check_reschedule(window: RegisteredWindow, plan: Interval) -> None:
    """Refuse a new plan for a window that is over, or a new start once it has started."""
    _check_open(window, "rescheduled")
    if plan == window.plan:
        raise RefusedError(f"{window.id} is planned so already: nothing to change")
    if window.status is WindowStatus.IN_PROGRESS and plan.start != window.plan.start:
        raise RefusedError(f"{window.id} has started: only its end can still be moved")


def check_start(window: RegisteredWindow, at_us: int, now_us: int) -> None:
    """Refuse to start an operation that runs already, or of a window that is over."""
    _check_open(window, "started")
    if window.running is not None:
        raise RefusedError(f"{window.id} runs already: constat window finish {window.id}")
    _check_past(window, at_us, now_us)
    for previous in window.interventions[-1:]:
        if previous.end_us is not None and at_us < previous.end_us:
            raise RefusedError(f"{window.id}: the operation before finished later than that")


def check_finish(window: RegisteredWindow, at_us: int, now_us: int) -> None:
    """Refuse to finish an operation that does not run, or before it began."""
    _check_open(window, "finished")
    if window.running is None:
        raise RefusedError(f"{window.id} does not run: constat window start {window.id}")
    _check_past(window, at_us, now_us)
    if at_us <= window.running.start_us:
        raise RefusedError(f"{window.id}: an operation finishes after it started")


def check_close(window: RegisteredWindow) -> None:
    """Refuse to close a window that never started, or whose operation still runs."""
    _check_open(window, "closed")
    if window.running is not None:
        raise RefusedError(f"{window.id} still runs: constat window finish {window.id}")
    if window.status is WindowStatus.ANNOUNCED:
        raise RefusedError(
            f"{window.id} never started: constat window start {window.id}, or cancel it"
        )


def check_cancel(window: RegisteredWindow) -> None:
    """Refuse to cancel what has started: what was done to the service must be judged."""
    _check_open(window, "cancelled")
    if window.status is not WindowStatus.ANNOUNCED:
        raise RefusedError(f"{window.id} has started: finish and close it, it will be judged")


def _check_open(window: RegisteredWindow, done: str) -> None:
    if window.status in (WindowStatus.CLOSED, WindowStatus.CANCELLED):
        raise RefusedError(f"{window.id} is {window.status}: it cannot be {done}")


def _check_past(window: RegisteredWindow, at_us: int, now_us: int) -> None:
    if at_us > now_us:
        raise RefusedError(f"{window.id}: that instant is still to come")
