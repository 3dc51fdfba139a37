"""Real servers, of Debian: started on a free port of the loopback, waited for, and ended.

A test that needs one carries the marker `servers`. Where the program is missing it is skipped, and
says which package has it; in CI, where nobody reads, that is a failure.
"""

import os
import pwd
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

from tests.debian import MissingError, program


def real(name: str) -> str:
    """Return the path of a program of Debian; skip the test where it is missing, or fail in CI."""
    try:
        return program(name)
    except MissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{missing}; make test-servers installs it")


def free_port() -> int:
    """Return a port of the loopback that nothing listens on now."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


@contextmanager
def folder_of(user: str) -> Iterator[Path]:
    """Give a folder that an account owns, outside the tests' own, which only we may enter.

    Who is not root starts every server in his own name: then the folder is his.
    """
    with tempfile.TemporaryDirectory(prefix="constat-", ignore_cleanup_errors=True) as folder:
        if os.geteuid() == 0:
            account = pwd.getpwnam(user)
            os.chown(folder, account.pw_uid, account.pw_gid)
        yield Path(folder)


@contextmanager
def running(
    *command: str | Path,
    port: int,
    host: str = "127.0.0.1",
    user: str = "",
    environment: dict[str, str] | None = None,
    within_s: float = 30,
) -> Iterator[int]:
    """Run a server until it is no longer needed; give its process id once its port answers.

    As root, `user` is the account it runs as. It is ended with all the processes it started; what
    it printed is told when it never listens.
    """
    account = pwd.getpwnam(user) if user and os.geteuid() == 0 else None
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=None if environment is None else os.environ | environment,
            start_new_session=True,
            user=account and account.pw_uid,
            group=account and account.pw_gid,
            extra_groups=[] if account else None,
        )
        try:
            _wait_for(server, (host, port), time.monotonic() + within_s, said)
            yield server.pid
        finally:
            end(server)
            _wait_until_gone((host, port), time.monotonic() + 5)


def end(server: "subprocess.Popen[bytes]") -> None:
    """End a server and all it started, by force when asking does not help."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(5)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def listens(host: str, port: int) -> bool:
    """Return whether a port answers."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as dialled:
        return dialled.connect_ex((host, port)) == 0


def _wait_for(
    server: "subprocess.Popen[bytes]", place: tuple[str, int], until: float, said: IO[bytes]
) -> None:
    while server.poll() is None and time.monotonic() < until:
        if listens(*place):
            return
        time.sleep(0.02)
    said.seek(0)
    told = said.read().decode(errors="replace")
    raise RuntimeError(f"{server.args!r} does not listen on {place}; it printed:\n{told}")


def _wait_until_gone(place: tuple[str, int], until: float) -> None:
    """Wait for the orphans of a server: nobody else is told when they have ended."""
    while listens(*place) and time.monotonic() < until:
        time.sleep(0.02)
