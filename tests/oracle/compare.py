"""Judge random worlds twice, with `constat assess` and by brute force, and show what differs.

    python -m tests.oracle.compare --worlds 2000 --seed 1

Every field of the object, to the microsecond, and the exit code must be the same. A world that
differs is made smaller, printed and kept in a folder that `constat assess` reads.
"""

import argparse
import contextlib
import io
import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from collector.cli.main import run
from tests.oracle.brute_force import Json, assess, exit_code
from tests.oracle.shrink import smallest
from tests.oracle.worlds import World, random_world, write_world

Judge = Callable[[Path], tuple[int, str]]

MOST_SHOWN = 5


def in_process(folder: Path) -> tuple[int, str]:
    """The exit code and the output of `constat assess`, run here."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = run(["assess", str(folder), "-o", "json"])
    return code, printed.getvalue()


def subprocess_of(command: str) -> Judge:
    def judge(folder: Path) -> tuple[int, str]:
        arguments = [part.replace("DIR", str(folder)) for part in shlex.split(command)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout or done.stderr

    return judge


def world_differences(world: World, judge: Judge = in_process, seed: int = 0) -> list[str]:
    """What the two readings do not agree on, a line each: `path: brute force, then the judge`."""
    expected = assess(*world)
    with tempfile.TemporaryDirectory() as folder:
        write_world(Path(folder), world, seed)
        code, printed = judge(Path(folder))
    try:
        actual = json.loads(printed)
    except ValueError:
        return [f"exit {code}: {printed.strip()}"]
    return [
        *differences({"exit": exit_code(expected)}, {"exit": code}),
        *differences(expected, actual),
    ]


def differences(expected: object, actual: object, path: str = "") -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in expected.keys() | actual.keys():
            yield from differences(expected.get(key), actual.get(key), f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (first, second) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(first, second, f"{path}[{index}]")
    elif expected != actual:
        yield f"{path}: {expected!r}, {actual!r}"


def shown(world: World, found: list[str]) -> Json:
    return {"differences": found, "window": world.window, "measurements": world.measurements}


def compare(seeds: Sequence[int], judge: Judge, keep: Path) -> int:
    """Return how many worlds differ; the first ones are printed, and kept in folders."""
    differing = 0
    for seed in seeds:
        world = random_world(seed)
        found = world_differences(world, judge, seed)
        if not found:
            continue
        differing += 1
        print(f"world {seed} differs in {', '.join(sorted(places(found)))}")
        if differing <= MOST_SHOWN:
            world = smallest_alike(world, judge, places(found))
            write_world(keep / str(seed), world)
            print(json.dumps(shown(world, world_differences(world, judge)), indent=1))
            print(f"kept in {keep / str(seed)}")
    return differing


def places(found: list[str]) -> set[str]:
    return {difference.split(":")[0] for difference in found}


def smallest_alike(world: World, judge: Judge, where: set[str]) -> World:
    """The smallest world that differs in one of the same places, and in no other."""

    def alike(other: World) -> bool:
        now = places(world_differences(other, judge))
        return bool(now) and now <= where

    return smallest(world, alike)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=2000, help="how many worlds (2000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first world (1)")
    parser.add_argument("--command", help="e.g. 'constat assess DIR -o json'; default: in process")
    parser.add_argument("--keep", type=Path, default=Path("build/differing-worlds"))
    arguments = parser.parse_args()
    judge = subprocess_of(arguments.command) if arguments.command else in_process
    seeds = range(arguments.seed, arguments.seed + arguments.worlds)
    differing = compare(seeds, judge, arguments.keep)
    print(f"{len(seeds)} worlds, {differing} judged differently")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
