"""What each step asks of a window: a step it does not allow is refused, with the reason.

Pure: the window as its steps made it, the instants, and nothing else.
"""

from collections.abc import Mapping
from typing import Any

from collector.errors import RefusedError
from collector.judge.operation import Instance
from collector.judge.terms import WindowStatus
from collector.record.steps import RegisteredWindow, StepKind, fields_of, with_fields
from probes.model.interval import Interval


def check_reschedule(window: RegisteredWindow, plan: Interval) -> None:
    """Refuse a new plan for a window that is over, or a new start once it has started."""
    _check_open(window, "rescheduled")
    if plan == window.plan:
        raise RefusedError(f"{window.id} is planned so already: nothing to change")
    if window.status is WindowStatus.IN_PROGRESS and plan.start != window.plan.start:
        raise RefusedError(f"{window.id} has started: only its end can still be moved")


def check_extend(window: RegisteredWindow, end_us: int) -> None:
    """Refuse an end that is no later than the one announced."""
    _check_open(window, "extended")
    if end_us <= window.plan.end:
        raise RefusedError(
            f"{window.id} is planned to end later than that:"
            f" to shorten it, constat window reschedule {window.id}"
        )


def check_clearance(window: RegisteredWindow, kind: StepKind) -> None:
    """Refuse to register an information where only an authorisation counts (§4.1.5)."""
    _check_open(window, "authorised" if kind is StepKind.AUTHORISED else "announced to the client")
    dedicated = window.operation.instance is Instance.DEDICATED
    if window.operation.hot and dedicated and kind is StepKind.INFORMED:
        raise RefusedError(
            f"{window.id} is on an instance of the client's own, which must authorise it:"
            f" constat window authorise {window.id}"
        )


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
    """Refuse to close a window that never started, or on which somebody still works."""
    _check_open(window, "closed")
    if window.running is not None:
        raise RefusedError(f"{window.id} still runs: constat window finish {window.id}")
    if window.status is WindowStatus.ANNOUNCED:
        raise RefusedError(
            f"{window.id} never started: constat window start {window.id}, or cancel it"
        )
    for each in window.named:
        if each.end_us is None:
            raise RefusedError(
                f"{each.id} of {window.id} is still open: constat intervention end {each.id}"
            )


def check_cancel(window: RegisteredWindow) -> None:
    """Refuse to cancel what has started: what was done to the service must be judged."""
    _check_open(window, "cancelled")
    if window.status is not WindowStatus.ANNOUNCED:
        raise RefusedError(f"{window.id} has started: finish and close it, it will be judged")
    if window.named:
        raise RefusedError(
            f"{window.named[0].id} was registered for {window.id}: start, finish and close it,"
            " it will be judged"
        )


def check_correct(window: RegisteredWindow, new: Mapping[str, Any], now_us: int) -> None:
    """Refuse a correction that changes nothing, or the limit of what has begun."""
    if window.status is WindowStatus.CANCELLED:
        raise RefusedError(f"{window.id} is cancelled: it is judged by nobody")
    fields = fields_of(window)
    if not any(fields.get(name, "") != (value or "") for name, value in new.items()):
        raise RefusedError(f"{window.id} says so already: nothing to correct")
    absent = [name for name in new if name.startswith("intervention.") and name not in fields]
    if absent:
        raise RefusedError(f"{window.id} has no {absent[0].removesuffix('_us')} to correct")
    if "limit_us" in new and window.fixed_at_us <= now_us:
        raise RefusedError(f"{window.id} has opened: what was agreed before it holds")
    _check_interventions(with_fields(window, new), now_us)


def _check_interventions(window: RegisteredWindow, now_us: int) -> None:
    before: int | None = None
    for ran in window.interventions:
        _check_past(window, max(ran.start_us, ran.end_us or 0), now_us)
        if ran.end_us is not None and ran.end_us <= ran.start_us:
            raise RefusedError(f"{window.id}: an operation finishes after it started")
        if before is not None and ran.start_us < before:
            raise RefusedError(f"{window.id}: the operation before finished later than that")
        before = ran.end_us


def _check_open(window: RegisteredWindow, done: str) -> None:
    if window.status in (WindowStatus.CLOSED, WindowStatus.CANCELLED):
        raise RefusedError(f"{window.id} is {window.status}: it cannot be {done}")


def _check_past(window: RegisteredWindow, at_us: int, now_us: int) -> None:
    if at_us > now_us:
        raise RefusedError(f"{window.id}: that instant is still to come")
