"""Starts and stops an embedded PostgreSQL: `async with EmbeddedPostgres(folder) as server`.

It listens on a Unix socket only, asks for a password, never runs as root, never runs without
fsync, and stops when its launcher does, however that one ends. Nothing here is tied to an event
loop: a server started in one may be stopped in another. It is tied to the thread that started it,
whose end is the launcher's.

As root, PostgreSQL is handed its folders as open files and names them /proc/self/fd/N: it reaches
them even below folders that are closed to its account, and none of those is opened up.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from collector.embedded.account import Account, account_for
from collector.embedded.binaries import Binaries, binaries_for
from collector.embedded.cluster import claim, make_cluster, refuse_unusable
from collector.embedded.errors import EmbeddedError, NotRunningError
from collector.embedded.folder import (
    DataFolder,
    lock_launcher,
    server_status,
)
from collector.embedded.options import last_complaint, server_arguments
from collector.embedded.process import POLL_S, as_seen_by, ended, feed, start
from collector.embedded.sockets import make_sockets, remove_sockets

# Each signal is PostgreSQL's next harder way to stop; how long it gets before the next one.
STOPPING: Final = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))


class EmbeddedPostgres:
    """A PostgreSQL server on a data folder of its own."""

    def __init__(self, data_dir: Path, *, user: str | None = None) -> None:
        """Serve `data_dir`, made at the first start; as `user` when we are root."""
        self._folder = DataFolder(data_dir.resolve())
        self._user = user
        self._launcher_lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        """The DSN of the database, with the superuser's password by reference to its file."""
        self._running()
        return self._folder.dsn

    @property
    def pid(self) -> int:
        """The process that starts all others of the server."""
        return self._running().pid

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the server, making its cluster if there is none; return when it answers.

        May be called again when the server has ended by itself. Recovery after a crash takes the
        time it takes: as long as PostgreSQL lives, it is waited for.
        """
        root = self._folder.root
        if self._process is not None and self._process.poll() is None:
            raise EmbeddedError(f"cannot start PostgreSQL in {root}: it is running already")
        try:
            await self._start()
        except OSError as error:
            await self.stop()
            what = error.filename or "the system"
            raise EmbeddedError(
                f"cannot start PostgreSQL in {root}: {what}: {error.strerror}"
            ) from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the server, disconnecting its clients, and let the folder go; twice is harmless."""
        if self._process is not None:
            await _stop(self._process)
            self._process = None
            remove_sockets(self._folder, account_for(self._folder.cluster, None))
        if self._launcher_lock is not None:
            os.close(self._launcher_lock)
            self._launcher_lock = None

    async def wait(self) -> int:
        """Wait until the server has ended, and return its exit status (minus a signal's number)."""
        return await ended(self._running())

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise NotRunningError(f"the embedded PostgreSQL in {self._folder.root} is not running")
        return self._process

    async def _start(self) -> None:
        folder = self._folder
        folder.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._launcher_lock is None:
            self._launcher_lock = lock_launcher(folder)
        account = account_for(folder.cluster, self._user)
        binaries = await asyncio.to_thread(binaries_for, account)
        if not folder.cluster.exists():
            await make_cluster(folder, account, binaries)
        refuse_unusable(folder, binaries)
        cluster = await claim(folder)
        try:
            self._process = _launch(folder, account, binaries, cluster)
        finally:
            os.close(cluster)  # the server has inherited it, and with it the lock
        await self._until_ready(self._process)

    async def _until_ready(self, process: subprocess.Popen[bytes]) -> None:
        while server_status(self._folder.cluster) != (process.pid, "ready"):
            if process.poll() is not None:
                reason = last_complaint(self._folder.start_log, self._folder.cluster)
                raise EmbeddedError(f"cannot start PostgreSQL in {self._folder.root}: {reason}")
            await asyncio.sleep(POLL_S)


def _launch(
    folder: DataFolder, account: Account, binaries: Binaries, cluster: int
) -> subprocess.Popen[bytes]:
    sockets = make_sockets(folder, account)
    entrance = os.open(sockets, os.O_RDONLY | os.O_DIRECTORY)
    try:
        place = as_seen_by(account, folder.cluster, cluster)
        arguments = server_arguments(place, as_seen_by(account, sockets, entrance))
        command = [str(binaries.postgres), *arguments]
        process = start(account, command, (cluster, entrance), folder.start_log)
    finally:
        os.close(entrance)
    feed(process, b"")
    return process


async def _stop(process: subprocess.Popen[bytes]) -> None:
    for sent, patience_s in STOPPING:
        process.send_signal(sent)  # does nothing to a process that has ended
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended(process), patience_s)
            return
