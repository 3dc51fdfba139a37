"""What is stated beside the steps of a window changes none of what they made of it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from collector.judge.notice import notice_that_counts
from collector.judge.terms import Revision
from collector.record.documents import (
    Documents,
    GivenNotice,
    Means,
    Reservation,
    announced_before,
)
from collector.record.steps import RegisteredWindow, StoredStep, window_of
from probes.model.interval import Interval

Plan = tuple[int, int]

plans = st.tuples(st.integers(0, 60), st.integers(1, 40))
histories = st.lists(plans, min_size=1, max_size=5)


def _steps(history: list[Plan]) -> list[StoredStep]:
    """An announcement at 10, and a new plan every ten after it."""
    return [
        StoredStep(
            number,
            "window.announced" if number == 1 else "window.rescheduled",
            10 * number,
            "me",
            {"window": "A", "service": "dpi", "start_us": start, "end_us": start + length},
        )
        for number, (start, length) in enumerate(history, start=1)
    ]


def _window(steps: list[StoredStep]) -> RegisteredWindow:
    window = window_of("CH", steps)
    assert window is not None
    return window


def _given(plan: Interval, at_us: int) -> GivenNotice:
    return GivenNotice(9, at_us, Means.LETTER, "ab" * 32, plan)


@given(histories, st.integers(10, 70))
def test_a_notice_registered_by_hand_never_counts_more_than_what_was_announced(
    history: list[Plan], at_us: int
) -> None:
    steps = _steps(history)
    window = _window(steps)
    known = [step for step in steps if step.at_us <= at_us]
    plan = _window(known).plan
    # Let it stand among the revisions where it was registered, as an announcement would: what was
    # registered once the plan had begun is no notice, as what was announced then is none.
    registered = Revision(plan, at_us if at_us < plan.start else None)
    revisions = list(window.revisions)
    revisions.insert(len(known), registered)
    assert notice_that_counts(revisions, window.plan) == notice_that_counts(
        window.revisions, window.plan
    )


@given(histories, st.integers(10, 70))
def test_it_is_told_when_its_plan_was_announced_or_that_it_had_begun(
    history: list[Plan], at_us: int
) -> None:
    steps = _steps(history)
    plan = _window([step for step in steps if step.at_us <= at_us]).plan
    announced = announced_before(_given(plan, at_us), _window(steps))
    if announced is None:
        assert plan.start <= at_us
    else:
        assert announced <= at_us


def test_it_is_told_against_the_announcement_that_counted_then_and_no_later_one() -> None:
    window = _window(_steps([(50, 10), (60, 10), (50, 10)]))
    assert announced_before(_given(Interval(50, 60), 15), window) == 10
    assert announced_before(_given(Interval(60, 70), 25), window) == 20
    # Moving the window away had undone the first announcement; the third began a new one.
    assert announced_before(_given(Interval(50, 60), 35), window) == 30


def test_a_plan_shrunk_inside_the_announced_one_keeps_its_announcement() -> None:
    window = _window(_steps([(50, 10), (52, 4)]))
    assert announced_before(_given(Interval(52, 56), 25), window) == 10


def test_what_was_known_at_an_instant_is_what_had_been_stated_by_then() -> None:
    early = Reservation(1, 10, "a")
    late = replace(early, entry=2, at_us=20)
    notices = (_given(Interval(50, 60), 20),)
    stated = Documents((), (early, late), notices)
    assert stated.known_at(19) == Documents((), (early,), ())
    assert stated.known_at(20) == stated
