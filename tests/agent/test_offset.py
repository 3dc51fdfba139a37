"""The offset to the collector's clock: the truth is never outside the bound that is stated.

Times in the examples are small and worked by hand; drift is 100 ppm, so 10 s cost 1 ms.
"""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from agent.clock import Reading
from agent.offset import (
    DRIFT_PPM,
    SUSPEND_ERROR_US,
    Bound,
    Estimate,
    Estimator,
    Exchange,
    clock_reading,
    drift_us,
)
from probes.model.batch import ClockReading
from probes.model.instant import DAY, HOUR, SECOND
from tests.agent.worlds import FakeClock

OFFSET_US = 1_793_000_000 * SECOND


def exchange(clock: FakeClock, there_us: int, back_us: int, offset_us: int = OFFSET_US) -> Bound:
    """Ask a collector whose clock is ahead of our boot clock by an offset."""
    sent = clock.read()
    clock.advance(there_us)
    collector_us = clock.boottime_us + offset_us
    clock.advance(back_us)
    return Bound.of(Exchange(sent, collector_us, clock.boottime_us))


def learnt(clock: FakeClock, *bounds: Bound) -> Estimator:
    estimator = Estimator()
    for bound in bounds:
        estimator.observe(bound, clock.read())
    return estimator


def known(estimator: Estimator, clock: FakeClock) -> Estimate:
    estimate = estimator.estimate(clock.read())
    assert estimate is not None
    return estimate


def test_nothing_is_known_before_the_first_exchange() -> None:
    assert Estimator().estimate(FakeClock().read()) is None


def test_equal_ways_give_the_offset_within_half_the_round_trip() -> None:
    clock = FakeClock()
    estimator = learnt(clock, exchange(clock, 2_000, 2_000))
    # Half of 4 000 µs, 1 µs for the answer's own rounding, 1 µs of drift during the exchange.
    assert known(estimator, clock) == Estimate(OFFSET_US, 2_002)


def test_the_most_unequal_ways_still_lie_on_the_edge_of_the_bound() -> None:
    clock = FakeClock()
    for there_us, back_us in ((4_000, 0), (0, 4_000)):
        estimate = known(learnt(clock, exchange(clock, there_us, back_us)), clock)
        assert abs(estimate.offset_us - OFFSET_US) in (1_999, 2_000)
        assert abs(estimate.offset_us - OFFSET_US) <= estimate.error_us <= 2_002


def test_the_bound_grows_with_the_age_of_the_exchange() -> None:
    clock = FakeClock()
    estimator = learnt(clock, exchange(clock, 500, 500))
    before_us = known(estimator, clock).error_us
    clock.advance(10 * SECOND)
    assert known(estimator, clock).error_us == before_us + 1_000


def test_a_narrow_exchange_serves_until_a_younger_one_is_narrower() -> None:
    clock = FakeClock()
    estimator = learnt(clock, exchange(clock, 500, 500))
    clock.advance(10 * SECOND)
    estimator.observe(exchange(clock, 3_000, 3_000), clock.read())
    assert known(estimator, clock).error_us < 2_200  # 501 and 10 s of drift, not 3 001
    clock.advance(60 * SECOND)
    estimator.observe(exchange(clock, 3_000, 3_000), clock.read())
    assert known(estimator, clock).error_us < 3_010


def test_a_stepped_wall_clock_changes_no_instant() -> None:
    clock = FakeClock()
    estimator = learnt(clock, exchange(clock, 1_000, 1_000))
    before = clock_reading(clock.read(), known(estimator, clock))
    clock.wall_us -= 3 * HOUR
    after = clock_reading(clock.read(), known(estimator, clock))
    assert after.correction_us == before.correction_us == OFFSET_US
    assert after.offset_us == before.offset_us + 3 * HOUR
    assert not estimator.doubts


def test_sleep_costs_a_second_until_the_next_exchange() -> None:
    clock = FakeClock()
    estimator = learnt(clock, exchange(clock, 1_000, 1_000))
    before_us = known(estimator, clock).error_us
    clock.suspend(10 * SECOND)
    assert known(estimator, clock).error_us == before_us + SUSPEND_ERROR_US + 1_000
    # The chip that kept the time during sleep was off by 0.9 s: inside the bound, no doubt.
    estimator.observe(exchange(clock, 1_000, 1_000, OFFSET_US - 900_000), clock.read())
    assert known(estimator, clock) == Estimate(OFFSET_US - 900_000, 1_002)


