"""The replies of a mail server (RFC 5321, section 4.2): bytes in, replies out, no socket."""

import re
from typing import Final, NamedTuple

from probes.attempt import ProbeError
from probes.model.failure import Failure


class Reply(NamedTuple):
    """One reply, of one line or several: its code, and the text of each line."""

    code: int
    lines: tuple[str, ...]


class Replies:
    """What a server has said, reply by reply."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = 0
        self._lines: list[str] = []
        self._size = 0

    @property
    def begun(self) -> bool:
        """Whether something came that is not a whole reply, or more than one."""
        return bool(self._rest or self._lines)

    def feed(self, data: bytes) -> Reply | None:
        """Take what came; return the reply once it is whole. What follows it stays `begun`."""
        self._rest += data
        self._size += len(data)
        if self._size > _LONGEST_REPLY:
            raise ProbeError(
                Failure.RESPONSE_TOO_LARGE, f"a reply of more than {_LONGEST_REPLY} bytes"
            )
        while b"\n" in self._rest:
            line, _, self._rest = self._rest.partition(b"\n")
            if self._is_last(line.removesuffix(b"\r")):
                reply = Reply(self._code, tuple(self._lines))
                self._code, self._lines, self._size = 0, [], len(self._rest)
                return reply
        self._refuse_another_protocol()
        return None

    def _is_last(self, line: bytes) -> bool:
        """Take a line; return whether it is the last of its reply."""
        match = _LINE.fullmatch(line)
        if match is None:
            raise ProbeError(Failure.PROTOCOL_ERROR, "a line that is no reply of a mail server")
        code = int(match[1])
        if self._code not in (0, code):
            detail = f"lines of one reply have the codes {self._code} and {code}"
            raise ProbeError(Failure.PROTOCOL_ERROR, detail)
        self._code = code
        self._lines.append(match[3].decode("utf-8", "replace"))
        return match[2] != b"-"

    def _refuse_another_protocol(self) -> None:
        """Refuse what can no longer become a reply, without waiting for the end of its line."""
        if self._rest and _BEGINNING.fullmatch(self._rest[:4]) is None:
            raise ProbeError(Failure.PROTOCOL_ERROR, "what answers is no mail server")


_LINE: Final = re.compile(rb"([2-5]\d\d)([- ]|$)([^\x00]*)")
_BEGINNING: Final = re.compile(rb"[2-5](\d(\d([- \r])?)?)?")
_LONGEST_REPLY: Final = 65_536
