"""Every scenario, through the command `constat assess`, against its hand-worked figures."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from collector.cli.main import constat
from collector.evidence.folder import write_measurements_file
from collector.judge.document import read_yaml
from probes.model.instant import parse_duration, parse_instant
from tests.scenarios.axis import read_axis

HERE = Path(__file__).parent
SCENARIOS = sorted(path.parent for path in HERE.glob("*/axis.txt"))


def assess(scenario: Path, folder: Path) -> Result:
    shutil.copy(scenario / "window.yaml", folder)
    write_measurements_file(folder, read_axis(scenario / "axis.txt"))
    return CliRunner().invoke(constat, ["assess", str(folder), "-o", "json"], standalone_mode=False)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_the_figures_are_those_worked_by_hand(scenario: Path, tmp_path: Path) -> None:
    expected = read_yaml((scenario / "expected.yaml").read_text("utf-8"))
    assert isinstance(expected, dict)
    result = assess(scenario, tmp_path)
    answer = json.loads(result.stdout)
    assert result.return_value == expected.pop("exit")
    found = {key: _found(answer, key) for key in expected}
    assert {key: _narrowed(found[key], expected[key]) for key in expected} == {
        key: _in_microseconds(value) for key, value in expected.items()
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_the_whole_answer_is_the_one_that_was_kept(
    scenario: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    answer = json.loads(assess(scenario, tmp_path).stdout)
    kept = scenario / "assessment.json"
    if request.config.getoption("--keep-answers"):
        kept.write_text(json.dumps(answer, indent=1) + "\n", "utf-8")
    assert answer == json.loads(kept.read_text("utf-8"))


def test_there_are_at_least_twenty_five_scenarios() -> None:
    assert len(SCENARIOS) >= 25


def _found(answer: dict[str, object], key: str) -> object:
    """Return what the answer says under a key of `expected.yaml`."""
    notice, outages = answer["notice"], answer["outages"]
    assert isinstance(notice, dict)
    assert isinstance(outages, list)
    match key:
        case "outages":
            return len(outages)
        case "truncated":
            return [outage["truncated"] for outage in outages]
        case "unobserved_inside":
            unobserved = answer["unobserved"]
            assert isinstance(unobserved, list)
            # The first and the last lie between the data and the two ends of the horizon.
            return len(unobserved) - 2
        case "notice":
            return notice["verdict"]
        case "notified_at" | "judged_start" | "latest_allowed":
            return notice[f"{key}_us"]
        case _:
            return answer[key]


def _narrowed(found: object, expected: object) -> object:
    """Keep only the members that `expected.yaml` speaks of, under its shorter names."""
    if isinstance(found, dict) and isinstance(expected, dict):
        short = {key.removesuffix("_us"): value for key, value in found.items()}
        return {key: _narrowed(short[key], value) for key, value in expected.items()}
    return found


def _in_microseconds(value: object) -> object:
    if isinstance(value, dict):
        return {key: _in_microseconds(member) for key, member in value.items()}
    if isinstance(value, str) and value.startswith("PT"):
        return parse_duration(value)
    if isinstance(value, str) and value[:2] == "20":
        return parse_instant(value)
    return value
