"""The regulated duration of a window, by brute force: rules.md §1-§9 read line by line.

Time is cut at every instant where anything could change, and each cell between two cuts is
judged on its own: every check, then every vantage point, then the hospital. Slow and plain on
purpose. Where the text leaves a choice, this reading takes:

- Every interval, a transition too, is half-open on the grid of microseconds.
- A `down` measurement [s, e], closed and without its clock error, intersects [a, b) when
  s < b and e >= a.
- The horizon [H0, H1) goes from 24 h before the hull to 24 h after it or to `as_of`, if earlier.
  Data read: the measurements of declared checks with s >= H0 and e <= H1; states are clipped to it.
- A vantage point runs the declared checks of which it has a measurement, of any outcome, in the
  data read; with none it is in state N throughout.
- The default panel is every vantage point of the contract's kind in the file, or all if none is.
- Measurements of a check are in order of (start, duration, outcome, clock error).
- An outage is truncated when it touches either edge of the horizon.
- Gaps are closed over the whole horizon, before anything is cut to the window.
- A window is `pending` unless closed, with `return_hold` elapsed after its last outage at `as_of`
  (the end of the horizon when not given).
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from tests.oracle.notice import judged_notice
from tests.oracle.reading import (
    DAY_US,
    Interval,
    Measurement,
    Window,
    read_measurements,
    read_window,
)

Json = dict[str, Any]


class Facts(NamedTuple):
    """What the hospital went through, before any contract is applied (§5)."""

    up: list[Interval]
    proven: list[Interval]
    outages: list[Interval]
    unobserved: list[Interval]


class Pieces(NamedTuple):
    """The regulated intervals of one window (§7)."""

    window_outages: list[Interval]
    lower: list[Interval]
    upper: list[Interval]


def assess(window: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> Json:
    """The whole `constat.assessment/1` object of a window."""
    terms = read_window(window)
    file = read_measurements(lines)
    data = data_read(terms, file)
    panel = panel_of(terms, file)
    facts = hospital(terms, panel, data)
    pieces = regulated(terms, facts)
    figures = {rule: bounds(rule, pieces) for rule in ("cumulative", "longest", "span")}
    judged = figures[terms.rule]
    edge = hull(terms)
    judged_start = min([terms.plan.start, *(piece.start for piece in pieces.lower[:1])])
    return {
        "schema": "constat.assessment/1",
        "window": terms.ident,
        "duration": {
            "rule": terms.rule,
            "limit_us": terms.limit,
            **judged,
            "verdict": verdict(terms, judged, pieces),
        },
        "figures": figures,
        "outages": [outage_object(terms, outage, facts.proven) for outage in facts.outages],
        "unobserved": [interval_object(piece) for piece in facts.unobserved],
        "notice": judged_notice(terms, judged_start),
        "early_start": outside(pieces, Interval(horizon(terms).start, edge.start)),
        "overrun": outside(pieces, Interval(edge.end, horizon(terms).end)),
        "coverage": coverage(terms, facts, panel, data),
    }


# Rules §7: what is read.


def hull(terms: Window) -> Interval:
    spans = [terms.plan, *terms.interventions]
    return Interval(min(span.start for span in spans), max(span.end for span in spans))


def horizon(terms: Window) -> Interval:
    edge = hull(terms)
    end = edge.end + DAY_US
    if terms.as_of is not None and terms.as_of < end:
        end = terms.as_of
    return Interval(edge.start - DAY_US, end)


def data_read(terms: Window, file: list[Measurement]) -> list[Measurement]:
    span = horizon(terms)
    return [
        item
        for item in file
        if item.check in terms.max_gaps and item.start >= span.start and item.end <= span.end
    ]


def panel_of(terms: Window, file: list[Measurement]) -> list[str]:
    if terms.panel is not None:
        return terms.panel
    of_kind = {item.vantage for item in file if item.kind == terms.panel_kind}
    return sorted(of_kind or {item.vantage for item in file})


# Rules §3: the timeline of one check.


class Timeline(NamedTuple):
    proven: list[tuple[Interval, str]]
    transitions: list[Interval]


def timeline(measurements: list[Measurement], max_gap: int) -> Timeline:
    known = [item for item in measurements if item.outcome != "unknown"]
    known.sort(key=lambda item: (item.start, item.end, item.outcome, item.error))
    runs: list[list[Measurement]] = []
    for item in known:
        if (
            runs
            and item.start - runs[-1][-1].start <= max_gap
            and class_of(item) == class_of(runs[-1][-1])
        ):
            runs[-1].append(item)
        else:
            runs.append([item])
    return Timeline(
        proven=[
            (Interval(run[0].end + run[0].error, run[-1].start - run[-1].error), class_of(run[0]))
            for run in runs
        ],
        transitions=[
            Interval(before.start - before.error, after.end + after.error)
            for before, after in pairwise(known)
            if after.start - before.start <= max_gap
        ],
    )


def class_of(item: Measurement) -> str:
    return "D" if item.outcome == "down" else "A"


def check_state(line: Timeline, t: int) -> str:
    for span, proven in line.proven:
        if span.start <= t < span.end:
            return proven
    if any(span.start <= t < span.end for span in line.transitions):
        return "T"
    return "N"


# Rules §4 and §5: the vantage point, then the hospital.


def vantage_state(checks: list[Timeline], t: int) -> str:
    states = [check_state(line, t) for line in checks]
    if "D" in states:
        return "D"
    if states and all(state == "A" for state in states):
        return "A"
    return "T" if "T" in states else "N"


def hospital(terms: Window, panel: list[str], data: list[Measurement]) -> Facts:
    lines = {
        vantage: [
            timeline([item for item in data if (item.vantage, item.check) == (vantage, check)], gap)
            for check, gap in terms.max_gaps.items()
            if any((item.vantage, item.check) == (vantage, check) for item in data)
        ]
        for vantage in panel
    }
    cells = [
        (cell, [vantage_state(checks, cell.start) for checks in lines.values()])
        for cell in cells_of(horizon(terms), data)
    ]
    possibly_down = components(cells, lambda states: "A" not in states)
    downs = [item for item in data if item.vantage in panel and item.outcome == "down"]
    outages = [
        piece
        for piece in possibly_down
        if any(item.start < piece.end and item.end >= piece.start for item in downs)
    ]
    return Facts(
        up=components(cells, lambda states: "A" in states),
        proven=components(
            cells,
            lambda states: (
                "A" not in states and "T" not in states and states.count("D") >= terms.quorum
            ),
        ),
        outages=outages,
        unobserved=[piece for piece in possibly_down if piece not in outages],
    )


def cells_of(span: Interval, data: list[Measurement]) -> list[Interval]:
    cuts = {span.start, span.end}
    for item in data:
        for edge in (item.start, item.end):
            cuts |= {edge - item.error, edge, edge + item.error}
    inside = sorted(cut for cut in cuts if span.start <= cut <= span.end)
    return [Interval(start, end) for start, end in pairwise(inside)]


def components(
    cells: list[tuple[Interval, list[str]]], holds: Callable[[list[str]], bool]
) -> list[Interval]:
    return union([cell for cell, states in cells if holds(states)])


# Interval algebra, one piece at a time.


def union(pieces: list[Interval]) -> list[Interval]:
    """The same instants as maximal intervals, in order."""
    return closed_over(pieces, lambda gap: gap <= 0)


def closed_over(pieces: list[Interval], bridged: Callable[[int], bool]) -> list[Interval]:
    merged: list[Interval] = []
    for piece in sorted(piece for piece in pieces if piece.start < piece.end):
        if merged and bridged(piece.start - merged[-1].end):
            last = merged.pop()
            merged.append(Interval(last.start, max(last.end, piece.end)))
        else:
            merged.append(piece)
    return merged


def cut(pieces: list[Interval], scope: list[Interval]) -> list[Interval]:
    return union(
        [
            Interval(max(piece.start, part.start), min(piece.end, part.end))
            for piece in pieces
            for part in scope
        ]
    )


def length(pieces: list[Interval]) -> int:
    return sum(piece.end - piece.start for piece in pieces)


# Rules §6 and §7: the regulated figures and the verdict.


def regulated(terms: Window, facts: Facts) -> Pieces:
    def held(gap: int) -> bool:
        return gap < terms.return_hold

    edge = hull(terms)
    outages = closed_over(facts.outages, held)
    window_outages = [item for item in outages if item.start < edge.end and item.end > edge.start]
    return Pieces(
        window_outages=window_outages,
        lower=cut(closed_over(facts.proven, held), union([edge, *window_outages])),
        upper=union([*window_outages, *cut(facts.unobserved, [edge])]),
    )


def figure(rule: str, pieces: list[Interval]) -> int:
    if not pieces:
        return 0
    if rule == "cumulative":
        return length(pieces)
    if rule == "longest":
        return max(piece.end - piece.start for piece in pieces)
    return max(piece.end for piece in pieces) - min(piece.start for piece in pieces)


def bounds(rule: str, pieces: Pieces) -> Json:
    return {"lower_us": figure(rule, pieces.lower), "upper_us": figure(rule, pieces.upper)}


def verdict(terms: Window, judged: Json, pieces: Pieces) -> str:
    known_until = horizon(terms).end if terms.as_of is None else terms.as_of
    if terms.status != "closed" or any(
        known_until < outage.end + terms.return_hold for outage in pieces.window_outages
    ):
        return "pending"
    if judged["upper_us"] <= terms.limit:
        return "compliant"
    return "breach" if judged["lower_us"] > terms.limit else "inconclusive"


def outside(pieces: Pieces, part: Interval) -> Json:
    return {
        "lower_us": length(cut(pieces.lower, [part])),
        "upper_us": length(cut(pieces.upper, [part])),
    }


# What is printed.


def interval_object(piece: Interval) -> Json:
    return {"start_us": piece.start, "end_us": piece.end}


def outage_object(terms: Window, outage: Interval, proven: list[Interval]) -> Json:
    span = horizon(terms)
    return {
        **interval_object(outage),
        "proven": [interval_object(piece) for piece in cut(proven, [outage])],
        "truncated": outage.start == span.start or outage.end == span.end,
    }


def coverage(terms: Window, facts: Facts, panel: list[str], data: list[Measurement]) -> Json:
    edge = hull(terms)
    observed = length(cut([*facts.up, *facts.proven], [edge]))
    return {
        "panel": len(panel),
        "reporting": len({item.vantage for item in data} & set(panel)),
        "observed_ppm": 1_000_000 * observed // (edge.end - edge.start),
    }


def exit_code(assessment: Json) -> int:
    """3 for a breach of duration or notice, 4 when the duration is not settled, else 0."""
    found = assessment["duration"]["verdict"]
    if found == "breach" or assessment["notice"]["verdict"] != "respected":
        return 3
    return 4 if found in ("inconclusive", "pending") else 0
