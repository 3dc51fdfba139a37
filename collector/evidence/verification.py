"""What verifying a bundle comes to: its steps, their codes, and what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from collector.evidence.errors import VerificationError
from collector.report.value import Report


class Part(StrEnum):
    """What a step belongs to: is it authentic, is it complete, does it give this verdict."""

    INTEGRITY = "integrity"
    COMPLETENESS = "completeness"
    RECOMPUTATION = "recomputation"


class Code(StrEnum):
    """The steps, in order."""

    ARCHIVE = "archive"
    KEYS = "keys"
    SEAL = "seal"
    CHECKPOINT = "checkpoint"
    TREE = "tree"
    ENTRIES = "entries"
    REGISTER = "register"
    BATCHES = "batches"
    CONSISTENCY = "consistency"
    WITNESS = "witness"
    TIMESTAMP = "timestamp"
    NAMES = "names"
    WINDOW = "window"
    MEASUREMENTS = "measurements"
    REPORT = "report"

    @property
    def number(self) -> int:
        """The number of the step, from 1."""
        return [*Code].index(self) + 1

    @property
    def part(self) -> Part:
        """What the step belongs to."""
        if self in {Code.REGISTER, Code.BATCHES}:
            return Part.COMPLETENESS
        recomputed = {Code.WINDOW, Code.MEASUREMENTS, Code.REPORT}
        return Part.RECOMPUTATION if self in recomputed else Part.INTEGRITY


class Passed(NamedTuple):
    """A step that holds, with the figures that its sentence names."""

    code: Code
    facts: Mapping[str, int | str]


@dataclass(slots=True)
class Verification:
    """What came of verifying a bundle: the steps that hold, and the fault that ended it, if any.

    `pinned` says whether the log's key was known beforehand: without that a bundle can be sound
    and of anybody. `report` is there once all holds.
    """

    pinned: bool
    passed: list[Passed] = field(default_factory=list)
    fault: VerificationError | None = None
    report: Report | None = None

    @property
    def failed(self) -> Code | None:
        """The step that failed."""
        return None if self.fault is None else Code(self.fault.code)
