"""Make a world that shows a difference as small as it can be, so that a person can judge it."""

from collections.abc import Callable, Iterator

from tests.oracle.brute_force import Json
from tests.oracle.worlds import World

Differs = Callable[[World], bool]

OPTIONAL_KEYS = ("as_of", "interventions", "panel")
OPTIONAL_TERMS = ("downtime_rule", "return_hold", "quorum", "panel_kind", "holidays")


def smallest(world: World, differs: Differs) -> World:
    """Drop and simplify for as long as the difference stays."""
    found = next((smaller for smaller in simpler(world) if differs(smaller)), None)
    while found is not None:
        world = found
        found = next((smaller for smaller in simpler(world) if differs(smaller)), None)
    return world


def simpler(world: World) -> Iterator[World]:
    yield from fewer_measurements(world)
    yield from shorter_terms(world)
    yield from plainer_measurements(world)


def fewer_measurements(world: World) -> Iterator[World]:
    count = len(world.measurements)
    size = count
    while size >= 1:
        for start in range(0, count, size):
            kept = world.measurements[:start] + world.measurements[start + size :]
            yield world._replace(measurements=kept)
        size //= 2


def shorter_terms(world: World) -> Iterator[World]:
    window, contract = world.window, world.window["contract"]
    for key in OPTIONAL_KEYS:
        if key in window:
            yield world._replace(window=without(window, key))
    for key in OPTIONAL_TERMS:
        if key in contract:
            yield world._replace(window=window | {"contract": without(contract, key)})
    for index in range(len(window["revisions"])):
        kept = window["revisions"][:index] + window["revisions"][index + 1 :]
        yield world._replace(window=window | {"revisions": kept})
    for name in window["checks"]:
        if len(window["checks"]) > 1:
            yield world._replace(window=window | {"checks": without(window["checks"], name)})


def plainer_measurements(world: World) -> Iterator[World]:
    for index, line in enumerate(world.measurements):
        plainer = []
        if "clock_error_us" in line:
            plainer.append(without(line, "clock_error_us"))
        if line["duration_us"]:
            plainer.append(line | {"duration_us": 0})
        for choice in plainer:
            lines = [*world.measurements]
            lines[index] = choice
            yield world._replace(measurements=lines)


def without(item: Json, key: str) -> Json:
    return {name: value for name, value in item.items() if name != key}
