"""What is recorded encloses what was measured."""

from hypothesis import given
from hypothesis import strategies as st

from agent.sample import enclosing_span

INSTANTS_NS = st.integers(min_value=0, max_value=10**18)


@given(start_ns=INSTANTS_NS, length_ns=st.integers(min_value=0, max_value=10**12))
def test_a_recorded_span_holds_the_measured_one_and_little_more(
    start_ns: int, length_ns: int
) -> None:
    start_us, duration_us = enclosing_span(start_ns, start_ns + length_ns)

    assert start_us * 1_000 <= start_ns
    assert (start_us + duration_us) * 1_000 >= start_ns + length_ns
    assert duration_us * 1_000 < length_ns + 2_000_000
    assert start_us % 1_000 == 0
    assert duration_us % 1_000 == 0


def test_a_probe_inside_one_millisecond_takes_one() -> None:
    assert enclosing_span(5_200_000, 5_900_000) == (5_000, 1_000)


def test_an_instantaneous_probe_on_the_millisecond_takes_none() -> None:
    assert enclosing_span(5_000_000, 5_000_000) == (5_000, 0)
