"""Reads the journal of a unit, through `journalctl`, from where it was read last."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from probes import command
from probes.attempt import Attempt, ProbeError
from probes.command import BARE, Command
from probes.model.failure import Failure, Operation


class Entry(NamedTuple):
    """A message, and the instant the journal received it."""

    message: str
    at_us: int


class Journal:
    """The journal of one unit, that is followed; at first its last entries are read."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._cursor = ""
        self.behind_bytes = 0

    async def new_entries(self, attempt: Attempt) -> list[Entry]:
        """Return the entries since the last reading, in order."""
        place = (f"--after-cursor={self._cursor}",) if self._cursor else _THE_LAST
        words = ("journalctl", *_AS_JSON, *place, f"--unit={self._unit}")
        try:
            ended = await command.run(Command(words, _ENVIRONMENT), attempt, _MOST_BYTES)
        except ProbeError:
            self._cursor = ""  # there may be more than can be read: begin anew at the end
            raise
        if ended.code != 0:
            raise ProbeError(Failure.SCRIPT_UNKNOWN, f"journalctl failed: {ended.how}")
        read = list(_entries(ended.output))
        if not read and not self._cursor:
            _require_readable()
        self.behind_bytes = _MOST_BYTES if len(ended.output) == _MOST_BYTES else 0
        if not self._cursor:
            read.reverse()
            self.behind_bytes = 0
        if read:
            self._cursor = read[-1][0]
        return [entry for _, entry in read]


def _entries(output: bytes) -> Iterator[tuple[str, Entry]]:
    """Yield the cursor and the entry of each whole line."""
    for line in output.split(b"\n"):
        try:
            fields = json.loads(line)
            at_us = int(fields["__REALTIME_TIMESTAMP"])
            yield str(fields["__CURSOR"]), Entry(_message(fields.get("MESSAGE")), at_us)
        except (ValueError, TypeError, KeyError, RecursionError):
            continue


def _message(value: object) -> str:
    """Return a message; one that is not UTF-8 comes as a list of bytes, a huge one as null."""
    if isinstance(value, list):
        try:
            value = bytes(value).decode("latin-1")
        except (ValueError, TypeError):
            return ""
    return value[:_LONGEST_MESSAGE] if isinstance(value, str) else ""


def _require_readable() -> None:
    """Raise when nothing was found because nothing may be read: journalctl only hints at it."""
    files = [path for folder in _FOLDERS for path in folder.glob("*/system*.journal")]
    if files and not any(os.access(path, os.R_OK) for path in files):
        detail = "only root and the group systemd-journal may read the journal"
        raise ProbeError(Failure.PERMISSION_DENIED, detail, Operation.RUN)


_AS_JSON: Final = ("--output=json", "--no-pager", "--quiet", "--output-fields=MESSAGE")
# The newest first, so that what is cut off is old.
_THE_LAST: Final = ("--lines=10000", "--reverse")
_ENVIRONMENT: Final = {**BARE, "TZ": "UTC"}
_MOST_BYTES: Final = 8 * 1_048_576
_LONGEST_MESSAGE: Final = 8_192
_FOLDERS: Final = (Path("/var/log/journal"), Path("/run/log/journal"))
