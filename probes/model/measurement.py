"""One execution of one check: when, how long, what came of it; and the file form of many of them.

The file form is NDJSON, one measurement a line, as read by `constat assess` and `constat import`
and as found inside evidence bundles. It refuses what it cannot read exactly: a line that is not an
object, a missing or ill-typed field, an unknown outcome, failure or operation, a negative duration.
Unknown fields are ignored: a later version may say more.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from probes.model.canonical import MalformedError, decode_object, integer, text
from probes.model.failure import Failure, Operation


class Outcome(StrEnum):
    """What a measurement says of its target (rules, section 2)."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


class VantageKind(StrEnum):
    """Where a vantage point stands."""

    WORKSTATION = "workstation"
    SERVER = "server"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Phases:
    """How long each step of a probe took, in microseconds; None for a step not made."""

    resolve_us: int | None = None
    connect_us: int | None = None
    tls_us: int | None = None
    first_byte_us: int | None = None
    transfer_us: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """What one execution of a probe saw; the agent adds when and from where.

    `detail` is one short line for a person (the status seen, the marker missing): never a part of
    a response body, which could hold patient data. `version` is the version the target showed.
    """

    outcome: Outcome
    failure: Failure | None = None
    operation: Operation | None = None
    detail: str = ""
    version: str | None = None
    phases: Phases = Phases()
    event: bool = False

    def __post_init__(self) -> None:
        """Refuse a failure that contradicts its outcome: an instrument's fault is never `down`."""
        if self.outcome in (Outcome.UP, Outcome.DEGRADED):
            if self.failure is not None:
                raise ValueError(f"an outcome {self.outcome} has no failure, got {self.failure}")
        elif self.failure is None or self.operation is None:
            raise ValueError(f"an outcome {self.outcome} needs a failure and an operation")
        elif self.failure.of_instrument != (self.outcome is Outcome.UNKNOWN):
            raise ValueError(f"{self.failure} cannot be the failure of an outcome {self.outcome}")

    @classmethod
    def failed(
        cls,
        failure: Failure,
        operation: Operation,
        detail: str = "",
        *,
        version: str | None = None,
        phases: Phases = Phases(),
    ) -> "Observation":
        """Return what a failure makes: `unknown` when the instrument failed, else `down`."""
        outcome = Outcome.UNKNOWN if failure.of_instrument else Outcome.DOWN
        return cls(outcome, failure, operation, detail, version, phases)


@dataclass(frozen=True, slots=True, order=True)
class Measurement:
    """One measurement on the corrected time scale.

    `start_us` is microseconds UTC, `duration_us` its length (the probe spans
    `[start_us, start_us + duration_us]`), `clock_error_us` the bound on the error of `start_us`
    (rules, section 9). Measurements order by start.
    """

    start_us: int
    duration_us: int
    outcome: Outcome
    vantage: str
    check: str
    kind: VantageKind = VantageKind.WORKSTATION
    clock_error_us: int = 0
    failure: Failure | None = None
    operation: Operation | None = None
    version: str | None = None

    @property
    def end_us(self) -> int:
        """The instant the probe ended, microseconds UTC."""
        return self.start_us + self.duration_us


_LONGEST_LINE: Final = 64 * 1024
_Member = TypeVar("_Member", bound=StrEnum)


def read_measurements(lines: Iterable[bytes]) -> Iterator[Measurement]:
    """Yield the measurement of each line, in the order of the file; blank lines are skipped.

    Raises `MalformedError` naming the line number, counted from 1.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if len(line) > _LONGEST_LINE:
            raise MalformedError(f"line {number}: longer than {_LONGEST_LINE} bytes")
        try:
            yield _measurement(line)
        except MalformedError as error:
            raise MalformedError(f"line {number}: {error}") from None


def write_measurement(measurement: Measurement) -> bytes:
    """Return the line of a measurement, newline included; fields at their default are left out."""
    fields: dict[str, str | int] = {
        "vantage": measurement.vantage,
        "kind": measurement.kind.value,
        "check": measurement.check,
        "start_us": measurement.start_us,
        "duration_us": measurement.duration_us,
        "outcome": measurement.outcome.value,
    }
    if measurement.failure is not None:
        fields["failure"] = measurement.failure.value
    if measurement.operation is not None:
        fields["operation"] = measurement.operation.value
    if measurement.version is not None:
        fields["version"] = measurement.version
    fields["clock_error_us"] = measurement.clock_error_us
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _measurement(line: bytes) -> Measurement:
    fields = decode_object(line)
    duration_us = integer(fields, "duration_us")
    clock_error_us = integer(fields, "clock_error_us", default=0)
    if duration_us < 0:
        raise MalformedError(f"duration_us: {duration_us} is negative")
    if clock_error_us < 0:
        raise MalformedError(f"clock_error_us: {clock_error_us} is negative")
    return Measurement(
        start_us=integer(fields, "start_us"),
        duration_us=duration_us,
        outcome=_member(Outcome, fields, "outcome"),
        vantage=_named(fields, "vantage"),
        check=_named(fields, "check"),
        kind=_member(VantageKind, fields, "kind") if "kind" in fields else VantageKind.WORKSTATION,
        clock_error_us=clock_error_us,
        failure=_member(Failure, fields, "failure") if "failure" in fields else None,
        operation=_member(Operation, fields, "operation") if "operation" in fields else None,
        version=text(fields, "version") if "version" in fields else None,
    )


def _named(fields: dict[str, object], key: str) -> str:
    name = text(fields, key)
    if not name:
        raise MalformedError(f"{key}: is empty")
    return name


def _member(kind: type[_Member], fields: dict[str, object], key: str) -> _Member:
    value = text(fields, key)
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(member.value for member in kind)
        raise MalformedError(f"{key}: {value!r} is not one of {known}") from None
