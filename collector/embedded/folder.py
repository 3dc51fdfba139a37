"""The data folder of an embedded PostgreSQL: what is where in it, and who holds it.

    cluster/        PostgreSQL's own folder, 0700, owned by the account it runs as
    run             its Unix socket: a folder like that, or a link to one with a shorter path
    password        a PostgreSQL password file (pgpass), 0600
    launcher.lock   held, and its process named, by the launcher that uses the folder
    start.log       what PostgreSQL said before it opened its own log, cluster/log

The server keeps a lock on `cluster` for as long as any process of it lives, because they inherit
it: so a free lock proves that a postmaster.pid is only what a crash left behind.
"""

import fcntl
import os
import secrets
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from collector.embedded.account import Account
from collector.embedded.errors import EmbeddedError, NotRunningError

ROLE: Final = "constat"
DATABASE: Final = "constat"
# postmaster.pid, in lines (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*).
PID_LINE, STATUS_LINE = 0, 7


class DataFolder(NamedTuple):
    """Where everything is."""

    root: Path

    @property
    def cluster(self) -> Path:
        """What PostgreSQL calls its data directory."""
        return self.root / "cluster"

    @property
    def sockets(self) -> Path:
        """The folder of the socket, or a link to it."""
        return self.root / "run"

    @property
    def password_file(self) -> Path:
        """What a DSN names as its passfile."""
        return self.root / "password"

    @property
    def launcher_lock(self) -> Path:
        """What one launcher at a time holds."""
        return self.root / "launcher.lock"

    @property
    def start_log(self) -> Path:
        """The output of the latest start."""
        return self.root / "start.log"

    @property
    def dsn(self) -> str:
        """The DSN, for asyncpg and libpq alike; the password is not in it, its file is named."""
        place = {
            "host": str(self.sockets.resolve()),
            "passfile": str(self.password_file),
        }
        return f"postgresql://{ROLE}@/{DATABASE}?{urlencode(place, quote_via=quote, safe='/')}"


def dsn_of(data_dir: Path) -> str:
    """Return the DSN of the server that another process started on `data_dir`.

    Raises NotRunningError when none runs there, EmbeddedError when we may not know.
    """
    folder = DataFolder(data_dir.resolve())
    try:
        held = folder.cluster.exists() and is_held(folder.cluster)
        status = server_status(folder.cluster) if held else None
    except PermissionError as error:
        raise EmbeddedError(
            f"cannot reach the embedded PostgreSQL in {data_dir}: {error.filename} is closed to"
            " you; run as the user who started it"
        ) from error
    if status is None or status[1] != "ready":
        state = "is not running" if status is None else f"is {status[1]}"
        raise NotRunningError(
            f"cannot reach the embedded PostgreSQL in {data_dir}: it {state}; start it with"
            " constat up"
        )
    return folder.dsn


def lock_launcher(folder: DataFolder) -> int:
    """Take the folder for this process; close the file returned to let it go."""
    file = os.open(folder.launcher_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(file, 20).decode() or "unknown"
        os.close(file)
        raise EmbeddedError(
            f"cannot start PostgreSQL in {folder.root}: process {holder} already uses it; stop"
            " that one, or choose another data folder"
        ) from None
    os.ftruncate(file, 0)
    os.pwrite(file, str(os.getpid()).encode(), 0)
    return file


def lock_cluster(cluster: Path) -> int | None:
    """Open the cluster and lock it for the server that will inherit it; None while one lives."""
    file = os.open(cluster, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def is_held(cluster: Path) -> bool:
    """Whether a server lives there. Asking shuts out a start for an instant; that one retries."""
    file = os.open(cluster, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def server_status(cluster: Path) -> tuple[int, str] | None:
    """Read the process id of the server and what it says of itself: "starting", "ready"…."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return int(lines[PID_LINE]), lines[STATUS_LINE].strip()
    except FileNotFoundError:
        return None
    except (IndexError, ValueError):  # PostgreSQL is still writing it
        return 0, "starting"


def remove_stale_pid(cluster: Path) -> None:
    """Remove a postmaster.pid whose process is not a server on this cluster.

    PostgreSQL does so itself, unless the process id now belongs to another program of its account.
    """
    status = server_status(cluster)
    if status is None:
        return
    process = Path("/proc", str(status[0]))
    try:
        stale = not process.joinpath("cwd").samefile(cluster)
    except FileNotFoundError:
        stale = True
    except PermissionError:  # root in a container may not look; a name will do
        stale = process.joinpath("comm").read_text().strip() != "postgres"
    if stale:
        (cluster / "postmaster.pid").unlink()


def write_password(folder: DataFolder) -> str:
    """Draw the password of the superuser and keep it, for us alone."""
    password = secrets.token_hex(32)
    folder.password_file.unlink(missing_ok=True)
    file = os.open(folder.password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as lines:
        lines.write(f"*:*:*:{ROLE}:{password}\n")
        lines.flush()
        os.fsync(file)
    return password


def make_private(path: Path, account: Account) -> None:
    """Make a folder that only `account` enters."""
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    os.chown(path, account.uid, account.gid)
