"""Makes the cluster of an embedded PostgreSQL, and opens it for a server to inherit."""

import asyncio
import os
import shutil
import time
from pathlib import Path
from typing import Final

from collector.embedded.account import Account
from collector.embedded.binaries import Binaries
from collector.embedded.errors import EmbeddedError
from collector.embedded.folder import (
    DATABASE,
    ROLE,
    DataFolder,
    lock_cluster,
    make_private,
    remove_stale_pid,
    server_status,
    write_password,
)
from collector.embedded.options import initdb_arguments, last_complaint
from collector.embedded.process import POLL_S, as_seen_by, run

# For a server whose launcher was killed to finish its fast shutdown.
PREDECESSOR_S: Final = 60.0
CREATE_DATABASE: Final = f"CREATE DATABASE {DATABASE}\n".encode()


async def make_cluster(folder: DataFolder, account: Account, binaries: Binaries) -> None:
    """Make the cluster aside and move it into place whole, so that a crash leaves none or all."""
    made = folder.root / "cluster.new"
    if made.exists():
        shutil.rmtree(made)
    make_private(made, account)
    password = os.memfd_create("password")  # never on a disk where the account could find it
    cluster = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
    files = (cluster, password)
    try:
        os.fchown(password, account.uid, account.gid)
        os.write(password, write_password(folder).encode())
        place = as_seen_by(account, made, cluster)
        initdb = [str(binaries.initdb), *initdb_arguments(place, ROLE, f"/proc/self/fd/{password}")]
        single = [str(binaries.postgres), "--single", "-D", place, "-c", "exit_on_error=on"]
        for command, statements in ((initdb, b""), ([*single, "postgres"], CREATE_DATABASE)):
            if await run(account, command, files, folder.start_log, statements):
                reason = last_complaint(folder.start_log, made)
                raise EmbeddedError(f"cannot make a database in {folder.root}: {reason}")
    finally:
        os.close(cluster)
        os.close(password)
    made.rename(folder.cluster)


def refuse_unusable(folder: DataFolder, binaries: Binaries) -> None:
    """Raise when the cluster is another PostgreSQL's, or its password is lost."""
    written_by = Path(folder.cluster, "PG_VERSION").read_text().strip()
    if written_by != binaries.major:
        raise EmbeddedError(
            f"cannot open {folder.root}: PostgreSQL {written_by} wrote it, and this Constat brings"
            f" {binaries.major}; dump it with the Constat that wrote it, and restore the dump here"
        )
    if not folder.password_file.exists():
        raise EmbeddedError(
            f"cannot open {folder.root}: the file {folder.password_file} is gone; restore it"
        )


async def claim(folder: DataFolder) -> int:
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
