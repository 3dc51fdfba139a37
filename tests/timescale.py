"""A real TimescaleDB for the tests of the store: Debian's Apache edition, in a folder of ours.

    python -m tests.timescale bootstrap            make the folder .timescale, once
    python -m tests.timescale run COMMAND…         run a command with CONSTAT_TEST_DSN set to it

The folder is a minimal Debian that nothing is mounted into; its PostgreSQL runs there as its own
user, on a random port of the loopback, on a cluster made for this run and removed after it. All
of that wants root. Whoever is not root is told so; in CI, where nobody reads, that is a failure.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from collector.embedded.folder import server_status
from tests.debian import MissingError, install
from tests.postgres import Server, ask, in_own_loop

FOLDER: Final = Path(__file__).parents[1] / ".timescale"
SUITE: Final = "trixie"
DEBIAN: Final = FOLDER / SUITE
PACKAGES: Final = ("postgresql-17", "postgresql-17-timescaledb", "ca-certificates", "locales")
# Paths inside DEBIAN.
PROGRAMS: Final = "/usr/lib/postgresql/17/bin"
CLUSTER: Final = "/var/lib/postgresql/test"
LOG: Final = FOLDER / "server.log"
POLL_S: Final = 0.05
SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "dynamic_shared_memory_type": "mmap",  # there is no /dev/shm in there
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
}


def main(arguments: list[str]) -> int:
    """Do what the command line says, and return an exit code."""
    try:
        _bootstrap()
        return _run(arguments[1:]) if arguments[0] == "run" else 0
    except MissingError as missing:
        print(f"TimescaleDB: NOT TESTED: {missing}", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0


def _bootstrap() -> None:
    if os.geteuid() != 0:
        raise MissingError("a Debian folder is made and entered by root only: use sudo")
    if DEBIAN.exists():
        return
    install(["mmdebstrap"])
    fresh = FOLDER / f"{SUITE}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    FOLDER.mkdir(exist_ok=True)
    print(f"TimescaleDB: fetching Debian {SUITE} into {DEBIAN}, about 535 MB", flush=True)
    include = f"--include={','.join(PACKAGES)}"
    made = subprocess.run(["mmdebstrap", "--variant=minbase", include, SUITE, fresh], check=False)
    if made.returncode:
        raise MissingError("mmdebstrap failed; what it said is above")
    fresh.rename(DEBIAN)


def _run(command: list[str]) -> int:
    with _lock() as lock, _server(lock) as dsn:
        environment = os.environ | {"CONSTAT_TEST_DSN": dsn}
        return subprocess.run(command, env=environment, check=False).returncode


@contextlib.contextmanager
def _lock() -> Iterator[int]:
    """One run at a time; the server inherits the lock, so a killed run is waited for as well."""
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


@contextlib.contextmanager
def _server(lock: int) -> Iterator[str]:
    password = secrets.token_hex(16)
    _make_cluster(password)
    port = _free_port()
    settings = [f"--{name}={value}" for name, value in (SETTINGS | {"port": str(port)}).items()]
    command = _inside("postgres", "-D", CLUSTER, *settings)
    with LOG.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, pass_fds=[lock])
    try:
        _until_ready(process)
        server = Server(f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres")
        _refuse_another(server)
        yield server.dsn
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        shutil.rmtree(_outside(CLUSTER))


def _make_cluster(password: str) -> None:
    shutil.rmtree(_outside(CLUSTER), ignore_errors=True)
    secret = _outside("/tmp/password")
    secret.write_text(password)
    try:
        initdb = ["initdb", "-D", CLUSTER, "-U", "postgres", "--pwfile=/tmp/password", "-E", "UTF8"]
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        command = _inside(*initdb, *locale, "--auth=scram-sha-256", "--no-sync")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    finally:
        secret.unlink()


def _until_ready(process: subprocess.Popen[bytes]) -> None:
    while server_status(_outside(CLUSTER)) != (process.pid, "ready"):
        if process.poll() is not None:
            raise SystemExit(f"TimescaleDB does not start:\n{LOG.read_text()}")
        time.sleep(POLL_S)


def _refuse_another(server: Server) -> None:
    """Raise when the port leads to a server that is not the one we started."""
    reached = in_own_loop(ask(server.dsn, "SHOW data_directory"))
    if reached != CLUSTER:
        raise SystemExit(f"another server answers on our port: its data are in {reached}")


def _inside(program: str, *arguments: str) -> list[str]:
    """Run a program of PostgreSQL's in the folder, as its user, and not beyond our own life."""
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    command = [*as_postgres, "--pdeathsig=INT", f"{PROGRAMS}/{program}", *arguments]
    return ["chroot", str(DEBIAN), *command]


def _outside(path: str) -> Path:
    return DEBIAN / path.removeprefix("/")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
