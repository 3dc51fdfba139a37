"""Interval sets, held against the naive model: a plain set of integers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from probes.model.interval import Interval, IntervalSet

BOUNDS = st.tuples(st.integers(0, 40), st.integers(0, 40))
PIECES = st.lists(BOUNDS, max_size=8)
ALL = Interval(-5, 45)


def naive(pieces: list[tuple[int, int]]) -> set[int]:
    return {instant for start, end in pieces for instant in range(start, end)}


def instants(intervals: IntervalSet) -> set[int]:
    return {instant for piece in intervals for instant in range(*piece)}


@given(PIECES)
def test_a_set_holds_the_instants_of_its_pieces_in_one_normal_form(
    pieces: list[tuple[int, int]],
) -> None:
    made = IntervalSet(pieces)
    assert instants(made) == naive(pieces)
    assert made == IntervalSet(list(reversed(pieces)))
    assert hash(made) == hash(IntervalSet(made))
    ordered = list(made)
    assert all(piece.start < piece.end for piece in ordered)
    assert all(a.end < b.start for a, b in pairwise(ordered))
    assert made.length == len(naive(pieces))
    assert {instant for instant in range(-5, 45) if instant in made} == naive(pieces)


@given(PIECES, PIECES)
def test_union_intersection_and_difference_are_those_of_sets(
    left: list[tuple[int, int]], right: list[tuple[int, int]]
) -> None:
    a, b = IntervalSet(left), IntervalSet(right)
    assert instants(a.union(b)) == naive(left) | naive(right)
    assert instants(a.intersect(b)) == naive(left) & naive(right)
    assert instants(a.subtract(b)) == naive(left) - naive(right)
    # The results are in normal form too, or equal sets would differ.
    for result in (a.union(b), a.intersect(b), a.subtract(b)):
        assert result == IntervalSet(result)


@given(PIECES, BOUNDS)
def test_clipping_gaps_and_overlaps_stay_within_their_bounds(
    pieces: list[tuple[int, int]], bounds: tuple[int, int]
) -> None:
    made, inside = IntervalSet(pieces), Interval(*bounds)
    assert instants(made.clip(inside)) == naive(pieces) & naive([bounds])
    assert instants(made.gaps(inside)) == naive([bounds]) - naive(pieces)
    assert made.overlapping(inside) == [piece for piece in made if piece.overlaps(inside)]


@given(PIECES, st.integers(0, 12))
def test_closing_gaps_fills_those_that_are_shorter_and_no_other(
    pieces: list[tuple[int, int]], shorter_than: int
) -> None:
    made = IntervalSet(pieces)
    hull = made.hull
    filled = made.close_gaps(shorter_than)
    holes = made.gaps(hull) if hull else IntervalSet()
    expected = [*made, *(hole for hole in holes if hole.length < shorter_than)]
    assert filled == IntervalSet(expected)


def test_a_gap_exactly_as_long_as_the_hold_is_not_closed() -> None:
    apart = IntervalSet([(0, 10), (15, 20)])
    assert apart.close_gaps(5) == apart
    assert apart.close_gaps(6) == IntervalSet([(0, 20)])


def test_touching_pieces_are_one() -> None:
    assert list(IntervalSet([(5, 10), (0, 5)])) == [Interval(0, 10)]


def test_the_empty_set_has_no_hull_and_no_length() -> None:
    empty = IntervalSet([(5, 5), (9, 3)])
    assert empty.hull is None
    assert empty.length == len(empty) == 0
    assert empty.subtract(IntervalSet([(0, 3)])) == empty
    assert empty != [(0, 3)]


def test_the_hull_reaches_from_the_first_start_to_the_last_end() -> None:
    assert IntervalSet([(12, 20), (0, 3)]).hull == Interval(0, 20)


def test_a_set_shows_its_pieces() -> None:
    assert repr(IntervalSet([(0, 3)])) == "IntervalSet([(0, 3)])"


@given(BOUNDS, BOUNDS)
def test_intervals_overlap_when_they_share_an_instant(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    assert Interval(*one).overlaps(Interval(*other)) == bool(naive([one]) & naive([other]))


def test_an_interval_contains_what_lies_between_its_bounds() -> None:
    assert Interval(0, 10).contains(Interval(0, 10))
    assert not Interval(0, 10).contains(Interval(0, 11))
    assert not Interval(1, 10).contains(Interval(0, 10))