def test_one_absurd_answer_is_not_believed() -> None:
    clock = FakeClock()
    estimator = learnt(clock, exchange(clock, 1_000, 1_000))
    doubts = []
    for offset_us in (17, OFFSET_US):
        estimator.observe(exchange(clock, 1_000, 1_000, offset_us), clock.read())
        doubts.append(estimator.doubts)
        assert known(estimator, clock).offset_us == OFFSET_US
    assert doubts == [True, False]
    assert estimator.steps == 0


def test_answers_that_are_absurd_in_different_ways_are_never_believed() -> None:
    clock = FakeClock()
    estimator = learnt(clock, exchange(clock, 1_000, 1_000))
    for absurd_us in (0, DAY, 2 * DAY, 3 * DAY):
        estimator.observe(exchange(clock, 1_000, 1_000, absurd_us), clock.read())
    assert known(estimator, clock).offset_us == OFFSET_US
    assert estimator.steps == 0


def test_a_collector_whose_clock_was_set_is_followed_at_the_second_answer() -> None:
    clock = FakeClock()
    estimator = learnt(clock, exchange(clock, 1_000, 1_000))
    for _ in range(2):
        estimator.observe(exchange(clock, 2_000, 2_000, OFFSET_US + HOUR), clock.read())
    assert estimator.steps == 1
    assert known(estimator, clock).offset_us == OFFSET_US + HOUR


def test_what_an_earlier_run_of_this_boot_knew_goes_on_widening() -> None:
    clock = FakeClock()
    estimator = learnt(clock, exchange(clock, 1_000, 1_000))
    left = clock_reading(clock.read(), known(estimator, clock))
    clock.advance(10 * SECOND)
    recalled = learnt(clock, Bound.recalled(left))
    assert known(recalled, clock) == Estimate(OFFSET_US, left.error_us + 1_000)


def test_without_an_estimate_the_reading_says_so() -> None:
    now = Reading(wall_us=5, monotonic_us=6, boottime_us=7)
    expected = ClockReading(5, 6, 7, offset_us=0, error_us=5 * SECOND, estimated=False)
    assert clock_reading(now, None) == expected


def test_drift_is_rounded_up() -> None:
    assert [drift_us(elapsed_us) for elapsed_us in (0, 1, 10_000, 10_001)] == [0, 1, 1, 2]


delays = st.integers(min_value=0, max_value=5 * SECOND)
steps = st.tuples(
    st.integers(min_value=0, max_value=2 * HOUR),  # time passes
    st.integers(min_value=-DRIFT_PPM, max_value=DRIFT_PPM),  # with the clocks drifting so fast
    delays,  # then a question is put, this long on its way
    delays,  # and its answer as long as this
    st.integers(min_value=-DAY, max_value=DAY),  # and someone sets our wall clock
)


@given(st.lists(steps, min_size=1, max_size=25), st.integers(min_value=0, max_value=2**50))
def test_the_truth_is_always_within_the_bound(
    history: list[tuple[int, int, int, int, int]], start_us: int
) -> None:
    clock = FakeClock()
    estimator = Estimator()
    truth = Fraction(start_us)
    for pause_us, drift_ppm, there_us, back_us, step_us in history:
        rate = Fraction(drift_ppm, 1_000_000)
        clock.advance(pause_us)
        truth += pause_us * rate
        _assert_within(estimator, clock, truth)
        sent = clock.read()
        clock.advance(there_us)
        truth += there_us * rate
        collector_us = int(clock.boottime_us + truth)
        clock.advance(back_us)
        truth += back_us * rate
        estimator.observe(Bound.of(Exchange(sent, collector_us, clock.boottime_us)), clock.read())
        clock.wall_us += step_us
        _assert_within(estimator, clock, truth)
    assert estimator.steps == 0
    assert not estimator.doubts


def _assert_within(estimator: Estimator, clock: FakeClock, truth: Fraction) -> None:
    estimate = estimator.estimate(clock.read())
    if estimate is not None:
        assert abs(truth - estimate.offset_us) <= estimate.error_us
