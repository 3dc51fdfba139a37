"""The timetable: never early, never twice at once, nothing lost without being counted."""

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.schedule import BURST_STARTS_PER_S, Burst, Cadence, Missed, Schedule, Start
from probes.model.instant import MILLISECOND, SECOND

TEN_S = Cadence(interval_us=10 * SECOND)
NO_BURST = Burst(for_us=0)
START = 1_000 * SECOND

CADENCES = st.builds(
    Cadence,
    interval_us=st.integers(min_value=SECOND, max_value=60 * SECOND),
    burst=st.just(NO_BURST),
)


def due_of(schedule: Schedule) -> int:
    due_us = schedule.next_due_us()
    assert due_us is not None
    return due_us


def run_on_time(schedule: Schedule, until_us: int, lasting_us: int = 0) -> list[tuple[int, str]]:
    """Start everything when it is due and finish it at once; return the starts."""
    starts: list[tuple[int, str]] = []
    while due_of(schedule) < until_us:
        now_us = due_of(schedule)
        due = schedule.take_due(now_us)
        assert due.missed == ()
        for name, _ in due.starts:
            starts.append((now_us, name))
            schedule.finished(name, now_us + lasting_us, changed=False)
    return starts


def test_the_same_check_has_the_same_slots_in_every_run() -> None:
    first = Schedule("accueil-03", {"dpi": TEN_S}, START)
    second = Schedule("accueil-03", {"dpi": TEN_S, "labo": TEN_S}, START)

    slots = run_on_time(first, START + 100 * SECOND)

    assert slots == [
        start for start in run_on_time(second, START + 100 * SECOND) if start[1] == "dpi"
    ]


def test_two_vantage_points_probe_the_same_check_at_different_moments() -> None:
    here = Schedule("accueil-03", {"dpi": TEN_S}, START)
    there = Schedule("urgences-01", {"dpi": TEN_S}, START)

    assert here.next_due_us() != there.next_due_us()


