"""The second verifier, run as an auditor runs it: alone, from another folder."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import cryptography
import pytest

from collector.evidence import verifier
from tests.collector.evidence.resealing import members_of
from tests.collector.evidence.worlds import parts_of, upgraded

CODES = [code for code, *_ in verifier.STEPS]


@pytest.fixture(scope="module")
def bundle() -> bytes:
    """A sound bundle of a compliant upgrade."""
    return parts_of(upgraded(batches=12)).sealed()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder from which nothing but the standard library and `cryptography` can be imported."""
    folder = tmp_path_factory.mktemp("alone")
    packages = Path(cryptography.__file__).parents[1]
    for package in packages.iterdir():
        if package.name.startswith(("cryptography", "cffi", "_cffi", "pycparser", "tzdata")):
            (folder / package.name).symlink_to(package)
    return folder


def run(
    folder: Path, bundle: bytes, *arguments: str, entry: tuple[str, ...] = ("verifier.py",)
) -> subprocess.CompletedProcess[str]:
    """Run the verifier that a bundle ships, by its own file, on that bundle."""
    (folder / "verifier.py").write_bytes(Path(verifier.__file__).read_bytes())
    (folder / "W.constat").write_bytes(bundle)
    return subprocess.run(
        [sys.executable, "-S", "-P", *entry, "W.constat", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_bundle_ships_the_second_verifier_as_it_is(bundle: bytes) -> None:
    assert members_of(bundle)["verifier.py"] == Path(verifier.__file__).read_bytes()


def test_a_sound_bundle_passes_all_steps_without_this_project(bundle: bytes, alone: Path) -> None:
    done = run(alone, bundle)
    assert (done.returncode, done.stderr) == (0, "")
    said = [line.split()[:3] for line in done.stdout.splitlines() if " OK " in line]
    assert said == [[str(number), code, "OK"] for number, code in enumerate(CODES, start=1)]


def test_this_project_cannot_be_imported_where_the_verifier_is_tested(
    bundle: bytes, alone: Path
) -> None:
    done = run(alone, bundle, entry=("-c", "import collector"))
    assert "No module named 'collector'" in done.stderr


def test_json_says_which_steps_passed_and_what_they_found(bundle: bytes, alone: Path) -> None:
    found = json.loads(run(alone, bundle, "--json").stdout)
    assert list(found["passed"]) == sorted(CODES)
    assert found["exit"] == 0
    assert found["passed"]["report"] == {"duration": "compliant", "notice": "respected"}


def test_flipped_bits_are_a_fault_and_never_a_traceback(bundle: bytes, alone: Path) -> None:
    chosen = random.Random(3)
    for _ in range(6):
        place = chosen.randrange(len(bundle))
        changed = bytearray(bundle)
        changed[place] ^= 1 << chosen.randrange(8)
        done = run(alone, bytes(changed))
        assert (done.returncode, done.stderr) == (7, ""), place


def test_a_file_that_is_not_there_is_told_in_one_line(alone: Path, bundle: bytes) -> None:
    done = run(alone, bundle, "--keys", "nowhere.json")
    assert done.returncode == 2
    assert done.stderr == "verifier.py: cannot read nowhere.json: No such file or directory\n"


def test_pinned_keys_that_are_none_are_a_fault_of_the_command(alone: Path, bundle: bytes) -> None:
    (alone / "keys.json").write_text('{"schema":"constat.keys/1","log":"x"}')
    done = run(alone, bundle, "--keys", "keys.json")
    assert (done.returncode, done.stderr) == (2, "verifier.py: cannot read keys.json: witnesses\n")


def test_what_a_terminal_cannot_show_is_no_traceback(
    alone: Path, bundle: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = run(alone, bundle)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cl\\xe9s" in done.stdout
