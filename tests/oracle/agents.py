"""The measurements of a random world: agents that look at services, and sometimes do not."""

import random
from typing import NamedTuple

from tests.oracle.brute_force import Json, horizon, hull
from tests.oracle.reading import SECOND_US, Interval, read_window
from tests.oracle.terms import KINDS


class Habits(NamedTuple):
    """How one agent runs one check."""

    vantage: str
    kind: str
    check: str
    interval_us: int
    jitter_us: int
    longest_us: int
    errors_us: list[int]
    unknown: float
    degraded: float
    noise: float


def measurements_of(rng: random.Random, window: Json, interval_us: int) -> list[Json]:
    recovers = rng.random() < 0.7
    names = ["a", "b", "c", "d"][: rng.choice([1, 1, 2, 2, 3, 4])]
    service = [piece_near(rng, window, interval_us) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
    lines: list[Json] = []
    for vantage in names:
        kind = rng.choice(KINDS)
        down = [shaken(rng, piece, interval_us) for piece in service if rng.random() < 0.9]
        for check in run_checks(rng, window):
            habits = habits_of(rng, vantage, kind, check, interval_us)
            own = [shaken(rng, piece, interval_us) for piece in down]
            if rng.random() < 0.3:
                own.append(piece_near(rng, window, interval_us))
            for block in blocks_of(rng, window, habits):
                lines += probes(rng, habits, block, own)
            if recovers:
                lines += answers(habits, lines)
            if rng.random() < 0.1:
                lines += burst(rng, habits, hull(read_window(window)))
    return degenerate(rng, lines)


def run_checks(rng: random.Random, window: Json) -> list[str]:
    declared = list(window["checks"])
    run = rng.sample(declared, rng.randint(1, len(declared)))
    return [*run, "undeclared"] if rng.random() < 0.02 else run


def habits_of(rng: random.Random, vantage: str, kind: str, check: str, interval_us: int) -> Habits:
    interval_us = interval_us * rng.choice([1, 1, 1, 2]) // rng.choice([1, 1, 1, 2])
    errors = [1, 999, interval_us // 10, interval_us // 2, interval_us, 5 * SECOND_US]
    return Habits(
        vantage=vantage,
        kind=kind,
        check=check,
        interval_us=interval_us,
        jitter_us=rng.choice([0, 0, 1, interval_us // 3]),
        longest_us=rng.choice([0, 0, 1, interval_us // 5, interval_us // 5, 3 * interval_us]),
        errors_us=rng.choice([[0], [0], [0, rng.choice(errors)], rng.sample(errors, 2)]),
        unknown=rng.choice([0, 0, 0, 0, 0, 0.1, 0.4, 1]),
        degraded=rng.choice([0, 0, 0.2]),
        noise=rng.choice([0, 0, 0, 0.03, 0.2]),
    )


def piece_near(rng: random.Random, window: Json, interval_us: int) -> Interval:
    """A time when something is down: inside, across or beside the window."""
    span = hull(read_window(window))
    start = rng.randint(span.start - 6 * interval_us, span.end + 4 * interval_us)
    return Interval(start, start + rng.randint(0, 11 * interval_us))


def shaken(rng: random.Random, piece: Interval, interval_us: int) -> Interval:
    if rng.random() < 0.5:
        return piece
    return Interval(*(edge + rng.randint(-3 * interval_us, 3 * interval_us) for edge in piece))


def blocks_of(rng: random.Random, window: Json, habits: Habits) -> list[Interval]:
    """When the agent was alive: around the window, and perhaps at the edges of the horizon."""
    terms = read_window(window)
    span, edge, step = horizon(terms), hull(terms), habits.interval_us
    alive = [
        Interval(edge.start + rng.randint(-9, 4) * step, edge.end + rng.randint(-3, 18) * step)
    ]
    for _ in range(rng.choice([0, 0, 1, 2])):
        killed = rng.randint(edge.start, edge.end)
        revived = killed + rng.randint(1, 8) * step + rng.choice([0, 1])
        last = alive.pop()
        alive += [Interval(last.start, killed), Interval(revived, last.end)]
    for instant in (span.start, span.end):
        if rng.random() < 0.15:
            around = Interval(
                instant - rng.randint(0, 4) * step, instant + rng.randint(0, 4) * step
            )
            alive.append(around)
    return alive


def probes(rng: random.Random, habits: Habits, block: Interval, down: list[Interval]) -> list[Json]:
    """One probe an interval; a batch of a few probes shares its clock error."""
    if block.end - block.start > 60 * habits.interval_us:
        block = Interval(block.start, block.start + 60 * habits.interval_us)
    error = rng.choice(habits.errors_us)
    lines = []
    for start in range(block.start, block.end, habits.interval_us):
        if rng.random() < 0.1:
            error = rng.choice(habits.errors_us)
        at = start + rng.randint(-habits.jitter_us, habits.jitter_us)
        length = rng.randint(0, habits.longest_us)
        lines.append(line(habits, at, length, outcome(rng, habits, at, down), error))
    return lines


def answers(habits: Habits, lines: list[Json]) -> list[Json]:
    """Four successes in a row before all that an agent has seen, and four after it."""
    starts = [item["start_us"] for item in lines if item["vantage"] == habits.vantage]
    if not starts:
        return []
    step = habits.interval_us
    error = habits.errors_us[0]
    return [
        line(habits, at, 0, "up", error)
        for edge, sign in ((min(starts), -step), (max(starts), step))
        for at in range(edge + sign, edge + 5 * sign, sign)
    ]


def burst(rng: random.Random, habits: Habits, span: Interval) -> list[Json]:
    """Several probes at once, or nearly, that do not agree."""
    at = rng.randint(span.start, span.end)
    spread = rng.choice([0, 1, SECOND_US])
    return [
        line(habits, at + rng.randint(0, spread), rng.randrange(3), choice, habits.errors_us[0])
        for choice in rng.choices(["up", "down", "unknown", "degraded"], k=rng.randint(2, 5))
    ]


def outcome(rng: random.Random, habits: Habits, at: int, down: list[Interval]) -> str:
    if rng.random() < habits.unknown:
        return "unknown"
    failing = any(piece.start <= at < piece.end for piece in down)
    if failing != (rng.random() < habits.noise):
        return "down"
    return "degraded" if rng.random() < habits.degraded else "up"


def line(habits: Habits, at: int, length: int, found: str, error: int) -> Json:
    """A measurement as the file has it; what is at its default may be left out."""
    fields: Json = {"vantage": habits.vantage, "check": habits.check}
    if habits.kind != "workstation":
        fields["kind"] = habits.kind
    fields |= {"start_us": at, "duration_us": length, "outcome": found}
    if found == "down":
        fields |= {"failure": "connection_refused", "operation": "connect"}
    if error:
        fields["clock_error_us"] = error
    return fields


def degenerate(rng: random.Random, lines: list[Json]) -> list[Json]:
    """Now and then, much less than a file: nothing, one line, one instant, no evidence."""
    case = rng.random()
    if case < 0.01 or not lines:
        return []
    if case < 0.02:
        return [rng.choice(lines)]
    if case < 0.03:
        at = rng.choice(lines)["start_us"]
        return [{**item, "start_us": at} for item in lines[:8]]
    if case < 0.04:
        bare = [{**item, "outcome": "unknown"} for item in lines]
        return [{k: v for k, v in i.items() if k not in ("failure", "operation")} for i in bare]
    return lines
