"""Runs a PostgreSQL program as the account, and waits for it without a thread."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from collector.embedded import child
from collector.embedded.account import Account

POLL_S: Final = 0.02


def start(
    account: Account, command: list[str], files: tuple[int, ...], log: Path
) -> subprocess.Popen[bytes]:
    """Start a program with its standard input open for us, and all that it says in `log`.

    In the caller's thread, since Linux counts the thread that made a process as its parent: it gets
    SIGINT when that one ends.
    """
    alone = [sys.executable, "-I", "-S", child.__file__]
    ours = [str(account.uid), str(account.gid), str(os.getpid())]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - our own binary, no shell
            [*alone, *ours, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=_environment(),
            cwd="/",
            pass_fds=files,
            start_new_session=True,  # Ctrl-C is for us: we stop it when we have finished
        )


async def run(
    account: Account,
    command: list[str],
    files: tuple[int, ...],
    log: Path,
    statements: bytes = b"",
) -> int:
    """Run a program to its end, and not beyond ours; return its exit status."""
    process = start(account, command, files, log)
    try:
        feed(process, statements)
        return await ended(process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait()


def feed(process: subprocess.Popen[bytes], statements: bytes) -> None:
    """Write its input, which fits into the pipe, and end it."""
    assert process.stdin is not None  # noqa: S101 - `start` made it a pipe
    # A program that ended before it read has said why in its log.
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(statements)


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a process, and return its exit status."""
    while (status := process.poll()) is None:  # noqa: ASYNC110 - only the kernel knows
        await asyncio.sleep(POLL_S)
    return status


def as_seen_by(account: Account, folder: Path, file: int) -> str:
    """Name `folder`, open as `file`, so that the account reaches it below folders closed to it."""
    return str(folder) if account.is_ours else f"/proc/self/fd/{file}"


def _environment() -> dict[str, str]:
    """Nothing of ours, no PGDATA and no secret; only what an unusual Python needs to load."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"} | kept
