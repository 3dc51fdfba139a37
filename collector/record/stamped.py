"""Time stamps as the log has them: which entries want one, and which one they got.

A checkpoint covers every entry below its size, so one stamp serves all that waited for it. A stamp
shows that an entry is no younger than it says; one that came late shows less, and is told as late.
"""

import base64
import binascii
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final, NamedTuple

from collector.record.steps import StepKind
from probes.model.canonical import MalformedError, integer, text
from probes.model.instant import DAY, HOUR

CHECKPOINT_STAMPED: Final = "checkpoint.stamped"

# The notice, and between which instants the measurements were made.
WANTED: Final = (
    StepKind.ANNOUNCED,
    StepKind.RESCHEDULED,
    StepKind.EXTENDED,
    StepKind.STARTED,
    StepKind.CLOSED,
)
LATE_AFTER_US: Final = HOUR
EVERY_US: Final = DAY


class Stamped(NamedTuple):
    """A time stamp on the checkpoint of a size, as the log has it; not verified.

    `at_us` and `accuracy_us` are what the authority states, in microseconds; None when it does not
    say how exact it is.
    """

    size: int
    at_us: int
    accuracy_us: int | None
    authority: str
    token: bytes

    @property
    def digest(self) -> str:
        """The SHA-256 of the token, in hexadecimal."""
        return sha256(self.token).hexdigest()

    def body(self) -> dict[str, Any]:
        """Return the body of its entry."""
        body: dict[str, Any] = {
            "size": self.size,
            "at_us": self.at_us,
            "authority": self.authority,
            "sha256": self.digest,
            "token": base64.b64encode(self.token).decode(),
        }
        if self.accuracy_us is not None:
            body["accuracy_us"] = self.accuracy_us
        return body


def stamped_of(body: dict[str, Any]) -> Stamped:
    """Return the stamp of an entry; `MalformedError` when its token is not the one it names."""
    try:
        token = base64.b64decode(text(body, "token"), validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError("token: is not base64") from None
    stamped = Stamped(
        size=integer(body, "size"),
        at_us=integer(body, "at_us"),
        accuracy_us=integer(body, "accuracy_us") if "accuracy_us" in body else None,
        authority=text(body, "authority"),
        token=token,
    )
    if stamped.digest != text(body, "sha256"):
        raise MalformedError("sha256: is not that of the token")
    return stamped


def first_over(entries: Iterable[int], stamps: Iterable[Stamped]) -> dict[int, Stamped]:
    """Return the earliest stamp that covers each of some entries; nothing for those without one."""
    left = sorted(stamps, key=lambda stamp: stamp.size)
    first: Stamped | None = None
    found: dict[int, Stamped] = {}
    for entry in sorted(entries, reverse=True):
        while left and left[-1].size > entry:
            stamp = left.pop()
            first = stamp if first is None else min(first, stamp, key=_by_time)
        if first is not None:
            found[entry] = first
    return found


def is_late(sealed_at_us: int, stamp: Stamped) -> bool:
    """Return whether a stamp came more than an hour after the entry it covers was sealed."""
    return stamp.at_us - sealed_at_us > LATE_AFTER_US


def _by_time(stamp: Stamped) -> tuple[int, int]:
    return stamp.at_us, stamp.size
