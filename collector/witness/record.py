"""What a witness said last, kept beside its database so that neither can go back alone.

The record says when it was written, and the disk says when its file last changed. No program can
set that second time, so a folder that was restored from a backup or copied is seen by it. A disk
that was put back whole, under the file system, is not.
"""

import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn

from collector.errors import ConfigurationError
from collector.witness.errors import ForgetfulError, ForkedError
from collector.witness.folder import write_whole
from probes.model.canonical import decode_object, encode, integer, text
from probes.model.checkpoint import Note, read_checkpoint

RECORD_FILE: Final = "latest.json"
HALT_FILE: Final = "halted.json"
_TOLERANCE_S: Final = 60  # between the time a record states and its place on a stalling disk
_ATTEMPTS: Final = 3  # the clock may be set meanwhile


class HaltReason(StrEnum):
    """Why a witness signs nothing any more."""

    ROLLBACK = "rollback"
    FORK = "fork"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class Halt:
    """The end of a witness: what the log showed against what was known of it."""

    reason: HaltReason
    line: str
    known: str
    shown: str
    consistency: Sequence[bytes] = ()


def write_record(folder: Path, note: str, now_s: Callable[[], float]) -> None:
    """Keep the checkpoint that is about to be cosigned; empty before the first one."""
    path = folder / RECORD_FILE
    for _ in range(_ATTEMPTS):
        at_s = int(now_s())
        write_whole(path, encode({"at_s": at_s, "note": note}))
        if abs(path.stat().st_ctime - at_s) <= _TOLERANCE_S:
            return
    raise ConfigurationError(
        f"cannot use {folder}: its disk keeps another time than this machine; choose a local disk"
    )


def read_record(folder: Path) -> Note | None:
    """Return the checkpoint that was cosigned last, None before the first.

    Raises `ForgetfulError` when the folder may be older than what its witness said.
    """
    path = folder / RECORD_FILE
    try:
        with path.open("rb") as file:
            fields = decode_object(file.read())
            changed_s = os.fstat(file.fileno()).st_ctime
        at_s, note = integer(fields, "at_s"), text(fields, "note")
        known = read_checkpoint(note.encode()) if note else None
    except FileNotFoundError:
        raise ForgetfulError(f"{path} is gone: {make_another(folder)}") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"cannot read {path}: {error}") from None
    if abs(changed_s - at_s) > _TOLERANCE_S:
        raise ForgetfulError(
            f"{folder} was restored, copied or changed since its witness wrote in it:"
            f" {make_another(folder)}"
        )
    return known


def halt(folder: Path, end: Halt, now_s: Callable[[], float]) -> NoReturn:
    """Keep what ends the work of a witness, and raise the error that says so."""
    fields: dict[str, object] = {
        "at_s": int(now_s()),
        "reason": end.reason.value,
        "line": end.line,
        "known": end.known,
        "shown": end.shown,
        "consistency": [b64encode(value).decode() for value in end.consistency],
    }
    write_whole(folder / HALT_FILE, encode(fields))
    raise _error(folder, fields)


def check_not_halted(folder: Path) -> None:
    """Raise the error that ended the work of a witness, if one did."""
    path = folder / HALT_FILE
    try:
        raise _error(folder, decode_object(path.read_bytes()))
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise ConfigurationError(f"cannot read {path}: {error}") from None


def make_another(folder: Path) -> str:
    """Return why a witness signs nothing any more, and what to do."""
    return (
        f"what the witness in {folder} cosigned cannot be known; make another one, in another"
        " folder, with constat witness init"
    )


def _error(folder: Path, fields: dict[str, object]) -> ForkedError | ForgetfulError:
    reason = HaltReason(text(fields, "reason"))
    when = datetime.fromtimestamp(integer(fields, "at_s"), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = f"{text(fields, 'line')} (since {when}; see {folder / HALT_FILE})"
    if reason is HaltReason.FORGOTTEN:
        return ForgetfulError(f"{said}: {make_another(folder)}")
    return ForkedError(f"{said}: this witness cosigns nothing any more")
