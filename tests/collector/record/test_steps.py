"""A window is its steps; what it does not allow is refused with the reason."""

from collections.abc import Callable

import pytest

from collector.errors import RefusedError
from collector.judge.terms import Revision, WindowStatus
from collector.record.steps import Intervention, RegisteredWindow, StoredStep, window_of
from collector.register.legality import (
    check_cancel,
    check_close,
    check_finish,
    check_reschedule,
    check_start,
)
from probes.model.interval import Interval

Made = tuple[str, dict[str, object]]
Check = Callable[[RegisteredWindow], None]

NOW = 1_000
ANNOUNCED: Made = ("announced", {"service": "dpi", "start_us": 100, "end_us": 200})
RESCHEDULED: Made = ("rescheduled", {"start_us": 120, "end_us": 180})
STARTED: Made = ("started", {"start_us": 110})
FINISHED: Made = ("finished", {"end_us": 150})
CLOSED: Made = ("closed", {})
CANCELLED: Made = ("cancelled", {})


def _window(*made: Made) -> RegisteredWindow:
    steps = [
        StoredStep(index, f"window.{kind}", 10 * index, "me", {"window": "MAJ-1", **body})
        for index, (kind, body) in enumerate(made, start=1)
    ]
    window = window_of("CH", steps)
    assert window is not None
    return window


def test_an_announced_window_has_one_revision_notified_when_it_was_sealed() -> None:
    window = _window(ANNOUNCED)
    assert window.status is WindowStatus.ANNOUNCED
    assert window.revisions == (Revision(Interval(100, 200), 10),)
    assert window.entries == (1,)


def test_every_plan_stays_beside_the_one_that_replaced_it() -> None:
    window = _window(ANNOUNCED, RESCHEDULED)
    assert window.plan == Interval(120, 180)
    assert [revision.plan for revision in window.revisions] == [(100, 200), (120, 180)]
    assert [revision.notified_at_us for revision in window.revisions] == [10, 20]


def test_an_operation_that_ran_twice_has_two_interventions() -> None:
    again: list[Made] = [("started", {"start_us": 160}), ("finished", {"end_us": 170})]
    window = _window(ANNOUNCED, STARTED, FINISHED, *again, CLOSED)
    assert window.interventions == (Intervention(110, 150), Intervention(160, 170))
    assert window.status is WindowStatus.CLOSED
    assert window.closed_at_us == 60


def test_no_steps_make_no_window() -> None:
    assert window_of("CH", []) is None


def test_steps_that_cannot_follow_one_another_are_refused() -> None:
    with pytest.raises(ValueError, match="begins with its announcement"):
        _window(STARTED)
    with pytest.raises(ValueError, match="was announced before"):
        _window(ANNOUNCED, ANNOUNCED)


def test_the_panel_is_fixed_when_the_window_opens() -> None:
    assert _window(ANNOUNCED).fixed_at_us == 100
    assert _window(ANNOUNCED, ("started", {"start_us": 60})).fixed_at_us == 60
    assert _window(ANNOUNCED, STARTED).fixed_at_us == 100


def test_the_panel_of_a_window_announced_too_late_is_fixed_by_its_announcement() -> None:
    late: Made = ("announced", {"service": "dpi", "start_us": 2, "end_us": 5})
    assert _window(late).fixed_at_us == 10


PLAN = Interval(300, 400)
RUNNING = (ANNOUNCED, STARTED)
STOPPED = (ANNOUNCED, STARTED, FINISHED)
ENDED = (*STOPPED, CLOSED)
DROPPED = (ANNOUNCED, CANCELLED)


def _reschedule(window: RegisteredWindow) -> None:
    check_reschedule(window, PLAN)


def _start(window: RegisteredWindow) -> None:
    check_start(window, NOW, NOW)


def _finish(window: RegisteredWindow) -> None:
    check_finish(window, NOW, NOW)


@pytest.mark.parametrize(
    ("check", "made"),
    [
        (_reschedule, (ANNOUNCED,)),
        (_start, (ANNOUNCED,)),
        (_start, STOPPED),
        (_finish, RUNNING),
        (check_close, STOPPED),
        (check_cancel, (ANNOUNCED,)),
    ],
)
def test_the_life_of_a_window_goes_forward(check: Check, made: tuple[Made, ...]) -> None:
    check(_window(*made))


@pytest.mark.parametrize(
    ("check", "made", "reason"),
    [
        (_start, RUNNING, "runs already: constat window finish MAJ-1"),
        (_finish, (ANNOUNCED,), "does not run: constat window start MAJ-1"),
        (_finish, STOPPED, "does not run"),
        (check_close, (ANNOUNCED,), "never started: constat window start MAJ-1, or cancel it"),
        (check_close, RUNNING, "still runs: constat window finish MAJ-1"),
        (check_cancel, RUNNING, "has started: finish and close it, it will be judged"),
        (check_cancel, STOPPED, "has started"),
        (_reschedule, RUNNING, "has started: only its end can still be moved"),
        (_reschedule, ENDED, "is closed: it cannot be rescheduled"),
        (_start, ENDED, "is closed: it cannot be started"),
        (_finish, ENDED, "is closed: it cannot be finished"),
        (check_close, ENDED, "is closed: it cannot be closed"),
        (check_cancel, ENDED, "is closed: it cannot be cancelled"),
        (_start, DROPPED, "is cancelled: it cannot be started"),
        (check_close, DROPPED, "is cancelled: it cannot be closed"),
    ],
)
def test_a_step_the_window_does_not_allow_is_refused_with_the_reason(
    check: Check, made: tuple[Made, ...], reason: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        check(_window(*made))
    assert reason in str(refused.value)


def test_a_window_that_started_can_still_be_extended() -> None:
    check_reschedule(_window(*RUNNING), Interval(100, 900))


def test_rescheduling_to_the_same_plan_is_refused() -> None:
    with pytest.raises(RefusedError, match="nothing to change"):
        check_reschedule(_window(ANNOUNCED), Interval(100, 200))


def test_an_operation_cannot_have_started_or_finished_in_the_future() -> None:
    with pytest.raises(RefusedError, match="still to come"):
        check_start(_window(ANNOUNCED), NOW + 1, NOW)
    with pytest.raises(RefusedError, match="still to come"):
        check_finish(_window(*RUNNING), NOW + 1, NOW)


def test_an_operation_finishes_after_it_started_and_starts_after_the_last_finished() -> None:
    with pytest.raises(RefusedError, match="finishes after it started"):
        check_finish(_window(*RUNNING), 110, NOW)
    with pytest.raises(RefusedError, match="finished later than that"):
        check_start(_window(*STOPPED), 149, NOW)
