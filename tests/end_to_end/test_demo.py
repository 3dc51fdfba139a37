import csv
import json
import os
import re
import signal
import subprocess
import sys
from calendar import day_name, month_name
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import psutil
import pytest

from collector.demo.scenario import SCENARIOS, Scenario, Ward
from tests.docs.console import README

ALL = os.environ.get("CONSTAT_TEST_DEMOS") == "all"
PLAYED = [scenario for name, scenario in SCENARIOS.items() if ALL or name == "compliant"]

Demo = subprocess.Popen[str]


DAY = f"({'|'.join(day_name)}) # ({'|'.join(month_name[1:])}) #"


def masked(output: str) -> list[str]:
    """Return the lines that say something, without their figures, dates and spacing."""
    lines = [re.sub(r"\b[0-9a-f]{16,64}\b", "#", line) for line in output.splitlines()]
    lines = [" ".join(re.sub(r"[\d.,:]*\d", "#", line).split()) for line in lines]
    lines = [re.sub(DAY, "#", line) for line in lines]
    return [line for line in lines if re.search(r"\w", line)]


def start(folder: Path, *options: str) -> Demo:
    command = [sys.executable, "-m", "collector", "demo", "--output", str(folder), *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )


def left_running(folder: Path) -> list[str]:
    """Every process whose command names the folder."""
    commands = [
        " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    ]
    return [command for command in commands if str(folder) in command]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "demo"
    yield place
    assert left_running(place) == []


def hear(demo: Demo, words: str) -> None:
    """Read on until a line has these words."""
    assert demo.stdout is not None
    for line in demo.stdout:
        if words in line:
            return
    pytest.fail(f"it never said {words!r}")


def assert_it_is_the_upgrade_that_was_made(assessment: dict[str, Any]) -> None:
    """Hold what was measured against what the steps of every scenario have in common."""
    (turn,) = assessment["turns"]
    assert turn["lost_last"] == ["bloc-02"]
    assert turn["back_first"] == ["urgences-01"]
    assert assessment["versions"] == {"before": ["1.8.4"], "after": ["2.0.0"]}
    assert {each["vantage"] for each in assessment["vantages"]} == set(Ward)
    assert all(each["counts"] and each["down_us"] for each in assessment["vantages"])
    plan = assessment["plan"]
    assert not [
        piece
        for piece in assessment["unobserved"]
        if piece["start_us"] < plan["end_us"] and piece["end_us"] > plan["start_us"]
    ]
    assert 0 < assessment["duration"]["lower_us"] < assessment["duration"]["upper_us"]


def assert_the_service_failed_as_it_was_made_to(evidence: Path, scenario: Scenario) -> None:
    lines = (evidence / "measurements.ndjson").read_text("utf-8").splitlines()
    failures = {json.loads(line).get("failure") for line in lines}
    pages = scenario.name == "maintenance-page"
    assert ("maintenance_page" in failures) == pages
    assert ("connection_refused" in failures) != pages


def assert_the_evidence_alone_says_the_same(
    evidence: Path, assessment: dict[str, Any], exit_code: int
) -> None:
    command = [sys.executable, "-m", "collector", "assess", str(evidence), "-o", "json"]
    alone = subprocess.run(command, capture_output=True, check=False)
    assert alone.returncode == exit_code
    again = json.loads(alone.stdout)
    del again["unobserved"]  # it lasts until the instant that each of the two was made
    assert {key: assessment[key] for key in again} == again


def assert_both_verifiers_say_the_same(bundle: Path, exit_code: int) -> None:
    """The one that is installed, and the one that is in the bundle."""
    with ZipFile(bundle) as archive:
        second = Path(archive.extract("verifier.py", bundle.parent / "alone"))
    for command in (["-m", "collector", "verify"], [str(second)]):
        done = subprocess.run(
            [sys.executable, *command, str(bundle)], capture_output=True, text=True, check=False
        )
        assert done.returncode == exit_code, done.stdout


@pytest.mark.parametrize("scenario", PLAYED, ids=lambda scenario: scenario.name)
def test_a_demonstration_ends_with_the_verdict_it_is_named_for(
    scenario: Scenario, folder: Path
) -> None:
    demo = start(folder, "--scenario", scenario.name)
    said, complaints = demo.communicate()
    assert complaints == ""
    assert demo.returncode == scenario.expected.exit_code
    assert "The terms of the contract are scaled to the demo" in said
    assert f"As expected of {scenario.name}: " in said
    assert not [line for line in said.splitlines() if line != line.rstrip()]
    assessment = json.loads((folder / "assessment.json").read_bytes())
    assert_it_is_the_upgrade_that_was_made(assessment)
    (row,) = csv.DictReader((folder / "assessment.csv").read_text("utf-8").splitlines())
    assert row["verdict"] == scenario.expected.duration
    assert row["notice"] == scenario.expected.notice
    if scenario.name == "compliant":
        shown = README.read_text("utf-8").split("```text\n")[1].split("```")[0]
        assert masked(shown.replace("demo-output", str(folder))) == masked(said)
    forms = {"MAJ-DEMO-01", "MAJ-DEMO-01.constat", "MAJ-DEMO-01.eml", "MAJ-DEMO-01.pdf"}
    kept = {*forms, "assessment.csv", "assessment.json", "keys.json"}
    assert {path.name for path in folder.iterdir()} == kept
    assert (folder / "MAJ-DEMO-01.pdf").read_bytes().startswith(b"%PDF-")
    assert_the_service_failed_as_it_was_made_to(folder / "MAJ-DEMO-01", scenario)
    assert_both_verifiers_say_the_same(folder / "MAJ-DEMO-01.constat", demo.returncode)
    assert_the_evidence_alone_says_the_same(folder / "MAJ-DEMO-01", assessment, demo.returncode)


def test_ctrl_c_stops_everything_and_removes_what_was_made(folder: Path) -> None:
    demo = start(folder)
    hear(demo, "the operation starts")
    demo.send_signal(signal.SIGINT)
    said, complaints = demo.communicate()
    assert demo.returncode == 130
    assert complaints == "\n"
    assert "interrupted: everything is being stopped" in said
    assert not folder.exists()


def test_a_collector_that_dies_ends_it_with_the_end_of_its_log_and_it_can_start_again(
    folder: Path,
) -> None:
    demo = start(folder)
    hear(demo, "the operation starts")
    ready = json.loads((folder / "work" / "collector" / "data" / "ready.json").read_bytes())
    os.kill(ready["pid"], signal.SIGTERM)
    said, complaints = demo.communicate()
    log = folder / "work" / "logs" / "collector.log"
    assert demo.returncode == 1
    assert complaints == f"constat: collector ended with code 0; see {log}\n"
    assert "constat: listening on http://127.0.0.1:" in said
    again = start(folder)
    hear(again, "patient record 1.8.4")
    again.send_signal(signal.SIGTERM)
    again.communicate()
    assert again.returncode == 130


def test_a_folder_that_is_not_of_a_demonstration_is_left_alone(folder: Path) -> None:
    (folder / "work" / "thesis").mkdir(parents=True)
    demo = start(folder)
    _, complaints = demo.communicate()
    assert demo.returncode == 2
    assert complaints == (f"constat: {folder / 'work'} is not of a demo: choose another folder\n")
    assert (folder / "work" / "thesis").is_dir()
