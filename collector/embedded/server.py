"""Starts and stops an embedded PostgreSQL: `async with EmbeddedPostgres(folder) as server`.

It listens on a Unix socket only, asks for a password, never runs as root, never runs without
fsync, and stops when its launcher does, however that one ends. Nothing here is tied to an event
loop: a server started in one may be stopped in another.

As root, PostgreSQL is handed its folders as open files and names them /proc/self/fd/N: it reaches
them even below folders that are closed to its account, and none of those is opened up.
"""

import asyncio
import contextlib
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from collector.embedded import child
from collector.embedded.account import Account, account_for
from collector.embedded.binaries import Binaries, binaries_for
from collector.embedded.errors import EmbeddedError, NotRunningError
from collector.embedded.folder import (
    DATABASE,
    ROLE,
    DataFolder,
    lock_cluster,
    lock_launcher,
    make_private,
    make_sockets,
    remove_sockets,
    remove_stale_pid,
    server_status,
    write_password,
)
from collector.embedded.options import initdb_arguments, last_complaint, server_arguments

POLL_S: Final = 0.02
# Each signal is PostgreSQL's next harder way to stop; how long it gets before the next one.
STOPPING: Final = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
# For a server whose launcher was killed to finish its fast shutdown.
PREDECESSOR_S: Final = 60.0


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
        try:
            await self._start()
        except OSError as error:
            await self.stop()
            raise EmbeddedError(
                f"cannot start PostgreSQL in {self._folder.root}:"
                f" {error.filename or 'the system'}: {error.strerror}"
            ) from error
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the server, disconnecting its clients, and let the folder go; twice is harmless."""
        process = self._process
        if process is not None:
            for sent, patience_s in STOPPING:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(sent)
                if await _ended_within(process, patience_s):
                    break
            self._process = None
            remove_sockets(self._folder)
        if self._launcher_lock is not None:
            os.close(self._launcher_lock)
            self._launcher_lock = None

    async def wait(self) -> int:
        """Wait until the server has ended, and return its exit status (minus a signal's number)."""
        process = self._running()
        await _ended_within(process, math.inf)
        return process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise NotRunningError(f"the embedded PostgreSQL in {self._folder.root} is not running")
        return self._process

    async def _start(self) -> None:
        folder = self._folder
        if self._process is not None and self._process.poll() is None:
            raise EmbeddedError(f"cannot start PostgreSQL in {folder.root}: it is running already")
        folder.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._launcher_lock is None:
            self._launcher_lock = lock_launcher(folder)
        account = account_for(folder.cluster, self._user)
        binaries = await asyncio.to_thread(binaries_for, account)
        if not folder.cluster.exists():
            await asyncio.to_thread(_make_cluster, folder, account, binaries)
        _refuse_other_version(folder, binaries)
        cluster = await _claim(folder)
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


def _refuse_other_version(folder: DataFolder, binaries: Binaries) -> None:
    written_by = (folder.cluster / "PG_VERSION").read_text().strip()
    if written_by != binaries.major:
        raise EmbeddedError(
            f"cannot open {folder.root}: PostgreSQL {written_by} wrote it, and this Constat brings"
            f" {binaries.major}; dump it with the Constat that wrote it, and restore the dump here"
        )
    if not folder.password_file.exists():
        raise EmbeddedError(
            f"cannot open {folder.root}: the file {folder.password_file} is gone; restore it"
        )


async def _claim(folder: DataFolder) -> int:
    """Open the cluster with its lock, once the server of a launcher that was killed is gone."""
    deadline_s = time.monotonic() + PREDECESSOR_S
    while (cluster := lock_cluster(folder.cluster)) is None:
        if time.monotonic() > deadline_s:
            status = server_status(folder.cluster)
            raise EmbeddedError(
                f"cannot start PostgreSQL in {folder.root}: a server left behind still runs"
                f" (process {status[0] if status else 'unknown'}); stop it with kill -INT"
            )
        await asyncio.sleep(POLL_S)
    remove_stale_pid(folder.cluster)
    return cluster


def _launch(
    folder: DataFolder, account: Account, binaries: Binaries, cluster: int
) -> subprocess.Popen[bytes]:
    """Start the server, in the caller's thread: it stops when the thread that made it ends."""
    sockets = make_sockets(folder, account)
    entrance = os.open(sockets, os.O_RDONLY | os.O_DIRECTORY)
    arguments = server_arguments(
        _as_seen_by(account, folder.cluster, cluster), _as_seen_by(account, sockets, entrance)
    )
    try:
        with folder.start_log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - our own binary, no shell
                _command(account, [str(binaries.postgres), *arguments]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                cwd="/",
                pass_fds=(cluster, entrance),
                start_new_session=True,  # Ctrl-C is for us: we stop it when we have finished
            )
    finally:
        os.close(entrance)


def _make_cluster(folder: DataFolder, account: Account, binaries: Binaries) -> None:
    """Make the cluster aside and move it into place whole, so that a crash leaves none or all."""
    made = folder.root / "cluster.new"
    if made.exists():
        shutil.rmtree(made)
    make_private(made, account)
    password = os.memfd_create("password")  # never on a disk where another account could read it
    cluster = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
    place = _as_seen_by(account, made, cluster)
    try:
        os.fchown(password, account.uid, account.gid)
        os.write(password, write_password(folder).encode())
        initdb = initdb_arguments(place, ROLE, f"/proc/self/fd/{password}")
        single = ["--single", "-D", place, "-c", "exit_on_error=on", "postgres"]
        _run(folder, account, [str(binaries.initdb), *initdb], (cluster, password))
        _run(folder, account, [str(binaries.postgres), *single], (cluster,), _CREATE_DATABASE)
    finally:
        os.close(cluster)
        os.close(password)
    made.rename(folder.cluster)


_CREATE_DATABASE: Final = f"CREATE DATABASE {DATABASE}\n".encode()


def _run(
    folder: DataFolder,
    account: Account,
    command: list[str],
    files: tuple[int, ...],
    statements: bytes = b"",
) -> None:
    with folder.start_log.open("wb") as log:
        result = subprocess.run(  # noqa: S603 - our own binary, no shell
            _command(account, command),
            input=statements,
            stdout=log,
            stderr=log,
            env=_environment(),
            cwd="/",
            pass_fds=files,
            start_new_session=True,
            check=False,
        )
    if result.returncode:
        reason = last_complaint(folder.start_log, folder.cluster)
        raise EmbeddedError(f"cannot make a database in {folder.root}: {reason}")


def _command(account: Account, command: list[str]) -> list[str]:
    us = str(os.getpid())
    alone = [sys.executable, "-I", "-S", child.__file__]
    return [*alone, str(account.uid), str(account.gid), us, *command]


def _environment() -> dict[str, str]:
    """Nothing of ours, no PGDATA and no secret; only what an unusual Python needs to load."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"} | kept


def _as_seen_by(account: Account, folder: Path, file: int) -> str:
    return str(folder) if account.is_ours else f"/proc/self/fd/{file}"


async def _ended_within(process: subprocess.Popen[bytes], patience_s: float) -> bool:
    deadline_s = time.monotonic() + patience_s
    while process.poll() is None:
        if time.monotonic() > deadline_s:
            return False
        await asyncio.sleep(POLL_S)
    return True
