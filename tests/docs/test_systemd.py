"""The units are such as systemd takes, and shut their programs in."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from agent.config import read_config
from collector.cli.main import constat
from collector.cli.witness import run as run_witness
from tests.servers.real import real

UNITS = Path("docs/examples/systemd")
UNIT = UNITS / "constat-agent.service"
WITNESS = UNITS / "constat-witness.service"

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("path", [UNIT, WITNESS], ids=lambda path: path.stem)
def test_systemd_finds_no_fault_in_a_unit(path: Path, tmp_path: Path) -> None:
    for name in ("constat", "constat-agent"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    unit = tmp_path / path.name
    text = path.read_text("utf-8").replace("/usr/local/bin", str(tmp_path))
    unit.write_text(text, "utf-8")

    done = subprocess.run(
        [real("systemd-analyze"), "verify", "--man=no", unit],
        env={**os.environ, "SYSTEMD_LOG_LEVEL": "warning"},
        capture_output=True,
        text=True,
        check=False,
    )

    about_it = [line for line in done.stderr.splitlines() if path.name in line]
    assert (done.returncode, about_it) == (0, [])


@pytest.mark.parametrize("path", [UNIT, WITNESS], ids=lambda path: path.stem)
def test_systemd_finds_the_program_shut_in(path: Path) -> None:
    done = subprocess.run(
        [real("systemd-analyze"), "security", "--offline=yes", "--threshold=25", path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-2_000:]


def test_the_state_is_where_the_example_keeps_it() -> None:
    folder = read_config(Path("docs/examples/agent.yaml")).state_dir

    assert f"StateDirectory={folder.name}\n" in UNIT.read_text("utf-8")


def test_the_command_of_the_witness_is_one_that_is_understood() -> None:
    text = WITNESS.read_text("utf-8").replace("\\\n", " ")
    (command,) = re.findall(r"^ExecStart=\S+ witness run (.*)$", text, re.MULTILINE)
    program = click.Context(constat, **constat.context_settings)
    given = run_witness.make_context("run", shlex.split(command), program).params
    assert f"StateDirectory={given['folder'].name}\n" in text
    assert given["mirror"]
