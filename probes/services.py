"""The services of this host, as the system that keeps them says: systemd, or Windows.

systemd is asked by `systemctl show`, whose properties are made for programs. What it calls active
is not always running: a daemon that was started by a script of init and died stays "active
(exited)", one that fails again and again is "activating (auto-restart)". Both are down.

Windows is asked through psutil. That part was written from its documentation, and never run.
"""

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from probes import command
from probes.attempt import Attempt, ProbeError
from probes.command import BARE, Command
from probes.model.failure import Failure, Operation
from probes.model.instant import from_datetime


class State(StrEnum):
    """Whether a service does what it is for."""

    RUNNING = "running"
    CHANGING = "changing"
    STOPPED = "stopped"


class Service(NamedTuple):
    """A service: its state, in the words of the system too; its process, and when that began.

    `identity` is another after each start.
    """

    state: State
    words: str
    pid: int = 0
    identity: str = ""
    started_us: int | None = None


async def service_named(name: str, attempt: Attempt) -> Service:
    """Ask for a service; `ProbeError` when this host cannot say."""
    if sys.platform == "win32":
        return _windows_service(name)
    if not _BOOTED.is_dir():  # sd_booted(3)
        raise ProbeError(Failure.BAD_CONFIGURATION, "this host was not started by systemd")
    return await asked(name, attempt, ("systemctl",))


async def asked(name: str, attempt: Attempt, systemctl: tuple[str, ...]) -> Service:
    """Ask systemd for a unit."""
    question = (*systemctl, "show", "--no-pager", f"--property={','.join(_PROPERTIES)}")
    asking = Command((*question, "--", name), _ENVIRONMENT)
    ended = await command.run(asking, attempt, _MOST_BYTES)
    if ended.code != 0:
        raise ProbeError(Failure.SCRIPT_UNKNOWN, f"systemctl failed: {ended.how}", Operation.RUN)
    return of_systemd(ended.output)


def of_systemd(output: bytes) -> Service:
    """Return a service as `systemctl show` prints its properties."""
    lines = output.decode("utf-8", "replace").splitlines()
    shown = dict(line.split("=", 1) for line in lines if "=" in line)
    missing = [name for name in _NEEDED if name not in shown]
    if missing:
        raise ProbeError(Failure.SCRIPT_UNKNOWN, f"systemctl does not show {missing[0]}")
    if shown["LoadState"] == "not-found":
        return Service(State.STOPPED, "there is no such unit")
    active, sub, pid = shown["ActiveState"], shown["SubState"], _number(shown["MainPID"])
    words = f"{active} ({sub})"
    state = _STATES.get(active, State.STOPPED)
    if sub in _WITHOUT_PROCESS or (state is State.CHANGING and not pid):
        state = State.STOPPED
    began = shown.get("ExecMainStartTimestamp") or shown.get("ActiveEnterTimestamp", "")
    identity = shown.get("InvocationID") or f"{pid} {began}"
    # A process may be replaced inside one invocation: `systemctl reload` of some services does.
    return Service(state, words, pid, f"{identity} {pid} {began}", _instant(began))


def of_windows(status: str, pid: int | None) -> Service:
    """Return a service as psutil tells its status on Windows."""
    states = {
        "running": State.RUNNING,
        "paused": State.CHANGING,
        "continue_pending": State.CHANGING,
    }
    return Service(states.get(status, State.STOPPED), status, pid or 0, str(pid))


if sys.platform == "win32":

    def _windows_service(name: str) -> Service:
        import psutil  # noqa: PLC0415

        try:
            found = psutil.win_service_get(name)
            return of_windows(found.status(), found.pid())
        except psutil.NoSuchProcess:
            return Service(State.STOPPED, "there is no such service")
        except psutil.AccessDenied:
            detail = f"the service {name} is not ours to ask for"
            raise ProbeError(Failure.PERMISSION_DENIED, detail) from None


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _instant(text: str) -> int | None:
    """Return the instant of a time stamp as systemd prints it under TZ=UTC; None for "n/a"."""
    try:
        moment = datetime.strptime(f"{text[4:]}+0000", "%Y-%m-%d %H:%M:%S UTC%z")
    except ValueError:
        return None
    return from_datetime(moment)


_BOOTED: Final = Path("/run/systemd/system")
_ENVIRONMENT: Final = {**BARE, "TZ": "UTC"}
_MOST_BYTES: Final = 16_384
_NEEDED: Final = ("LoadState", "ActiveState", "SubState", "MainPID")
_PROPERTIES: Final = (
    *_NEEDED,
    "InvocationID",
    "ExecMainStartTimestamp",
    "ActiveEnterTimestamp",
)
_STATES: Final = {
    "active": State.RUNNING,
    "reloading": State.CHANGING,
    "refreshing": State.CHANGING,
    "activating": State.CHANGING,
    "maintenance": State.CHANGING,
}
_WITHOUT_PROCESS: Final = frozenset({"exited", "auto-restart", "auto-restart-queued", "dead"})
