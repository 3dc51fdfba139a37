"""`constat up` as an operator runs it: a process of its own, with its own database."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from collector.embedded.folder import DataFolder, server_status
from tests.promtool import find_no_fault

PATIENCE_S = 120
WAIT_S = 0.05


class Up:
    """A collector that was started in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "constat.yaml"
        self.settings.write_text("data_dir: data\nlisten: 127.0.0.1:0\n")
        self.ready = folder / "data/ready.json"
        self.log = folder / "up.log"
        self.cluster = DataFolder((folder / "data/postgresql").resolve()).cluster
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "collector", "up", "--config", str(self.settings)],
                stdout=log,
                stderr=log,
            )
        self.until(self.ready.exists)

    def until(self, holds: Callable[[], object]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline_s, self.log.read_text()
            time.sleep(WAIT_S)

    def constat(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "collector", *arguments, "--config", str(self.settings)],
            capture_output=True,
            text=True,
            check=False,
        )

    def postgres(self) -> int:
        """The process of the database, 0 while it is not ready."""
        status = server_status(self.cluster)
        return status[0] if status is not None and status[1] == "ready" else 0


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    started = Up(tmp_path)
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.wait()


def _answers(up: Up) -> bool:
    return up.constat("window", "list").returncode == 0


def test_it_serves_until_it_is_told_to_stop(up: Up) -> None:
    ready = json.loads(up.ready.read_text())
    assert ready["pid"] == up.process.pid
    assert up.log.read_text() == (
        f"constat: listening on {ready['url']} (database: embedded, plain)\n"
    )
    second = up.constat("up")
    assert second.returncode == 6
    assert second.stderr.endswith(f"(process {up.process.pid}): stop that one first\n")
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(PATIENCE_S) == 0
    assert not up.ready.exists()
    assert up.log.read_text().count("\n") == 1


def test_a_database_that_dies_is_started_again_even_if_that_fails_at_first(up: Up) -> None:
    settings = up.cluster / "postgresql.conf"
    sound = settings.read_text()
    settings.write_text("nonsense = 1\n")
    before = up.postgres()
    os.kill(before, signal.SIGKILL)
    up.until(lambda: "cannot start PostgreSQL" in up.log.read_text())
    settings.write_text(sound)
    up.until(lambda: up.postgres() not in (0, before))
    up.until(lambda: _answers(up))
    assert "Traceback" not in up.log.read_text()
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(PATIENCE_S) == 0


@pytest.mark.metrics
async def test_prometheus_finds_no_fault_in_its_metrics(up: Up) -> None:
    url = json.loads(up.ready.read_text())["url"]
    async with ClientSession() as session, session.get(f"{url}/metrics") as answer:
        metrics = await answer.text()
    assert "constat_projection_lag_entries 0.0" in metrics
    await find_no_fault(metrics)
