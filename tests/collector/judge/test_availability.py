"""The availability rate: sums worked by hand, and a second reading that counts instants."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.judge.assessment import CheckSpans
from collector.judge.availability import (
    AnnouncedWindow,
    Availability,
    Rate,
    Watch,
    availability,
    service_timeline,
)
from collector.judge.notice import NoticeVerdict
from collector.judge.outage import HospitalTimeline, Outage
from collector.judge.periods import civil_periods
from collector.judge.terms import Periodicity, Revision
from collector.judge.timeline import spans_of
from probes.model.instant import DAY, HOUR, SECOND, zone_named
from probes.model.interval import Interval, IntervalSet
from probes.model.measurement import Measurement, Outcome

PARIS = zone_named("Europe/Paris")
RESPECTED, SHORT = NoticeVerdict.RESPECTED, NoticeVerdict.SHORT


def timeline_of(
    horizon: Interval, down: Iterable[Interval], unseen: Iterable[Interval] = ()
) -> HospitalTimeline:
    """Return a timeline that is proven down there, unobserved there, and up in all the rest."""
    lost, unobserved = IntervalSet(down), IntervalSet(unseen)
    up = lost.union(unobserved).gaps(horizon)
    outages = tuple(Outage(piece, (piece,), truncated=False) for piece in lost)
    return HospitalTimeline(horizon, up, lost, outages, unobserved, IntervalSet())


def announced(
    plan: Interval, notice: NoticeVerdict = RESPECTED, *, told: int | None = None
) -> AnnouncedWindow:
    """Return a window announced once, long before unless said otherwise."""
    notified = plan.start - 5 * DAY if told is None else told
    return AnnouncedWindow(f"MAJ-{plan.start}", plan, (Revision(plan, notified),), notice)


def civil(periodicity: Periodicity, day: str) -> Interval:
    [period] = civil_periods(periodicity, date.fromisoformat(day), date.fromisoformat(day), PARIS)
    return period.interval


def per_cent(rate: Fraction | None) -> float:
    assert rate is not None
    return round(float(100 * rate), 3)


def test_the_eight_upgrades_of_a_year_are_99_635_per_cent_gross_and_all_of_it_net() -> None:
    # 1 major and 7 intermediate, 4 h each: 32 of 8 760 h, 1 - 0.36530 %.
    year = civil(Periodicity.YEAR, "2026-06-01")
    plans = [Interval(year.start + n * 40 * DAY, year.start + n * 40 * DAY + 4 * HOUR)
             for n in range(1, 9)]  # fmt: skip
    found = availability(timeline_of(year, plans), year, [announced(plan) for plan in plans])
    assert year.length == 365 * DAY
    assert per_cent(found.gross.observed) == 99.635
    assert found.gross.observed == 1 - Fraction(32, 8760)
    assert found.net.observed == 1
    assert found.net.total_us == 8728 * HOUR
    assert found.unannounced == ()


@pytest.mark.parametrize(
    ("periodicity", "day", "length", "expected"),
    [
        # 4 h of 30 days; of 365; of the 31 of October, one of which has 25 hours.
        (Periodicity.MONTH, "2026-06-10", 720, 99.444),
        (Periodicity.YEAR, "2026-06-10", 8760, 99.954),
        (Periodicity.MONTH, "2026-10-10", 745, 99.463),
        (Periodicity.DAY, "2026-10-25", 25, 84.0),
        (Periodicity.DAY, "2027-03-28", 23, 82.609),
    ],
)
def test_one_upgrade_of_four_hours_weighs_what_the_period_makes_of_it(
    periodicity: Periodicity, day: str, length: int, expected: float
) -> None:
    period = civil(periodicity, day)
    outage = Interval(period.start + 6 * HOUR, period.start + 10 * HOUR)
    found = availability(timeline_of(period, [outage]), period)
    assert found.gross.total_us == length * HOUR
    assert per_cent(found.gross.observed) == expected


def test_what_nobody_saw_widens_the_bounds_and_is_no_part_of_the_rate() -> None:
    # 24 h: 2 h down, 6 h unseen, 16 h up.
    day = Interval(0, 24 * HOUR)
    found = availability(
        timeline_of(day, [Interval(0, 2 * HOUR)], [Interval(18 * HOUR, 24 * HOUR)]), day
    )
    assert found.gross.observed == Fraction(16, 18)
    assert found.gross.lower == Fraction(16, 24)
    assert found.gross.upper == Fraction(22, 24)
    assert found.gross.coverage == Fraction(18, 24)


def test_no_data_is_no_rate_and_never_100_per_cent() -> None:
    day = Interval(0, DAY)
    found = availability(timeline_of(day, [], [day]), day)
    assert (found.gross.observed, found.gross.lower, found.gross.upper) == (None, None, None)
    assert found.gross.coverage == 0


def test_an_empty_period_is_an_error() -> None:
    timeline = timeline_of(Interval(0, DAY), [])
    with pytest.raises(ValueError, match="empty period"):
        availability(timeline, Interval(HOUR, HOUR))
    with pytest.raises(ValueError, match="empty period"):
        availability(timeline, Interval(0, HOUR), hours=IntervalSet([(2 * HOUR, 3 * HOUR)]))
    with pytest.raises(ValueError, match="does not cover"):
        availability(timeline, Interval(HOUR, DAY + 1))


def test_only_agreed_service_hours_count() -> None:
    # Open 8 to 18; down 7 to 9, so one of ten hours.
    day = Interval(0, DAY)
    hours = IntervalSet([(8 * HOUR, 18 * HOUR)])
    found = availability(timeline_of(day, [Interval(7 * HOUR, 9 * HOUR)]), day, hours=hours)
    assert found.gross == Rate(10 * HOUR, 9 * HOUR, HOUR)
    assert [outage.span.start for outage in found.unannounced] == [7 * HOUR]
    night = availability(timeline_of(day, [Interval(0, HOUR)]), day, hours=hours)
    assert night.unannounced == ()


def test_net_leaves_out_the_plan_and_neither_the_overrun_nor_the_early_start() -> None:
    # Planned 2 to 6, down 1 to 7: the hour before and the hour after are left, of 20 h.
    day = Interval(0, DAY)
    plan = Interval(2 * HOUR, 6 * HOUR)
    found = availability(timeline_of(day, [Interval(HOUR, 7 * HOUR)]), day, [announced(plan)])
    assert found.gross == Rate(24 * HOUR, 18 * HOUR, 6 * HOUR)
    assert found.net == Rate(20 * HOUR, 18 * HOUR, 2 * HOUR)
    assert found.left_out == ("MAJ-7200000000",)


def test_net_is_gross_when_the_notice_was_not_respected_or_the_window_cancelled() -> None:
    day, plan = Interval(0, DAY), Interval(2 * HOUR, 6 * HOUR)
    cancelled = replace(announced(plan), cancelled=True)
    for window in (announced(plan, SHORT), announced(plan, NoticeVerdict.NONE), cancelled):
        found = availability(timeline_of(day, [plan]), day, [window])
        assert found.net == found.gross
        assert found.left_out == ()


def test_a_period_that_is_all_window_has_no_net_rate() -> None:
    day = Interval(0, DAY)
    found = availability(timeline_of(day, []), day, [announced(day)])
    assert found.net == Rate(0, 0, 0)
    assert found.net.observed is None
    assert found.net.coverage is None


def test_an_outage_is_unannounced_unless_the_plan_in_force_when_it_began_held_some_of_it() -> None:
    day, outage = Interval(0, DAY), Interval(10 * HOUR, 12 * HOUR)
    timeline = timeline_of(day, [outage])

    def is_unannounced(*windows: AnnouncedWindow) -> bool:
        return bool(availability(timeline, day, windows).unannounced)

    late = announced(Interval(11 * HOUR, 13 * HOUR))
    assert is_unannounced()
    assert is_unannounced(announced(Interval(13 * HOUR, 14 * HOUR)))
    # It began early, or ran over: judged with its window.
    assert not is_unannounced(late)
    # Declared after the fact, moved onto it after the fact, cancelled, or moved away before.
    assert is_unannounced(announced(outage, told=11 * HOUR))
    moved = Revision(outage, 11 * HOUR)
    assert is_unannounced(
        replace(late, plan=outage, revisions=(Revision(Interval(20 * HOUR, DAY), 0), moved))
    )
    assert is_unannounced(replace(late, cancelled=True))
    away = Revision(Interval(20 * HOUR, DAY), HOUR)
    assert is_unannounced(replace(late, plan=away.plan, revisions=(*late.revisions, away)))
    # Extended while it ran: the plan in force when it began held it.
    longer = Revision(Interval(11 * HOUR, 20 * HOUR), 11 * HOUR + 1)
    assert not is_unannounced(
        replace(late, plan=longer.plan, notice=SHORT, revisions=(*late.revisions, longer))
    )


def probed(vantage: str, outcomes: str) -> CheckSpans:
    """Return a probe every ten seconds, instantaneous, of a letter each."""
    letters = {"U": Outcome.UP, "D": Outcome.DOWN}
    measurements = [
        Measurement(n * 10 * SECOND, 0, letters[letter], vantage, "login")
        for n, letter in enumerate(outcomes)
        if letter in letters
    ]
    return CheckSpans(vantage, "login", spans_of(measurements, 30 * SECOND))


def watch(standing: dict[str, Interval]) -> Watch:
    return Watch(standing, {"login": 30 * SECOND}, 1)


def test_a_vantage_point_counts_from_its_enrolment_until_it_is_shut_out() -> None:
    # Down for the one, up for the other, which stands from 20 s to 40 s only.
    horizon = Interval(0, 60 * SECOND)
    checks = [probed("a", "DDDDDDD"), probed("b", "UUUUUUU"), probed("c", "UUUUUUU")]
    standing = {"a": horizon, "b": Interval(20 * SECOND, 40 * SECOND)}
    timeline = service_timeline(checks, watch(standing), horizon)
    assert list(timeline.up) == [(20 * SECOND, 40 * SECOND)]
    assert list(timeline.proven_down) == [(0, 20 * SECOND), (40 * SECOND, 60 * SECOND)]


# A second reading: an axis of instants, each looked at on its own.

PIECES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(
    lambda bounds: Interval(min(bounds), max(bounds))), max_size=6)  # fmt: skip
WINDOWS = st.lists(
    st.builds(
        announced,
        st.tuples(st.integers(0, 58), st.integers(1, 20)).map(
            lambda pair: Interval(pair[0], pair[0] + pair[1])
        ),
        st.sampled_from(NoticeVerdict),
    ),
    max_size=3,
)


def second_reading(
    timeline: HospitalTimeline,
    period: Interval,
    windows: Sequence[AnnouncedWindow],
    hours: IntervalSet | None,
) -> tuple[Rate, Rate]:
    gross, net = [0, 0, 0], [0, 0, 0]
    for instant in range(period.start, period.end):
        if hours is not None and instant not in hours:
            continue
        told = any(
            window.plan.start <= instant < window.plan.end
            for window in windows
            if window.notice == "respected" and not window.cancelled
        )
        for sums in (gross,) if told else (gross, net):
            sums[0] += 1
            sums[1] += instant in timeline.up
            sums[2] += instant in timeline.proven_down
    return Rate(*gross), Rate(*net)


@given(PIECES, PIECES, WINDOWS, st.none() | PIECES.map(IntervalSet),
       st.tuples(st.integers(0, 30), st.integers(31, 60)))  # fmt: skip
def test_a_second_reading_that_counts_instants_finds_the_same(
    down: list[Interval],
    unseen: list[Interval],
    windows: list[AnnouncedWindow],
    hours: IntervalSet | None,
    bounds: tuple[int, int],
) -> None:
    period = Interval(*bounds)
    timeline = timeline_of(Interval(0, 60), down, IntervalSet(unseen).subtract(IntervalSet(down)))
    if hours is not None and not hours.clip(period).length:
        with pytest.raises(ValueError, match="empty period"):
            availability(timeline, period, windows, hours)
        return
    found = availability(timeline, period, windows, hours)
    assert (found.gross, found.net) == second_reading(timeline, period, windows, hours)


@given(PIECES, PIECES, WINDOWS, st.integers(1, 59))
def test_the_parts_of_a_period_add_up_to_it(
    down: list[Interval], unseen: list[Interval], windows: list[AnnouncedWindow], cut: int
) -> None:
    whole = Interval(0, 60)
    timeline = timeline_of(whole, down, IntervalSet(unseen).subtract(IntervalSet(down)))

    def rates(period: Interval) -> Availability:
        return availability(timeline, period, windows)

    first, second, both = rates(Interval(0, cut)), rates(Interval(cut, 60)), rates(whole)
    for kind in ("gross", "net"):
        sums = map(sum, zip(getattr(first, kind), getattr(second, kind), strict=True))
        assert Rate(*sums) == getattr(both, kind)


@given(PIECES, PIECES)
def test_the_observed_rate_lies_between_its_bounds(
    down: list[Interval], unseen: list[Interval]
) -> None:
    whole = Interval(0, 60)
    rate = availability(timeline_of(whole, down, unseen), whole).gross
    if rate.observed is None:
        assert rate.coverage == 0
        return
    assert rate.lower is not None
    assert rate.upper is not None
    assert 0 <= rate.lower <= rate.observed <= rate.upper <= 1
