"""Runs a program of this host once: no shell, no terminal, a bare environment, its own session.

What the program still has running in its process group when it ends is ended with it. When its time
is over, or whoever waits for it is cancelled, the group and every other process that descends from
it is told to end (SIGTERM), and shortly after is killed.

Each program is waited for in a thread of its own, which reaps it: a program that cannot be killed
(asleep in a dead network drive) holds up nothing here, and leaves no zombie once it can be.
"""

import _thread
import asyncio
import errno
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final, NamedTuple

from probes.aside import aside
from probes.attempt import Attempt, ProbeError, reason_of
from probes.model.failure import Failure, Operation

BARE: Final = MappingProxyType(
    {"LANG": "C.UTF-8", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
)
"""The environment of a program that is given no other."""

PRODUCES: Final = frozenset(
    {
        Failure.BAD_CONFIGURATION,
        Failure.PERMISSION_DENIED,
        Failure.OUT_OF_RESOURCES,
        Failure.SCRIPT_UNKNOWN,
    }
)


class Command(NamedTuple):
    """What is run, and how; `given` is what it reads on its standard input."""

    words: Sequence[str]
    environment: Mapping[str, str] = BARE
    folder: str = "/"
    given: bytes = b""


class Ended(NamedTuple):
    """How a program ended: its exit code, or less than 0 for a signal, and what it printed."""

    code: int
    output: bytes

    @property
    def how(self) -> str:
        """How it ended, in words."""
        if self.code >= 0:
            return f"exit code {self.code}"
        with suppress(ValueError):
            return f"killed by {signal.Signals(-self.code).name}"
        return f"killed by signal {-self.code}"


async def run(command: Command, attempt: Attempt, most_bytes: int) -> Ended:
    """Run a program to its end and return what it printed, of that the first `most_bytes`.

    Raises `ProbeError` when it cannot be started or prints without end: faults of the instrument.
    """
    attempt.begin(Operation.RUN)
    child = _Child(_started(command), most_bytes)
    try:
        return await child.ended()
    finally:
        await child.end()


def outlived(error: ProbeError, program: str) -> ProbeError:
    """Return an error as it is; a timeout as the fault of a program of ours that it then is."""
    if error.failure is not Failure.TIMEOUT:
        return error
    detail = f"{program} outlived its time and was ended: {error.detail}"
    return ProbeError(Failure.SCRIPT_UNKNOWN, detail, error.operation)


def _started(command: Command) -> "subprocess.Popen[bytes]":
    try:
        with _holding(command.given) as standard_input:
            return subprocess.Popen(  # noqa: S603 - a list, and no shell reads it
                command.words,
                stdin=standard_input,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=command.environment,
                cwd=command.folder,
                start_new_session=True,
            )
    except OSError as error:
        failure = _CANNOT_START.get(error.errno or 0)
        if failure is None:
            raise
        what = error.filename if isinstance(error.filename, str) else command.words[0]
        detail = f"cannot run {what}: {reason_of(error)}"
        raise ProbeError(failure, detail, Operation.RUN) from None


def _holding(given: bytes) -> IO[bytes]:
    """Return a file, in memory, that holds what a program reads."""
    if not given:
        return Path(os.devnull).open("rb")
    file = os.fdopen(os.memfd_create("given"), "w+b")
    file.write(given)
    file.seek(0)
    return file


class _Child:
    """A program that runs: what it prints is read as it comes, and its end is awaited."""

    def __init__(self, process: "subprocess.Popen[bytes]", most_bytes: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = process
        assert process.stdout is not None  # noqa: S101 - it was started with one
        self._output = process.stdout
        self._pipe = self._output.fileno()
        self._most_bytes = most_bytes
        self._printed = bytearray()
        self._dropped = 0
        self._endless: asyncio.Future[None] = self._loop.create_future()
        # Only who holds it may signal the group: once reaped, its number may be another's.
        self._reaping = _thread.allocate_lock()
        self._over: asyncio.Future[int] | None = None
        os.set_blocking(self._pipe, False)
        self._loop.add_reader(self._pipe, self._read)

    async def ended(self) -> Ended:
        """Return how it ended and what it printed."""
        self._over = aside(self._wait, "wait for a program")
        either: list[asyncio.Future[Any]] = [self._over, self._endless]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self._over.done():
            detail = f"it printed more than {_MOST_DROPPED} bytes, and was ended"
            raise ProbeError(Failure.SCRIPT_UNKNOWN, detail)
        while self._read():
            pass
        return Ended(self._over.result(), bytes(self._printed))

    async def end(self) -> None:
        """Leave nothing of it behind."""
        self._loop.remove_reader(self._pipe)
        self._output.close()
        if self._over is None:
            self._signal(signal.SIGKILL)
            self._process.wait()
        elif not self._over.done():
            await self._end_by_force(self._over)

    async def _end_by_force(self, over: asyncio.Future[int]) -> None:
        strays = _descendants(self._process.pid)
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait([over], timeout=_GRACE_S)
        finally:
            self._signal(signal.SIGKILL)
            _kill(strays)
        await asyncio.wait([over], timeout=_GRACE_S)

    def _read(self) -> bool:
        """Take what it has printed; return whether there may be more."""
        try:
            data = os.read(self._pipe, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._pipe)
            return False
        room = self._most_bytes - len(self._printed)
        self._printed += data[:room]
        self._dropped += len(data[room:])
        if self._dropped > _MOST_DROPPED and not self._endless.done():
            self._endless.set_result(None)
        return not self._endless.done()

    def _wait(self) -> int:
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)
        self._signal(signal.SIGKILL)
        with self._reaping:
            return self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with self._reaping, suppress(ProcessLookupError, PermissionError):
            if self._process.returncode is None:
                os.killpg(self._process.pid, number)


class _Stray(NamedTuple):
    """A process, and when it was started: its number alone may come to be another's."""

    pid: int
    started: str


def _descendants(pid: int) -> list[_Stray]:
    """Return the processes that descend from one, as far as the system tells."""
    children: list[int] = []
    with suppress(OSError):  # it may end at any time
        for listed in Path(f"/proc/{pid}/task").glob("*/children"):
            children += map(int, listed.read_text("ascii").split())
    strays = [_Stray(child, _start_of(child)) for child in children]
    return strays + [stray for child in children for stray in _descendants(child)]


def _start_of(pid: int) -> str:
    """Return when a process was started, in ticks (proc_pid_stat(5)); nothing when it is gone."""
    with suppress(OSError):
        after_name = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2]
        return after_name.split()[19].decode()
    return ""


def _kill(strays: Iterable[_Stray]) -> None:
    for stray in strays:
        with suppress(ProcessLookupError, PermissionError):
            if stray.started and _start_of(stray.pid) == stray.started:
                os.kill(stray.pid, signal.SIGKILL)


_GRACE_S: Final = 0.3
_CHUNK: Final = 65_536
# A program that prints for ever would cost the agent as much time as itself.
_MOST_DROPPED: Final = 16 * 1_048_576
_CANNOT_START: Final = {
    **dict.fromkeys(
        (
            *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENOEXEC, errno.ELOOP),
            *(errno.E2BIG, errno.ENAMETOOLONG, errno.EINVAL, errno.ETXTBSY),
        ),
        Failure.BAD_CONFIGURATION,
    ),
    **dict.fromkeys((errno.EACCES, errno.EPERM), Failure.PERMISSION_DENIED),
    **dict.fromkeys(
        (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE), Failure.OUT_OF_RESOURCES
    ),
}
