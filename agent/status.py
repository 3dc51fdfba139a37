"""The status file: what a running agent leaves in its state folder for `constat-agent status`.

It is replaced as a whole every few seconds and once more at the end, so whoever reads it sees one
instant. It stays when the agent dies: then it is the last that is known.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from agent.snapshot import Snapshot

STATUS_FILE: Final = "status.json"
_PROC: Final = Path("/proc")


class NoStatusError(Exception):
    """There is no status to show; the message says why."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process, told from a later one that was given the same number by when it started."""

    pid: int
    boot_id: str
    started_ticks: int

    @property
    def alive(self) -> bool:
        """Whether it still runs; `boot_id` must be the one of now."""
        try:
            return _started_ticks(self.pid) == self.started_ticks
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class Status:
    """A snapshot, and the process it is of; `stopped` when that ended as it should."""

    process: Process
    stopped: bool
    snapshot: Snapshot


def this_process(boot_id: str) -> Process:
    """Return the process this is."""
    pid = os.getpid()
    try:
        return Process(pid, boot_id, _started_ticks(pid))
    except OSError:
        return Process(pid, boot_id, 0)


def write_status(folder: Path, status: Status) -> None:
    """Replace the status file. It need not survive a power cut, so it is not synced."""
    path = folder / STATUS_FILE
    draft = path.with_name(f".{STATUS_FILE}.{status.process.pid}")
    draft.write_bytes(msgspec.json.encode(status))
    draft.replace(path)


def read_status(folder: Path) -> Status:
    """Return the last status written; `NoStatusError` when there is none that can be read."""
    path = folder / STATUS_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Status)
    except FileNotFoundError:
        raise NoStatusError(f"no agent has run with {folder} yet") from None
    except OSError as error:
        raise NoStatusError(f"cannot read {path}: {error.strerror}") from None
    except msgspec.MsgspecError:
        raise NoStatusError(f"cannot read {path}: it is of another version of the agent") from None


def _started_ticks(pid: int) -> int:
    # The name of the process may hold spaces and brackets: the fields are counted after it.
    fields = (_PROC / str(pid) / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    return int(fields[_START_TIME])


_START_TIME: Final = 19  # proc(5): starttime is field 22, the state after the name is field 3
