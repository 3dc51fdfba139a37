"""What is recorded encloses what was measured."""

from hypothesis import given
from hypothesis import strategies as st

from agent.sample import enclosing_span


@given(
    start_us=st.integers(min_value=0, max_value=10**15),
    length_us=st.integers(min_value=0, max_value=10**9),
)
def test_a_recorded_span_holds_the_measured_one_and_little_more(
    start_us: int, length_us: int
) -> None:
    recorded_us, duration_us = enclosing_span(start_us, start_us + length_us)

    assert recorded_us <= start_us
    assert recorded_us + duration_us > start_us + length_us
    assert duration_us - length_us <= 2_000
    assert recorded_us % 1_000 == 0
    assert duration_us % 1_000 == 0


def test_a_probe_inside_one_millisecond_takes_one() -> None:
    assert enclosing_span(5_200, 5_900) == (5_000, 1_000)
