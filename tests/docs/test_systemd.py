"""The unit of the agent is one that systemd takes, and shuts the agent in."""

import os
import subprocess
from pathlib import Path

import pytest

from agent.config import read_config
from tests.servers.real import real

UNIT = Path("docs/examples/systemd/constat-agent.service")

pytestmark = pytest.mark.servers


def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "constat-agent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / UNIT.name
    text = UNIT.read_text("utf-8").replace("/usr/local/bin/constat-agent", str(program))
    unit.write_text(text, "utf-8")

    done = subprocess.run(
        [real("systemd-analyze"), "verify", "--man=no", unit],
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
        capture_output=True,
        text=True,
        check=False,
    )

    about_it = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, about_it) == (0, [])


def test_systemd_finds_the_agent_shut_in() -> None:
    done = subprocess.run(
        [real("systemd-analyze"), "security", "--offline=yes", "--threshold=25", UNIT],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-2_000:]


def test_the_state_is_where_the_example_keeps_it() -> None:
    folder = read_config(Path("docs/examples/agent.yaml")).state_dir

    assert f"StateDirectory={folder.name}\n" in UNIT.read_text("utf-8")
