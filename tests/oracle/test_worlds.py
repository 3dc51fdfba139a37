"""The random worlds, and the comparison of two readings of them."""

import json
from pathlib import Path

import pytest
import yaml

from tests.oracle.brute_force import assess, exit_code
from tests.oracle.compare import world_differences
from tests.oracle.scene import probes, window
from tests.oracle.shrink import smallest
from tests.oracle.worlds import World, random_world, write_world

SEEDS = range(8)


def parsed(folder: Path) -> World:
    """A folder read back the plainest way; JSON is YAML."""
    [file] = folder.glob("window.*")
    lines = (folder / "measurements.ndjson").read_text().splitlines()
    return World(yaml.safe_load(file.read_text()), [json.loads(line) for line in lines])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_gives_the_same_world_for_ever(seed: int) -> None:
    assert random_world(seed) == random_world(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_world_read_back_from_its_folder_is_judged_the_same(seed: int, tmp_path: Path) -> None:
    world = random_world(seed)
    write_world(tmp_path, world, seed)
    assert assess(*parsed(tmp_path)) == assess(*world)


def test_the_folders_are_in_both_languages(tmp_path: Path) -> None:
    for seed in SEEDS:
        write_world(tmp_path / str(seed), random_world(seed), seed)
    assert list(tmp_path.glob("*/window.json"))
    assert list(tmp_path.glob("*/window.yaml"))


def test_a_judge_that_is_one_microsecond_off_is_found_out() -> None:
    world = World(window(), probes("UUDDDUU"))

    def judge(_: Path) -> tuple[int, str]:
        found = assess(*world)
        found["outages"][0]["end_us"] += 1
        return exit_code(found), json.dumps(found)

    [difference] = world_differences(world, judge)
    assert difference.startswith(".outages[0].end_us: ")


def test_a_judge_that_leaves_a_field_out_is_found_out() -> None:
    world = World(window(), [])

    def judge(_: Path) -> tuple[int, str]:
        found = assess(*world)
        del found["overrun"]
        return exit_code(found), json.dumps(found)

    assert [found.split(":")[0] for found in world_differences(world, judge)] == [".overrun"]


def test_a_judge_that_refuses_a_world_is_quoted() -> None:
    assert world_differences(World(window(), []), lambda _: (2, "no\n")) == ["exit 2: no"]


def test_a_world_shrinks_to_what_makes_the_difference() -> None:
    world = World(window(panel=["a"]), probes("UUDDDUU", duration=2, error=1))

    def three_failures(other: World) -> bool:
        return [line["outcome"] for line in other.measurements].count("down") == 3

    found = smallest(world, three_failures)
    assert [line["outcome"] for line in found.measurements] == ["down"] * 3
    assert [line["duration_us"] for line in found.measurements] == [0] * 3
    assert "panel" not in found.window
