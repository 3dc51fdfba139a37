"""Long runs of the fuzzers, one after another: `python -m tests.fuzz [--runs N] [TARGET…]`.

They need atheris, which `make fuzz` puts into an environment of its own. The same seed makes the
same run again; an input that is found is left in the folder where the command runs.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from tests.fuzz.targets import TARGETS


def main() -> int:
    """Run the fuzzers that are named, or all; the exit code is 1 when one found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument(
        "--runs", type=int, default=1_000_000, help="of each (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the alterations (default: 1)")
    parser.add_argument("target", nargs="*", help=f"{', '.join(TARGETS)}; all if left out")
    wanted = parser.parse_args()
    if unknown := set(wanted.target) - set(TARGETS):
        parser.error(f"no fuzzer is called {' or '.join(sorted(unknown))}")
    standing = [fuzz(name, wanted.runs, wanted.seed) for name in wanted.target or TARGETS]
    return 0 if all(standing) else 1


def fuzz(name: str, runs: int, seed: int) -> bool:
    """Return whether a target stood all its runs; say so, or show what did not."""
    target, started = TARGETS[name], monotonic()
    runs //= target.cost
    options = [f"-runs={runs}", f"-seed={seed}", f"-max_len={target.longest}", *_LIMITS]
    with TemporaryDirectory() as corpus:
        for number, data in enumerate(target.seeds):
            (Path(corpus) / f"seed-{number}").write_bytes(data)
        command = [sys.executable, "-m", "tests.fuzz.guided", name, *options, corpus]
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
        reached = len([*Path(corpus).iterdir()])
    if done.returncode:
        print(done.stderr[-5000:])
        print(f"{name:16} fails with seed {seed}", flush=True)
        return False
    said = f"{runs} runs, seed {seed}, {reached} ways through it, {monotonic() - started:.0f} s"
    print(f"{name:16} {said}", flush=True)
    return True


_LIMITS: Final = ("-timeout=20", "-rss_limit_mb=1024")


if __name__ == "__main__":
    sys.exit(main())
