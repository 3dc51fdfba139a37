"""A witness is its folder: its key, its name, and one process at a time.

The folder must never go back in time: what the witness forgot, it could contradict. So there is no
backup of it, and it is not moved: whoever lost it makes a new witness, with a key of its own.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collector.errors import ConfigurationError, NotFoundError, RefusedError
from collector.settings import read_key
from probes.model.checkpoint import CheckpointError, read_verifier_key, verifier_key
from probes.model.keys import SigningKey

KEY_FILE: Final = "witness.key"
VERIFIER_FILE: Final = "witness.vkey"
DATABASE_FILE: Final = "witness.db"
_LOCK_FILE: Final = "witness.lock"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a witness is: the name of its key, and the key."""

    name: str
    key: SigningKey

    def verifier_key(self) -> str:
        """Return the public key, as auditors and other programs write it."""
        return verifier_key(self.name, self.key.verifying_key, witness=True)


def new_identity(name: str) -> Identity:
    """Return a witness of that name, with a key made now; `ConfigurationError` if it cannot be."""
    made = Identity(name, SigningKey.generate())
    try:
        made.verifier_key()
    except CheckpointError as error:
        raise ConfigurationError(f"--name: {error}") from None
    return made


def keep_identity(folder: Path, identity: Identity) -> None:
    """Write the public key, and the private one in a file of its own."""
    write_whole(folder / VERIFIER_FILE, f"{identity.verifier_key()}\n".encode())
    write_whole(folder / KEY_FILE, f"{identity.key.seed.hex()}\n".encode())


def read_identity(folder: Path) -> Identity:
    """Return whose folder it is; `NotFoundError` when it is no witness's."""
    if not (folder / KEY_FILE).exists():
        raise NotFoundError(f"there is no witness in {folder}: constat witness init makes one")
    key = read_key(folder / KEY_FILE)
    file = folder / VERIFIER_FILE
    try:
        name, public, witness = read_verifier_key(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"cannot read {file}: {error}") from None
    if not witness or public.raw != key.verifying_key.raw:
        raise ConfigurationError(f"cannot use {file}: it is not of the key in {KEY_FILE}")
    return Identity(name, key)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep any other witness out of the folder while the block runs."""
    lock = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(f"a witness runs on {folder} already: stop that one first") from None
        yield
    finally:
        os.close(lock)


def write_whole(path: Path, content: bytes) -> None:
    """Write a private file so that its name never stands for less than its whole content."""
    draft = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        draft.unlink()
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
