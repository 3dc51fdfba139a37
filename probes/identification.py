"""The identification of an SSH server (RFC 4253, section 4.2): bytes in, no socket.

A server may say other lines before it; how many and how long is bounded, as in OpenSSH.
"""

import re
from typing import Final, NamedTuple

from probes.attempt import ProbeError
from probes.model.failure import Failure


class Identification(NamedTuple):
    """Who a server says it is: the line as it stands, and the two versions in it."""

    line: str
    protocol: str
    software: str


class Greeting:
    """What a server says first, until it has identified itself."""

    def __init__(self) -> None:
        self._rest = b""
        self._size = 0
        self._first = b""
        self.lines = 0

    def feed(self, data: bytes) -> Identification | None:
        """Take what came; return the identification once it is whole."""
        self._size += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(_START):
                return _identification(line.removesuffix(b"\r"))
            self._first = self._first or line.removesuffix(b"\r")
            self.lines += 1
        if self._rest.startswith(_START) and len(self._rest) > _LONGEST_LINE:
            raise ProbeError(Failure.PROTOCOL_ERROR, f"longer than {_LONGEST_LINE} bytes")
        if self._size > _LONGEST_GREETING:
            raise ProbeError(
                Failure.PROTOCOL_ERROR, f"no identification in {_LONGEST_GREETING} bytes"
            )
        return None

    def ended(self) -> ProbeError:
        """Return what it means that a server closed before it had identified itself."""
        if self._first in _REFUSALS:
            # What OpenSSH says when it takes no more, or no more from here: fixed texts.
            return ProbeError(Failure.NOT_SERVING, f"closed after saying {self._first.decode()!r}")
        if self._rest.startswith(_START[: len(self._rest)]) and self._rest:
            return ProbeError(Failure.RESPONSE_TRUNCATED, "closed within its identification")
        if self._size:
            return ProbeError(Failure.PROTOCOL_ERROR, self.summary())
        return ProbeError(Failure.CONNECTION_CLOSED, "closed without an identification")

    def summary(self) -> str:
        """Return what came in place of an identification, counted and not quoted."""
        return f"{self._size} bytes came, without the identification of an SSH server"


def _identification(line: bytes) -> Identification:
    match = _FORM.fullmatch(line)
    if match is None or len(line) > _LONGEST_LINE:
        raise ProbeError(Failure.PROTOCOL_ERROR, "an identification of another form")
    return Identification(line.decode("latin-1"), match[1].decode(), match[2].decode("latin-1"))


_START: Final = b"SSH-"
_FORM: Final = re.compile(rb"SSH-(\d{1,3}\.\d{1,3})-([^ \x00-\x1f]+)( [^\x00]*)?")
_LONGEST_LINE: Final = 255
_LONGEST_GREETING: Final = 65_536
_REFUSALS: Final = frozenset({b"Exceeded MaxStartups", b"Not allowed at this time"})
