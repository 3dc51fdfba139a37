"""From the columns of a batch to stored spans: pure, and most of it in passes of C.

A stored span is the judge's `Span` and what graphs and reports want beside it. It ends where
outcome, failure or version changes, where two starts lie more than three intervals apart, and at
midnight UTC, so that no span outgrows the chunk of time it is kept in. It is made of pieces, which
end at every hour too. Where it ends decides nothing: spans of one class join again when they are
judged.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, pairwise
from operator import add, sub
from typing import Final, NamedTuple

from collector.judge.timeline import AVAILABLE, UNKNOWN, Span, joined
from probes.model.instant import HOUR

GAP_INTERVALS: Final = 3
# An agent may claim anything that its format allows; the tables must be able to hold it.
_MOST: Final = 2**62
_LONGEST_VERSION: Final = 200


class Columns(NamedTuple):
    """The measurements of one series in one entry of the log, in order of start, corrected.

    `failures` is run-length as in a batch; `versions` holds for its own index; `error_us` is the
    clock error bound of all.
    """

    entry: int
    interval_us: int
    error_us: int
    starts: list[int]
    durations: list[int]
    outcomes: str
    failures: Sequence[tuple[int, str, str]]
    versions: Sequence[tuple[int, str]]


class StoredSpan(NamedTuple):
    """A span with its latencies in microseconds, what failed, the version seen, and its entries."""

    span: Span
    latency_min: int
    latency_sum: int
    latency_max: int
    failure: str | None
    operation: str | None
    version: str | None
    first_entry: int
    last_entry: int


def summarise_all(arrived: Sequence[Columns]) -> Iterator[tuple[StoredSpan, int]]:
    """Yield the pieces of columns that follow one another, as `summarise` does of each."""
    for hour, run in groupby(arrived, _hour_of):
        together = list(run)
        steady = None if hour is None else _steady(together)
        if steady is not None:
            yield steady, GAP_INTERVALS * together[0].interval_us
        else:
            for columns in together:
                yield from summarise(columns)


def in_order(arrived: Sequence[Columns], last_start: int | None = None) -> bool:
    """Return whether all columns begin after the ones before them end to begin."""
    for columns in arrived:
        if last_start is not None and columns.starts[0] <= last_start:
            return False
        last_start = columns.starts[-1]
    return True


def joined_columns(arrived: Sequence[Columns]) -> Columns:
    """Return columns that follow one another as one; only times and outcomes are those of all."""
    if len(arrived) == 1:
        return arrived[0]
    return arrived[0]._replace(
        starts=list(chain.from_iterable([columns.starts for columns in arrived])),
        durations=list(chain.from_iterable([columns.durations for columns in arrived])),
        outcomes="".join([columns.outcomes for columns in arrived]),
    )


def summarise(columns: Columns) -> Iterator[tuple[StoredSpan, int]]:
    """Yield the pieces of the columns in order, each with the gap up to which the next may join."""
    limit = GAP_INTERVALS * columns.interval_us
    ends = list(map(add, columns.starts, columns.durations))
    gaps = list(map(sub, columns.starts[1:], columns.starts))
    bounds = sorted({0, *_breaks(columns, gaps, limit)})
    for start, end in pairwise([*bounds, len(columns.outcomes)]):
        yield _stored(columns, ends, gaps, start, end), limit


def _hour_of(columns: Columns) -> int | None:
    """Return the hour of all measurements, counted from 1970; None when they lie in several."""
    first, last = columns.starts[0] // HOUR, columns.starts[-1] // HOUR
    return first if first == last else None


def _steady(arrived: Sequence[Columns]) -> StoredSpan | None:
    """Return the one piece of an hour's columns that are up all along; None if there may be more.

    This is the usual case, and costs passes of C over all columns together.
    """
    first, last = arrived[0], arrived[-1]
    for columns in arrived:
        if (
            columns.outcomes.strip("U")
            or columns.versions
            or columns.interval_us != first.interval_us
        ):
            return None
    whole = joined_columns(arrived)
    starts, durations = whole.starts, whole.durations
    largest_gap = max(map(sub, starts[1:], starts), default=0)
    if largest_gap > GAP_INTERVALS * first.interval_us:
        return None
    head = arrived if len(last.starts) > 1 else arrived[:-1]
    highs = [
        max(map(add, columns.starts, columns.durations)) + columns.error_us
        for columns in arrived[1:]
    ]
    if len(first.starts) > 1:
        highs.append(max(map(add, first.starts[1:], first.durations[1:])) + first.error_us)
    span = Span(
        "U",
        len(starts),
        starts[0],
        starts[0] + durations[0],
        first.error_us,
        starts[-1],
        starts[-1] + durations[-1],
        last.error_us,
        min([columns.starts[0] - columns.error_us for columns in head], default=None),
        max(highs, default=None),
        largest_gap,
    )
    return StoredSpan(
        span,
        min(durations),
        min(sum(durations), _MOST),
        max(durations),
        None,
        None,
        None,
        min([columns.entry for columns in arrived]),
        max([columns.entry for columns in arrived]),
    )


def extend(
    spans: list[StoredSpan], pieces: Iterable[tuple[StoredSpan, int]], longest_us: int
) -> None:
    """Append pieces to spans that all begin no later, joining where nothing changed.

    Nothing is joined over an end of the stretches of `longest_us`, a day or an hour, of UTC.
    """
    for piece, limit in pieces:
        following = piece
        if spans:
            last = spans[-1]
            if (
                last.version is not None
                and piece.version is None
                and _is_seen_on(last, piece, limit)
            ):
                following = piece._replace(version=last.version)
            same = piece.span.first_start // longest_us == last.span.first_start // longest_us
            if same and _is_one(last, following, limit):
                spans[-1] = _grown(last, following)
                continue
        spans.append(following)


def _breaks(columns: Columns, gaps: list[int], limit: int) -> Iterator[int]:
    outcomes, starts = columns.outcomes, columns.starts
    if outcomes.strip(outcomes[0]):
        yield from (i for i in range(1, len(outcomes)) if outcomes[i] != outcomes[i - 1])
    yield from (index for index, _, _ in columns.failures)
    yield from (index for index, _ in columns.versions)
    if gaps and max(gaps) > limit:
        yield from (index for index, gap in enumerate(gaps, start=1) if gap > limit)
    if _hour_of(columns) is None:
        hours = [start // HOUR for start in starts]
        yield from (index for index in range(1, len(hours)) if hours[index] != hours[index - 1])


def _stored(columns: Columns, ends: list[int], gaps: list[int], start: int, end: int) -> StoredSpan:
    starts, durations, error = columns.starts, columns.durations[start:end], columns.error_us
    letter, count = columns.outcomes[start], end - start
    several = count > 1
    span = Span(
        letter,
        count,
        starts[start],
        ends[start],
        error,
        starts[end - 1],
        ends[end - 1],
        error,
        starts[start] - error if several else None,
        max(ends[start + 1 : end]) + error if several else None,
        max(gaps[start : end - 1]) if several else 0,
    )
    failure = operation = None
    if letter not in AVAILABLE:
        failure, operation = failure_at(columns, start)
    return StoredSpan(
        span,
        min(durations),
        min(sum(durations), _MOST),
        max(durations),
        failure,
        operation,
        next((_plain(version) for index, version in columns.versions if index == start), None),
        columns.entry,
        columns.entry,
    )


def failure_at(columns: Columns, index: int) -> tuple[str | None, str | None]:
    """Return what failed at an index that failed, and during what; an import may say neither."""
    holding = [(failure, operation) for at, failure, operation in columns.failures if at <= index]
    failure, operation = holding[-1]
    return str(failure) or None, str(operation) or None


def _plain(version: str) -> str:
    """Return a version as a text column can hold it: PostgreSQL has no character NUL."""
    return version.replace("\0", "")[:_LONGEST_VERSION]


def _is_seen_on(last: StoredSpan, piece: StoredSpan, limit: int) -> bool:
    """Return whether an agent that said nothing still saw the version it told of before."""
    return (
        last.version is not None
        and last.span.outcome in AVAILABLE
        and piece.span.outcome in AVAILABLE
        and piece.span.first_start - last.span.last_start <= limit
    )


def _is_one(last: StoredSpan, piece: StoredSpan, limit: int) -> bool:
    return (
        last.span.outcome == piece.span.outcome
        and last.failure == piece.failure
        and last.operation == piece.operation
        and last.version == piece.version
        and piece.span.first_start - last.span.last_start <= limit
    )


def _grown(last: StoredSpan, piece: StoredSpan) -> StoredSpan:
    return StoredSpan(
        joined(last.span, piece.span),
        min(last.latency_min, piece.latency_min),
        min(last.latency_sum + piece.latency_sum, _MOST),
        max(last.latency_max, piece.latency_max),
        last.failure,
        last.operation,
        last.version,
        min(last.first_entry, piece.first_entry),
        max(last.last_entry, piece.last_entry),
    )


def is_failing(letter: str) -> bool:
    """Return whether an outcome counts as failed in the latency table: down, not unknown."""
    return letter not in AVAILABLE and letter != UNKNOWN


def singly(columns: Columns) -> Iterator[Columns]:
    """Yield every measurement of columns as columns of its own."""
    failures = {index: (0, failure, step) for index, failure, step in columns.failures}
    versions = dict(columns.versions)
    holding: tuple[int, str, str] | None = None
    for index, letter in enumerate(columns.outcomes):
        holding = failures.get(index, holding)
        yield columns._replace(
            starts=columns.starts[index : index + 1],
            durations=columns.durations[index : index + 1],
            outcomes=letter,
            failures=[holding] if holding and letter not in AVAILABLE else [],
            versions=[(0, versions[index])] if index in versions else [],
        )
