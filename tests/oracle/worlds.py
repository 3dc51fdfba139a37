"""Random worlds, each a window and its measurements, made small enough to be judged by hand.

A seed gives the same world for ever. A third of the worlds are then tuned: a limit, a hold, a
notice or an `as_of` is set on the very instant that decides, or one microsecond to either side.
"""

import json
import random
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import yaml

from tests.oracle.agents import measurements_of
from tests.oracle.brute_force import Json, assess, horizon
from tests.oracle.reading import SECOND_US, read_window
from tests.oracle.terms import iso, rfc3339, window_of

# A quoted instant or date of a YAML dump, which the format allows to be bare.
QUOTED = re.compile(r"'(\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?)'")


class World(NamedTuple):
    window: Json
    measurements: list[Json]


def random_world(seed: int) -> World:
    rng = random.Random(seed)
    window, interval_us = window_of(rng)
    world = World(window, measurements_of(rng, window, interval_us))
    if rng.random() < 1 / 3:
        world = rng.choice(TUNINGS)(rng, world)
    return world


def write_world(directory: Path, world: World, seed: int = 0) -> None:
    """Write a folder that `constat assess` reads: JSON or YAML, the lines in any order."""
    rng = random.Random(seed)
    directory.mkdir(parents=True, exist_ok=True)
    if rng.random() < 0.5:
        (directory / "window.json").write_text(json.dumps(world.window, indent=1))
    else:
        text = yaml.safe_dump(world.window, sort_keys=False)
        (directory / "window.yaml").write_text(QUOTED.sub(r"\1", text))
    lines = [json.dumps(line) for line in world.measurements]
    rng.shuffle(lines)
    (directory / "measurements.ndjson").write_text("".join(line + "\n" for line in lines))


def with_contract(world: World, **terms: object) -> World:
    return world._replace(
        window={**world.window, "contract": {**world.window["contract"], **terms}}
    )


def nudge(rng: random.Random) -> int:
    return rng.choice([-1, 0, 1])


def tune_limit(rng: random.Random, world: World) -> World:
    """Agree on a limit at one of the bounds of the judged figure."""
    judged = assess(*world)["duration"]
    limit = rng.choice([judged["lower_us"], judged["upper_us"]]) + nudge(rng)
    if limit <= 0:
        return world
    agreed = {name: iso(rng, limit) for name in world.window["contract"]["max_downtime"]}
    return with_contract(world, max_downtime=agreed)


def tune_hold(rng: random.Random, world: World) -> World:
    """Hold for as long as one of the gaps between two outages, or between two proofs."""
    outages = assess(*world)["outages"]
    proven = [piece for outage in outages for piece in outage["proven"]]
    gaps = [
        after["start_us"] - before["end_us"]
        for pieces in (outages, proven)
        for before, after in pairwise(pieces)
    ]
    if not gaps:
        return world
    return with_contract(world, return_hold=iso(rng, rng.choice(gaps) + nudge(rng)))


def tune_notice(rng: random.Random, world: World) -> World:
    """Announce the final plan at the last instant allowed."""
    latest = assess(*world)["notice"]["latest_allowed_us"] + nudge(rng)
    announced = {"notified_at": rfc3339(rng, latest), **world.window["plan"]}
    return world._replace(window={**world.window, "revisions": [announced]})


def tune_as_of(rng: random.Random, world: World) -> World:
    """Stop knowing at the end of a probe, or when the hold has elapsed after an outage."""
    terms = read_window(world.window)
    span = horizon(terms)
    ends = [
        line["start_us"] + line["duration_us"]
        for line in world.measurements
        if span.start < line["start_us"] + line["duration_us"] < span.end
    ]
    settled = [outage["end_us"] + terms.return_hold for outage in assess(*world)["outages"]]
    if not ends + settled:
        return world
    as_of = rng.choice([*rng.sample(ends, min(len(ends), 3)), *settled]) + nudge(rng)
    return world._replace(window={**world.window, "as_of": rfc3339(rng, as_of)})


def tune_edges(rng: random.Random, world: World) -> World:
    """Put probes on the very edges of the horizon."""
    if not world.measurements:
        return world
    span = horizon(read_window(world.window))
    model = rng.choice(world.measurements)
    length = rng.choice([0, 1, 2 * SECOND_US])
    extra = [
        {**model, "start_us": start + nudge(rng), "duration_us": length}
        for start in (span.start, span.start + SECOND_US, span.end - length - SECOND_US)
    ]
    last = {**model, "start_us": span.end - length + nudge(rng), "duration_us": length}
    return world._replace(measurements=[*world.measurements, *extra, last])


TUNINGS: list[Callable[[random.Random, World], World]] = [
    tune_limit,
    tune_hold,
    tune_notice,
    tune_as_of,
    tune_edges,
]
