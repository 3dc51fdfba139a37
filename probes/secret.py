"""A secret that a check names by its file: read anew at each probe, so that it can be changed."""

from pathlib import Path
from typing import Final

from probes.attempt import ProbeError, unreadable
from probes.model.failure import Failure, Operation


def read_secret(path: str) -> str:
    """Return the one line of text in a file; `ProbeError` when there is none."""
    try:
        with Path(path).open("rb") as file:
            secret = file.read(_LONGEST).decode().strip("\r\n")
    except OSError as error:
        raise unreadable(path, error) from None
    except UnicodeDecodeError:
        raise bad_secret(path) from None
    if not secret or not secret.isprintable():
        raise bad_secret(path)
    return secret


def bad_secret(path: str) -> ProbeError:
    """Return the error of a file that holds no secret of the kind asked for."""
    detail = f"{path} does not hold one line of text"
    return ProbeError(Failure.BAD_CONFIGURATION, detail, Operation.SCHEDULE)


_LONGEST: Final = 8_192
