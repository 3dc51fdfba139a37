"""What the tests of probes share: a clock, and the world a situation is arranged in."""

from pathlib import Path

import pytest

from tests.probes.situations import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)
