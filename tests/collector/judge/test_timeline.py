"""Spans and what they prove, held against single measurements."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.judge.timeline import (
    Span,
    Timeline,
    check_timeline,
    joined,
    span_of,
    spans_of,
    vantage_timeline,
)
from probes.model.batch import OUTCOMES
from probes.model.interval import IntervalSet
from probes.model.measurement import Measurement, Outcome

MAX_GAP = 30


def probe(start: int, letter: str = "U", duration: int = 0, error: int = 0) -> Measurement:
    return Measurement(start, duration, OUTCOMES[letter], "v", "c", clock_error_us=error)


MEASUREMENTS = st.lists(
    st.builds(
        probe,
        st.integers(0, 300),
        st.sampled_from("UUGDDX"),
        st.integers(0, 12),
        st.sampled_from([0, 0, 1, 3, 40]),
    ),
    max_size=25,
)


@given(MEASUREMENTS)
def test_spans_prove_exactly_what_their_measurements_prove_one_by_one(
    measurements: list[Measurement],
) -> None:
    everywhere = IntervalSet([(-1_000, 1_000)])
    apart = spans_of(measurements, MAX_GAP, isolate=everywhere)
    assert len(apart) == len(measurements)
    assert check_timeline(spans_of(measurements, MAX_GAP), MAX_GAP) == check_timeline(
        apart, MAX_GAP
    )


@given(MEASUREMENTS)
def test_the_pieces_of_a_timeline_are_in_normal_form_and_apart(
    measurements: list[Measurement],
) -> None:
    timeline = check_timeline(spans_of(measurements, MAX_GAP), MAX_GAP)
    for pieces in timeline:
        assert [tuple(piece) for piece in IntervalSet(pieces)] == pieces
    sets = [IntervalSet(pieces) for pieces in timeline]
    assert sum(one.length for one in sets) == sets[0].union(sets[1]).union(sets[2]).length


@given(MEASUREMENTS)
def test_the_order_of_the_lines_means_nothing(measurements: list[Measurement]) -> None:
    assert spans_of(reversed(measurements), MAX_GAP) == spans_of(measurements, MAX_GAP)


@given(MEASUREMENTS)
def test_every_measurement_is_in_one_span(measurements: list[Measurement]) -> None:
    spans = spans_of(measurements, MAX_GAP)
    assert sum(span.measured for span in spans) == len(measurements)
    assert all(span.largest_gap <= MAX_GAP for span in spans)


def test_a_span_remembers_its_edges_its_extremes_and_its_largest_gap() -> None:
    first, second, third = probe(0, error=2), probe(10, duration=3), probe(25, error=9)
    # All but the last: 0 - 2 and 10 - 0. All but the first: 13 + 0 and 25 + 9.
    assert spans_of([first, second, third], MAX_GAP) == [
        Span("U", 3, 0, 0, 2, 25, 25, 9, -2, 34, 15)
    ]
    assert joined(joined(span_of(first), span_of(second)), span_of(third)) == joined(
        span_of(first), joined(span_of(second), span_of(third))
    )


def test_one_measurement_proves_nothing() -> None:
    assert check_timeline([span_of(probe(5, duration=10))], MAX_GAP) == Timeline([], [], [])


def test_two_answers_prove_what_lies_between_and_doubt_what_they_took() -> None:
    # e_first = 4, s_last = 10: [4, 10) is proven; the probes themselves, 0 to 14, are transition.
    spans = spans_of([probe(0, duration=4), probe(10, duration=4)], MAX_GAP)
    assert check_timeline(spans, MAX_GAP) == Timeline([(4, 10)], [], [(0, 4), (10, 14)])


def test_a_change_is_a_transition_and_a_gap_is_no_data() -> None:
    drawn = [probe(0), probe(10), probe(20, "D"), probe(30, "D"), probe(70), probe(80)]
    assert check_timeline(spans_of(drawn, MAX_GAP), MAX_GAP) == Timeline(
        [(0, 10), (70, 80)], [(20, 30)], [(10, 20)]
    )


def test_exactly_max_gap_is_contiguous_and_one_more_is_not() -> None:
    at_limit = spans_of([probe(0), probe(30)], MAX_GAP)
    assert check_timeline(at_limit, MAX_GAP).available == [(0, 30)]
    beyond = spans_of([probe(0), probe(31)], MAX_GAP)
    assert check_timeline(beyond, MAX_GAP) == Timeline([], [], [])


def test_a_clock_error_larger_than_the_run_proves_nothing() -> None:
    spans = spans_of([probe(0, error=6), probe(10, error=6)], MAX_GAP)
    assert check_timeline(spans, MAX_GAP) == Timeline([], [], [(-6, 16)])


def test_a_large_error_of_one_chain_does_not_undo_the_proof_of_another() -> None:
    # The second chain's doubt reaches back to 100 - 80 = 20, over what the first chain proved.
    drawn = [probe(0), probe(30), probe(100, "D", error=80), probe(110, "D")]
    timeline = check_timeline(spans_of(drawn, MAX_GAP), MAX_GAP)
    assert timeline.available == [(0, 30)]
    assert timeline.transition == [(30, 110)]


def test_a_summary_that_hides_a_gap_is_refused() -> None:
    wide = joined(span_of(probe(0)), span_of(probe(31)))
    with pytest.raises(ValueError, match="holds a gap of 31"):
        check_timeline([wide], MAX_GAP)


def test_a_vantage_point_is_down_when_one_check_is_and_up_only_when_all_are() -> None:
    login = Timeline(available=[(0, 50)], down=[(60, 90)], transition=[(50, 60)])
    feed = Timeline(available=[(0, 30), (80, 90)], down=[(40, 55)], transition=[(30, 40)])
    # 30-40: A and T is T; 55-60: T and N is T; 60-90: D; 40-55: D whatever the other says.
    assert vantage_timeline([login, feed]) == Timeline(
        available=[(0, 30)], down=[(40, 55), (60, 90)], transition=[(30, 40), (55, 60)]
    )


def test_a_vantage_point_without_checks_says_nothing() -> None:
    assert vantage_timeline([]) == Timeline([], [], [])


def test_unknown_measurements_are_left_out_before_anything_is_contiguous() -> None:
    drawn = [probe(0), probe(10, "X"), probe(20), probe(45, "X"), probe(51)]
    timeline = check_timeline(spans_of(drawn, MAX_GAP), MAX_GAP)
    assert timeline.available == [(0, 20)]
    assert Outcome.UNKNOWN.value == "unknown"
