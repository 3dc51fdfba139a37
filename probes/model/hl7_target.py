"""What an hl7 check asks an interface engine, and what it must be answered.

See `probes.model.target` for what every spec promises.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from probes.model.target import (
    Family,
    Pattern,
    Target,
    Timeouts,
    Tls,
    require_pattern,
    require_threshold,
)


class Acknowledgement(StrEnum):
    """What the code of an acknowledgement can be (HL7 table 0008)."""

    AA = "AA"
    AE = "AE"
    AR = "AR"
    CA = "CA"
    CE = "CE"
    CR = "CR"


class FieldPath(NamedTuple):
    """A field of a segment, counted from 1, and perhaps a component of it: `QAK-2`, `MSH-3.1`."""

    segment: str
    field: int
    component: int | None = None

    @classmethod
    def read(cls, text: str) -> "FieldPath":
        """Return the path a text stands for; `ValueError` when it stands for none."""
        match = _PATH.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a field, as in QAK-2 or MSH-3.1")
        return cls(match[1], int(match[2]), int(match[3]) if match[3] else None)


@dataclass(frozen=True, slots=True)
class Hl7Spec:
    """Sends a message over MLLP and expects its acknowledgement: the code, and our control id.

    Without more, the message is `NMD^N02`, the time of our clock: it speaks of no patient. Another
    is made of `message_type` and `segments`, or written whole in `message_file`; in both
    `{control_id}` and `{now}` stand for a fresh id and the time. `accept` are the codes that are
    up, `degraded` those that are (an `AE` that proves the chain alive); the others are failures.
    `expect` maps fields of the answer (`QAK-2`) to what they must hold. `version` is a field of MSH
    or SFT that shows the version of the software.
    """

    host: str
    port: int
    family: Family = Family.ANY
    tls: Tls | None = None
    message_type: str = "NMD^N02"
    segments: tuple[str, ...] = ("NCK|{now}",)
    message_file: str = ""
    sending_application: str = "CONSTAT"
    sending_facility: str = ""
    receiving_application: str = ""
    receiving_facility: str = ""
    processing_id: str = "P"
    hl7_version: str = "2.5"
    accept: tuple[Acknowledgement, ...] = (Acknowledgement.AA, Acknowledgement.CA)
    degraded: tuple[Acknowledgement, ...] = ()
    expect: Mapping[str, Pattern] = field(default_factory=dict)
    version: str = ""
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse what no message can hold, and a check that accepts anything."""
        Target(self.host, self.port, self.family)
        self._check_message()
        if not self.accept:
            raise ValueError("accept: is empty; a code must be expected")
        both = sorted(set(self.accept) & set(self.degraded))
        if both:
            raise ValueError(f"degraded: {both[0]} is in accept too")
        for path, pattern in self.expect.items():
            _require_path("expect", path)
            require_pattern("expect", pattern)
        if self.version and _require_path("version", self.version).segment not in _NO_PATIENT:
            raise ValueError(f"version: {self.version} is no field of {' or '.join(_NO_PATIENT)}")
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    def __hash__(self) -> int:
        """Hash by what mostly tells specs apart: mappings have no hash of their own."""
        return hash((self.host, self.port, self.message_type, self.message_file))

    def _check_message(self) -> None:
        for name in _HEADER:
            value = getattr(self, name)
            if not value.isprintable() or any(sign in value for sign in "|~\\&"):
                raise ValueError(f"{name}: {value!r} holds a separator of HL7")
        if _TYPE.fullmatch(self.message_type) is None:
            raise ValueError(f"message_type: {self.message_type!r} is not one, as in QBP^Q22")
        for segment in self.segments:
            if _SEGMENT.fullmatch(segment) is None:
                raise ValueError(f"segments: {segment!r} is not a segment, as in QPD|Q22^Find|…")

    @property
    def target(self) -> Target:
        """The place to dial."""
        return Target(self.host, self.port, self.family)


def _require_path(name: str, text: str) -> FieldPath:
    try:
        return FieldPath.read(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


_PATH: Final = re.compile(r"([A-Z][A-Z0-9]{2})-([1-9]\d{0,2})(?:\.([1-9]\d?))?", re.ASCII)
_TYPE: Final = re.compile(r"[A-Z]{3}(\^[A-Z0-9]{3}(\^[A-Z0-9_]{3,7})?)?", re.ASCII)
_SEGMENT: Final = re.compile(r"[A-Z][A-Z0-9]{2}\|[^\r\n\x0b\x1c]*")
_NO_PATIENT: Final = ("MSH", "SFT")
_HEADER: Final = (
    "sending_application",
    "sending_facility",
    "receiving_application",
    "receiving_facility",
    "processing_id",
    "hl7_version",
)
