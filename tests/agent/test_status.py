"""The status file and the process it speaks of."""

import os
from pathlib import Path

import pytest

from agent.snapshot import Snapshot, SpoolState
from agent.status import NoStatusError, Process, Status, read_status, this_process, write_status

SNAPSHOT = Snapshot(
    vantage="accueil-03",
    tenant="CH-EXEMPLE",
    agent="a" * 32,
    agent_version="0.1.0",
    config="c" * 64,
    boot_id="boot",
    started_at_us=0,
    taken_at_us=1,
    running=0,
    spool=SpoolState(0, 0, 0, 0, scarce=False),
    collectors=(),
    checks=(),
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    status = Status(this_process("boot"), stopped=False, snapshot=SNAPSHOT)
    write_status(tmp_path, status)

    assert read_status(tmp_path) == status
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]


def test_a_process_that_runs_is_alive() -> None:
    assert this_process("boot").alive


def test_another_process_of_the_same_number_is_not_the_one() -> None:
    assert not Process(os.getpid(), "boot", this_process("boot").started_ticks - 1).alive


def test_a_process_that_ended_is_not_alive() -> None:
    assert not Process(2**22 + 1, "boot", 5).alive  # above the highest process number of Linux


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no agent has run with"),
        (b"{", "it is of another version of the agent"),
        (b'{"stopped":false}', "it is of another version of the agent"),
    ],
)
def test_what_is_no_status_is_said_to_be_none(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "status.json").write_bytes(content)

    with pytest.raises(NoStatusError, match=reason):
        read_status(tmp_path)
