"""The agent's private key: made on this machine, kept in one file, never sent and never logged.

The file holds the 32-byte seed in hexadecimal. It appears under its name only when it is complete
and on the disk, and an existing one is never overwritten: a key that was lost or replaced would
leave sealed batches that nobody can tell from forgeries. A key or a state folder that others can
read is refused, because whoever read it can sign for this vantage point.
"""

import os
import stat
from pathlib import Path
from typing import Final

from probes.model.keys import SigningKey

KEY_FILE: Final = "agent.key"


class UnusableStateError(Exception):
    """The state folder or the key in it cannot be used; the message says what to do."""


def prepare_state_folder(folder: Path) -> None:
    """Make the state folder, mode 0700; refuse one that others can enter."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_private(folder, wanted=0o700)
    except OSError as error:
        raise UnusableStateError(f"cannot use {folder}: {error.strerror}") from None


def load_key(folder: Path) -> SigningKey | None:
    """Return the key kept in a state folder, None when there is none."""
    path = folder / KEY_FILE
    try:
        check_private(path, wanted=0o600)
        return SigningKey.from_seed(bytes.fromhex(path.read_text("ascii")))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableStateError(f"cannot use {path}: {error.strerror}") from None
    except ValueError:
        raise UnusableStateError(
            f"cannot use {path}: it does not hold a key; move it away and enrol again"
        ) from None


def load_or_make_key(folder: Path) -> SigningKey:
    """Return the key of a state folder, making folder and key when there are none."""
    prepare_state_folder(folder)
    key = load_key(folder)
    if key is not None:
        return key
    made = SigningKey.generate()
    try:
        _keep(folder, made)
    except OSError as error:
        raise UnusableStateError(f"cannot write {folder / KEY_FILE}: {error.strerror}") from None
    return load_key(folder) or made


def check_private(path: Path, *, wanted: int) -> None:
    """Raise `UnusableStateError` when anyone but the owner has a right on a file or folder."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        verb = "read it" if mode & 0o044 else "change it" if mode & 0o022 else "enter it"
        raise UnusableStateError(
            f"cannot use {path}: mode {mode:04o} lets others {verb}; run chmod {wanted:o} {path}"
        )


def write_whole(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a private file so that its name never stands for less than its whole content.

    Without `replace`, a file that appeared meanwhile under that name is left as it is.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if replace:
        draft.replace(path)
    else:
        _link(draft, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the names of a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep(folder: Path, key: SigningKey) -> None:
    write_whole(folder / KEY_FILE, key.seed.hex().encode() + b"\n", replace=False)


def _link(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)  # unlike a rename, this never replaces a key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
