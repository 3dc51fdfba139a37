"""A window written as a file is read back as the same window."""

import json
from pathlib import Path

import pytest

from collector.evidence.folder import read_window_file
from collector.evidence.window_file import window_document, write_window_file
from collector.judge.windowfile import read_window
from tests.oracle.worlds import random_world

SCENARIOS = Path(__file__).parents[2] / "scenarios"
EVERY = sorted(path.parent for path in SCENARIOS.glob("*/axis.txt"))


@pytest.mark.parametrize("scenario", EVERY, ids=lambda path: path.name)
def test_every_scenario_survives_being_written(scenario: Path, tmp_path: Path) -> None:
    window, _ = read_window_file(scenario)
    write_window_file(tmp_path, window_document(window, dict(window.max_gaps_us)))
    again, strangers = read_window_file(tmp_path)
    assert again == window
    assert strangers == []


@pytest.mark.parametrize("seed", range(200))
def test_every_random_window_survives_being_written(seed: int) -> None:
    window = read_window(random_world(seed).window)
    document = window_document(window, dict(window.max_gaps_us))
    assert read_window(json.loads(json.dumps(document))) == window
