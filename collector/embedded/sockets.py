"""The folder of PostgreSQL's Unix socket: in the data folder, or where its path is short enough.

A server that is started again keeps its folder, so that a DSN stays good. The short one lies where
others may write, so a link to it is followed only to a folder that is the account's alone: anything
else was put there by someone else.
"""

import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Final

from collector.embedded.account import Account
from collector.embedded.errors import EmbeddedError
from collector.embedded.folder import DataFolder, make_private

SOCKET: Final = ".s.PGSQL.5432"
# sizeof(sun_path) is 108 in <linux/un.h>, with the final zero.
LONGEST_PATH: Final = 107


def make_sockets(folder: DataFolder, account: Account) -> Path:
    """Make the folder of the socket, with nothing in it, and return where it is."""
    place = _short_one(folder, account.uid)
    if place is None:
        remove_sockets(folder, account)
        place = folder.sockets if _fits(folder.sockets) else _make_short_one()
        make_private(place, account)
    if place != folder.sockets and not folder.sockets.is_symlink():
        folder.sockets.symlink_to(place)
    for left_by_a_crash in place.iterdir():
        left_by_a_crash.unlink()
    return place


def remove_sockets(folder: DataFolder, account: Account) -> None:
    """Remove the folder of the socket, which no server uses any more."""
    if (short := _short_one(folder, account.uid)) is not None:
        shutil.rmtree(short)
    if folder.sockets.is_symlink():
        folder.sockets.unlink()
    elif folder.sockets.exists():
        shutil.rmtree(folder.sockets)


def _short_one(folder: DataFolder, uid: int) -> Path | None:
    """Return the folder that the link leads to, if it is still ours."""
    try:
        place = folder.sockets.readlink()
        status = place.lstat()
    except OSError:
        return None
    ours = stat.S_ISDIR(status.st_mode) and status.st_uid == uid
    return place if ours and stat.S_IMODE(status.st_mode) == stat.S_IRWXU else None


def _make_short_one() -> Path:
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108 - the folder made in it is private
        if parent and _fits(Path(parent, "constat-12345678")) and os.access(parent, os.W_OK):
            return Path(tempfile.mkdtemp(prefix="constat-", dir=parent))
    raise EmbeddedError(
        "cannot make a folder for PostgreSQL's socket: neither XDG_RUNTIME_DIR nor TMPDIR nor /tmp"
        " is writable; choose a data folder with a shorter path"
    )


def _fits(sockets: Path) -> bool:
    """Whether a socket can be made there, and named in a DSN, where a comma separates hosts."""
    path = os.fsencode(sockets / SOCKET)
    return len(path) <= LONGEST_PATH and b"," not in path
