"""The processes of this host: which of them a check means, and who of them listens on a port.

What the system does not let us see is counted as hidden, never as absent. Everything here blocks,
for the time of reading some files of /proc for each process.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from probes.model.instant import SECOND
from probes.model.process_target import ProcessSpec
from probes.pattern import found

if TYPE_CHECKING:
    from psutil import Process


class Seen(NamedTuple):
    """A process; another with its number is told by its `identity`."""

    pid: int
    identity: int
    started_us: int


class Census(NamedTuple):
    """The processes a check means, the oldest first, and how many more there may be.

    `stopped` are held by a signal and do nothing; of `hidden` ones the system does not tell enough,
    and where `blind` it does not even tell that they are.
    """

    running: list[Seen]
    stopped: int
    hidden: int
    blind: bool


def census(spec: ProcessSpec) -> Census:
    """Look at every process there is."""
    import psutil  # noqa: PLC0415 - only agents that look at processes pay for it

    running: list[Seen] = []
    stopped = hidden = 0
    pids = psutil.pids()
    for pid in set(pids) - _ourselves():
        try:
            process = psutil.Process(pid)
            if not _fits(spec, process):
                continue
            state = process.status()
            if state == psutil.STATUS_STOPPED:
                stopped += 1
            elif state not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                running.append(_seen(process))
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            hidden += 1
    running.sort(key=lambda seen: (seen.started_us, seen.pid))
    return Census(running, stopped, hidden, blind=_FIRST_PROCESS not in pids)


def family(pid: int) -> list[int]:
    """Return a process and those that descend from it."""
    import psutil  # noqa: PLC0415

    with suppress(psutil.NoSuchProcess):
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    return []


def listens(pids: Iterable[int], port: int) -> bool | None:
    """Return whether one of some processes listens on a TCP port; None when that is hidden."""
    import psutil  # noqa: PLC0415

    hidden = False
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            try:
                sockets = psutil.Process(pid).net_connections("tcp")
            except psutil.AccessDenied:
                # Whose a socket is, is hidden; that nobody has one is not.
                hidden = hidden or port in _ports_of_namespace(pid)
            else:
                if any(each.status == "LISTEN" and each.laddr[1] == port for each in sockets):
                    return True
    return None if hidden else False


def _ourselves() -> set[int]:
    """Return the agent and what started it: a command line of theirs may hold what is sought."""
    import psutil  # noqa: PLC0415

    ourselves = {os.getpid()}
    with suppress(psutil.Error):  # what started it may have ended, or be hidden
        ourselves.update(parent.pid for parent in psutil.Process().parents())
    return ourselves - {_FIRST_PROCESS}


def _fits(spec: ProcessSpec, process: "Process") -> bool:
    if spec.name and process.name() != spec.name:
        return False
    if spec.cmdline is not None:
        words = " ".join(process.cmdline())
        if not found(spec.cmdline, words):
            return False
    return not spec.user or process.username() == spec.user


def _seen(process: "Process") -> Seen:
    # Its hash is made of its number and of its start on the clock that nobody can set.
    return Seen(process.pid, hash(process), int(process.create_time() * SECOND))


def _ports_of_namespace(pid: int) -> Iterator[int]:
    """Yield the TCP ports listened on in the network of a process (proc_pid_net(5), tcp)."""
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/net/{name}").read_text("utf-8").splitlines()[1:]:
                _, local, _, state = line.split()[:4]
                if state == _LISTENING:
                    yield int(local.rpartition(":")[2], 16)


_FIRST_PROCESS: Final = 1
_LISTENING: Final = "0A"
