"""Half-open intervals of instants `[start, end)`, and sets of them.

A set is kept in one normal form: sorted, disjoint, not even touching. Two sets with the same
instants are therefore equal values. All bounds are integers, so every operation is exact.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Interval(NamedTuple):
    """The instants t with `start <= t < end`, in microseconds UTC; empty unless `start < end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """The number of microseconds inside, never negative."""
        return max(0, self.end - self.start)

    def overlaps(self, other: "Interval") -> bool:
        """Return whether some instant lies in both."""
        return max(self.start, other.start) < min(self.end, other.end)

    def contains(self, other: "Interval") -> bool:
        """Return whether every instant between the other's bounds lies between these."""
        return self.start <= other.start and other.end <= self.end

    def clip(self, bounds: "Interval") -> "Interval":
        """Return the part inside the bounds, possibly empty."""
        return Interval(max(self.start, bounds.start), min(self.end, bounds.end))


class IntervalSet:
    """An immutable set of instants, held as its maximal intervals in order."""

    __slots__ = ("pieces",)

    pieces: tuple[Interval, ...]

    def __init__(self, pieces: Iterable[tuple[int, int]] = ()) -> None:
        """Make the union of the pieces, which may overlap, touch, be empty or be out of order."""
        self.pieces = tuple(_joined(sorted(pieces), closer_than=1))

    @classmethod
    def _normal(cls, pieces: Iterable[Interval]) -> "IntervalSet":
        made = cls.__new__(cls)
        made.pieces = tuple(pieces)
        return made

    def __iter__(self) -> Iterator[Interval]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return len(self.pieces)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IntervalSet) and self.pieces == other.pieces

    def __hash__(self) -> int:
        return hash(self.pieces)

    def __repr__(self) -> str:
        return f"IntervalSet({[tuple(piece) for piece in self.pieces]})"

    def __contains__(self, instant: int) -> bool:
        index = bisect_right(self.pieces, instant, key=lambda piece: piece.start)
        return index > 0 and instant < self.pieces[index - 1].end

    @property
    def length(self) -> int:
        """The number of microseconds in the set."""
        return sum(end - start for start, end in self.pieces)

    @property
    def hull(self) -> Interval | None:
        """The smallest interval that holds the set; None for the empty set."""
        return Interval(self.pieces[0].start, self.pieces[-1].end) if self.pieces else None

    def union(self, other: "IntervalSet") -> "IntervalSet":
        """Return the instants in either."""
        return IntervalSet((*self.pieces, *other.pieces))

    def clip(self, bounds: Interval) -> "IntervalSet":
        """Return the instants inside the bounds."""
        clipped = (piece.clip(bounds) for piece in self.overlapping(bounds))
        return self._normal(piece for piece in clipped if piece.start < piece.end)

    def intersect(self, other: "IntervalSet") -> "IntervalSet":
        """Return the instants in both."""
        found: list[Interval] = []
        mine, theirs = iter(self.pieces), iter(other.pieces)
        left, right = next(mine, None), next(theirs, None)
        while left is not None and right is not None:
            common = left.clip(right)
            if common.start < common.end:
                found.append(common)
            if left.end <= right.end:
                left = next(mine, None)
            else:
                right = next(theirs, None)
        return self._normal(found)

    def gaps(self, bounds: Interval) -> "IntervalSet":
        """Return the instants inside the bounds that are not in the set."""
        found: list[Interval] = []
        cursor = bounds.start
        for start, end in self.overlapping(bounds):
            if cursor < start:
                found.append(Interval(cursor, start))
            cursor = end
        if cursor < bounds.end:
            found.append(Interval(cursor, bounds.end))
        return self._normal(found)

    def subtract(self, other: "IntervalSet") -> "IntervalSet":
        """Return the instants in this set and not in the other."""
        hull = self.hull
        return self.intersect(other.gaps(hull)) if hull else self

    def close_gaps(self, shorter_than: int) -> "IntervalSet":
        """Return the set with every gap between two pieces that is shorter than this filled in."""
        return self._normal(_joined(self.pieces, closer_than=shorter_than))

    def overlapping(self, bounds: Interval) -> list[Interval]:
        """Return the whole pieces that share an instant with the bounds, in order."""
        if bounds.start >= bounds.end:
            return []
        first = bisect_right(self.pieces, bounds.start, key=lambda piece: piece.end)
        last = bisect_left(self.pieces, bounds.end, key=lambda piece: piece.start)
        return list(self.pieces[first:last])


def _joined(ordered: Iterable[tuple[int, int]], closer_than: int) -> list[Interval]:
    """Join neighbours whose gap is shorter than this; touching pieces (gap 0) always join."""
    joined: list[Interval] = []
    reach = max(closer_than, 1)
    open_start = open_end = None
    for start, end in ordered:
        if start >= end:
            continue
        if open_start is None or open_end is None:
            open_start, open_end = start, end
        elif start - open_end < reach:
            open_end = max(open_end, end)
        else:
            joined.append(Interval(open_start, open_end))
            open_start, open_end = start, end
    if open_start is not None and open_end is not None:
        joined.append(Interval(open_start, open_end))
    return joined