def test_checks_are_spread_over_the_interval() -> None:
    schedule = Schedule("a", {f"check-{n}": TEN_S for n in range(1_000)}, START)

    starts = run_on_time(schedule, START + 10 * SECOND)

    per_second = Counter((at - START) // SECOND for at, _ in starts)
    assert min(per_second[second] for second in range(10)) > 50
    assert max(per_second.values()) < 150


def test_the_slots_of_a_check_are_jittered_by_less_than_2_percent() -> None:
    starts = run_on_time(Schedule("a", {"dpi": TEN_S}, START), START + 1_000 * SECOND)

    gaps = {later - earlier for (earlier, _), (later, _) in pairwise(starts)}
    assert len(gaps) > 50
    assert all(abs(gap - 10 * SECOND) < 100 * MILLISECOND for gap in gaps)


@settings(deadline=None)
@given(
    cadence=CADENCES,
    delays_us=st.lists(st.integers(min_value=0, max_value=200 * SECOND), max_size=40),
    lasting_us=st.lists(st.integers(min_value=0, max_value=200 * SECOND), min_size=40, max_size=40),
)
def test_every_slot_is_run_or_counted_as_missed_and_none_is_early(
    cadence: Cadence, delays_us: list[int], lasting_us: list[int]
) -> None:
    schedule = Schedule("a", {"dpi": cadence}, START)
    started = missed = 0
    now_us = START

    for delay_us, length_us in zip(delays_us, lasting_us, strict=False):
        due_us = due_of(schedule)
        assert due_us > now_us
        assert schedule.take_due(due_us - 1) == ((), ())
        now_us = due_us + delay_us
        due = schedule.take_due(now_us)
        assert bool(due.starts) == (delay_us <= cadence.grace_us)
        missed += sum(slots for _, _, slots in due.missed)
        if due.starts:
            assert schedule.next_due_us() is None
            started += 1
            now_us += length_us
            missed += schedule.finished("dpi", now_us, changed=False)

    assert started + missed == len(_slots(cadence, START, now_us + 1))


def _slots(cadence: Cadence, from_us: int, until_us: int) -> list[int]:
    return [at for at, _ in run_on_time(Schedule("a", {"dpi": cadence}, from_us), until_us)]


def test_a_slot_that_is_late_beyond_its_grace_is_missed_and_not_made_up_for() -> None:
    schedule = Schedule("a", {"dpi": TEN_S}, START)
    due_us = due_of(schedule)

    due = schedule.take_due(due_us + 25 * SECOND)

    assert due == ((), (Missed("dpi", due_us, 3),))
    assert due_of(schedule) > due_us + 29 * SECOND


def test_a_slot_that_is_a_little_late_is_run() -> None:
    schedule = Schedule("a", {"dpi": TEN_S}, START)

    due_us = due_of(schedule)

    assert schedule.take_due(due_us + SECOND).starts == (Start("dpi", due_us),)


def test_a_check_that_runs_has_no_slot_until_it_finished() -> None:
    schedule = Schedule("a", {"dpi": TEN_S}, START)
    due_us = due_of(schedule)
    schedule.take_due(due_us)

    assert schedule.take_due(due_us + 100 * SECOND) == ((), ())
    assert schedule.finished("dpi", due_us + 25 * SECOND, changed=False) == 2
    assert due_of(schedule) > due_us + 29 * SECOND


def starts_after_a_change(cadence: Cadence, for_us: int) -> list[int]:
    schedule = Schedule("a", {"dpi": cadence}, START)
    changed_us = due_of(schedule)
    schedule.take_due(changed_us)
    schedule.finished("dpi", changed_us, changed=True)
    return [at - changed_us for at, _ in run_on_time(schedule, changed_us + for_us)]


def test_after_a_change_a_check_starts_every_second_for_a_minute() -> None:
    offsets_us = starts_after_a_change(TEN_S, 60 * SECOND)

    assert offsets_us == [second * SECOND for second in range(1, 60)]


def test_after_a_burst_a_check_returns_to_its_own_slots() -> None:
    schedule = Schedule("a", {"dpi": TEN_S}, START)
    changed_us = due_of(schedule)
    schedule.take_due(changed_us)
    schedule.finished("dpi", changed_us, changed=True)
    starts = [at for at, _ in run_on_time(schedule, changed_us + 200 * SECOND)]

    undisturbed = _slots(TEN_S, START, changed_us + 200 * SECOND)

    assert [at for at in starts if at > changed_us + 62 * SECOND] == [
        at for at in undisturbed if at > changed_us + 62 * SECOND
    ]


def test_a_further_change_prolongs_the_burst() -> None:
    schedule = Schedule("a", {"dpi": TEN_S}, START)
    now_us = due_of(schedule)
    for _ in range(100):
        now_us = due_of(schedule)
        schedule.take_due(now_us)
        schedule.finished("dpi", now_us, changed=True)

    assert due_of(schedule) - now_us <= SECOND


def test_a_slow_probe_in_a_burst_is_followed_at_once_and_counts_no_slot_as_missed() -> None:
    schedule = Schedule("a", {"dpi": TEN_S}, START)
    due_us = due_of(schedule)
    schedule.take_due(due_us)

    assert schedule.finished("dpi", due_us + 25 * SECOND, changed=True) == 0
    assert due_of(schedule) == due_us + 25 * SECOND


def test_a_burst_goes_on_after_a_stall() -> None:
    schedule = Schedule("a", {"dpi": TEN_S}, START)
    due_us = due_of(schedule)
    schedule.take_due(due_us)
    schedule.finished("dpi", due_us, changed=True)

    due = schedule.take_due(due_us + 8 * SECOND)

    assert due == ((), (Missed("dpi", due_us + SECOND, 1),))
    assert due_of(schedule) == due_us + 9 * SECOND


def test_a_burst_is_never_slower_than_the_check_itself() -> None:
    cadence = Cadence(interval_us=2 * SECOND, burst=Burst(interval_us=5 * SECOND))

    offsets_us = starts_after_a_change(cadence, 60 * SECOND)

    assert all(later - earlier < 2.1 * SECOND for earlier, later in pairwise([0, *offsets_us]))


def test_a_check_without_bursts_keeps_its_slots_after_a_change() -> None:
    cadence = Cadence(interval_us=10 * SECOND, burst=NO_BURST)

    assert len(starts_after_a_change(cadence, 60 * SECOND)) <= 6


def test_many_bursts_at_once_share_a_budget() -> None:
    names = [f"check-{n}" for n in range(1_000)]
    schedule = Schedule("a", dict.fromkeys(names, TEN_S), START)
    unchanged = set(names)
    now_us = START
    while unchanged:
        now_us = due_of(schedule)
        for name, _ in schedule.take_due(now_us).starts:
            schedule.finished(name, now_us, changed=name in unchanged)
            unchanged.discard(name)

    settled_us = now_us + 10 * SECOND
    starts = [at for at, _ in run_on_time(schedule, settled_us + 10 * SECOND) if at >= settled_us]

    assert len(starts) / 10 <= BURST_STARTS_PER_S * 1.1
    assert len(starts) / 10 >= BURST_STARTS_PER_S * 0.9
