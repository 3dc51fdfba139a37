"""A batch: some measurements of one agent during one boot, numbered, chained, ready to be signed.

Its measurements are held in columns, one set for each check. Times in a batch are the agent's
boot clock (monotonic, suspend included) counted in `quantum_us`; the header says how that clock
stood against the wall and against the collector when the batch was sealed, so a wall clock that is
stepped neither stretches nor shrinks anything (rules, section 9).

Decoding refuses whatever the agent could not have meant: columns of unequal length, starts that go
backwards, an unknown letter, a failure of the target under an `unknown`, more than 5 000
measurements, counts that contradict the sequence numbers. Unknown fields are ignored.
"""

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final, TypeVar

from probes.model.canonical import (
    MAX_INTEGER,
    JsonValue,
    MalformedError,
    array,
    decode_object,
    encode,
    integer,
    mapping,
    text,
)
from probes.model.columns import natural, rows, sparse
from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome

SCHEMA: Final = "constat.batch/1"
MAX_MEASUREMENTS: Final = 5_000
MAX_BYTES: Final = 1 << 20
QUANTUM_US: Final = 1_000
UNESTIMATED_ERROR_US: Final = 5_000_000
NO_PREVIOUS: Final = "0" * 64

LETTERS: Final = {
    Outcome.UP: "U",
    Outcome.DEGRADED: "G",
    Outcome.DOWN: "D",
    Outcome.UNKNOWN: "X",
}
OUTCOMES: Final = {letter: outcome for outcome, letter in LETTERS.items()}

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The agent's clocks read at one instant, and what it knows of the collector's.

    `offset_us` is the collector's clock minus the agent's wall clock, `error_us` the bound on its
    error. Without an estimate the offset is 0, the error 5 s and `estimated` false.
    """

    wall_us: int
    monotonic_us: int
    boottime_us: int
    offset_us: int
    error_us: int
    estimated: bool

    @property
    def correction_us(self) -> int:
        """What to add to a time on the boot clock to have the instant, microseconds UTC."""
        return self.wall_us + self.offset_us - self.boottime_us


@dataclass(frozen=True, slots=True)
class CheckColumns:
    """The measurements of one check, oldest first, column by column.

    `starts_us` are on the boot clock. `failures` are run-length: an entry `(i, failure, operation)`
    holds for the failing measurements from index i up to the next entry. `details` and `versions`
    hold for their own index only.
    """

    check: str
    interval_us: int
    starts_us: tuple[int, ...]
    durations_us: tuple[int, ...]
    outcomes: str
    failures: tuple[tuple[int, Failure, Operation], ...] = ()
    details: tuple[tuple[int, str], ...] = ()
    versions: tuple[tuple[int, str], ...] = ()

    def __len__(self) -> int:
        return len(self.outcomes)


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch, as sealed. `previous` is the SHA-256 of the payload of the batch before it."""

    tenant: str
    agent: str
    vantage: str
    epoch: str
    boot: str
    number: int
    previous: str
    first: int
    last: int
    clock: ClockReading
    spool_depth: int
    lost: int
    agent_version: str
    sqlite_version: str
    config: str
    checks: tuple[CheckColumns, ...]

    def encode(self) -> bytes:
        """Return the payload that is signed; every time must be a whole number of quanta."""
        return encode(
            {
                "schema": SCHEMA,
                "tenant": self.tenant,
                "agent": self.agent,
                "vantage": self.vantage,
                "epoch": self.epoch,
                "boot": self.boot,
                "batch": self.number,
                "previous": self.previous,
                "first": self.first,
                "last": self.last,
                "clock": {
                    "wall_us": self.clock.wall_us,
                    "monotonic_us": self.clock.monotonic_us,
                    "boottime_us": self.clock.boottime_us,
                    "offset_us": self.clock.offset_us,
                    "error_us": self.clock.error_us,
                    "estimated": self.clock.estimated,
                },
                "spool": {"depth": self.spool_depth, "lost": self.lost},
                "software": {"agent": self.agent_version, "sqlite": self.sqlite_version},
                "config": self.config,
                "quantum_us": QUANTUM_US,
                "checks": [_encode_columns(columns) for columns in self.checks],
            }
        )

    @classmethod
    def decode(cls, payload: bytes) -> "Batch":
        """Return the batch of a payload; `MalformedError` names the field at fault."""
        header = decode_object(payload)
        if text(header, "schema") != SCHEMA:
            raise MalformedError(f"schema: expected {SCHEMA}")
        clock, spool = mapping(header, "clock"), mapping(header, "spool")
        software = mapping(header, "software")
        quantum_us = natural(header, "quantum_us", least=1)
        batch = cls(
            tenant=_name(header, "tenant"),
            agent=_name(header, "agent"),
            vantage=_name(header, "vantage"),
            epoch=_name(header, "epoch"),
            boot=_name(header, "boot"),
            number=natural(header, "batch", least=1),
            previous=_digest(header, "previous"),
            first=natural(header, "first", least=1),
            last=natural(header, "last", least=0),
            clock=_decode_clock(clock),
            spool_depth=natural(spool, "depth"),
            lost=natural(spool, "lost"),
            agent_version=text(software, "agent"),
            sqlite_version=text(software, "sqlite"),
            config=_digest(header, "config"),
            checks=tuple(
                _decode_columns(entry, quantum_us, place=f"checks[{index}]")
                for index, entry in enumerate(array(header, "checks"))
            ),
        )
        batch.check_counts()
        return batch

    def check_counts(self) -> None:
        """Raise `MalformedError` when counts, sequence numbers or check names disagree."""
        count = sum(len(columns) for columns in self.checks)
        if count > MAX_MEASUREMENTS:
            raise MalformedError(f"{count} measurements are more than {MAX_MEASUREMENTS}")
        if self.last - self.first + 1 != count:
            raise MalformedError(
                f"first {self.first} and last {self.last} do not number {count} measurements"
            )
        if len({columns.check for columns in self.checks}) != len(self.checks):
            raise MalformedError("checks: a check appears twice")


def _encode_columns(columns: CheckColumns) -> dict[str, JsonValue]:
    starts = [_quanta(start) for start in columns.starts_us]
    deltas = [later - earlier for earlier, later in pairwise(starts)]
    encoded: dict[str, JsonValue] = {
        "check": columns.check,
        "interval_us": columns.interval_us,
        "starts": [*starts[:1], *deltas],
        "durations": [_quanta(duration) for duration in columns.durations_us],
        "outcomes": columns.outcomes,
    }
    if columns.failures:
        encoded["failures"] = [
            [index, failure.value, operation.value]
            for index, failure, operation in columns.failures
        ]
    if columns.details:
        encoded["details"] = [[index, detail] for index, detail in columns.details]
    if columns.versions:
        encoded["versions"] = [[index, version] for index, version in columns.versions]
    return encoded


def _quanta(time_us: int) -> int:
    quanta, rest = divmod(time_us, QUANTUM_US)
    if rest:
        raise ValueError(f"{time_us} µs is not a whole number of {QUANTUM_US} µs")
    return quanta


def _decode_clock(fields: dict[str, object]) -> ClockReading:
    estimated = fields.get("estimated")
    if not isinstance(estimated, bool):
        raise MalformedError("clock.estimated: expected a boolean")
    return ClockReading(
        wall_us=integer(fields, "wall_us"),
        monotonic_us=integer(fields, "monotonic_us"),
        boottime_us=integer(fields, "boottime_us"),
        offset_us=integer(fields, "offset_us"),
        error_us=natural(fields, "error_us"),
        estimated=estimated,
    )


def _decode_columns(entry: object, quantum_us: int, place: str) -> CheckColumns:
    if not isinstance(entry, dict):
        raise MalformedError(f"{place}: expected an object")
    try:
        return _columns({**entry}, quantum_us)
    except MalformedError as error:
        raise MalformedError(f"{place}.{error}") from None


def _columns(fields: dict[str, object], quantum_us: int) -> CheckColumns:
    outcomes, deltas, durations = rows(fields, "".join(OUTCOMES))
    starts = tuple(start * quantum_us for start in accumulate(deltas))
    longest = max(durations) * quantum_us
    if max(abs(starts[0]), abs(starts[-1])) + longest > MAX_INTEGER:
        raise MalformedError("starts: beyond the range of time")
    columns = CheckColumns(
        check=_name(fields, "check"),
        interval_us=natural(fields, "interval_us", least=1),
        starts_us=starts,
        durations_us=tuple(duration * quantum_us for duration in durations),
        outcomes=outcomes,
        failures=tuple(
            (index, _member(Failure, values[0]), _member(Operation, values[1]))
            for index, values in sparse(fields, "failures", width=2, count=len(outcomes))
        ),
        details=tuple(
            (index, values[0])
            for index, values in sparse(fields, "details", width=1, count=len(outcomes))
        ),
        versions=tuple(
            (index, values[0])
            for index, values in sparse(fields, "versions", width=1, count=len(outcomes))
        ),
    )
    _check_failures(columns)
    return columns


def _check_failures(columns: CheckColumns) -> None:
    """Refuse a failing measurement without a failure, or with one of the wrong side."""
    outcomes, entries = columns.outcomes, columns.failures
    covered_from = entries[0][0] if entries else len(outcomes)
    if outcomes[:covered_from].strip("UG"):
        raise MalformedError("failures: a failing measurement has none")
    bounds = [*(index for index, _, _ in entries), len(outcomes)]
    for (index, failure, _), end in zip(entries, bounds[1:], strict=True):
        wrong = "D" if failure.of_instrument else "X"
        if wrong in outcomes[index:end]:
            raise MalformedError(f"failures: {failure} cannot explain an outcome {wrong}")


def _member(kind: type[_Value], value: str) -> _Value:
    try:
        return kind(value)  # type: ignore[call-arg]
    except ValueError:
        raise MalformedError(f"failures: {value!r} is not known") from None


def _name(fields: dict[str, object], key: str) -> str:
    value = text(fields, key)
    if not value or len(value) > 200 or not value.isprintable():  # noqa: PLR2004
        raise MalformedError(f"{key}: expected 1 to 200 printable characters")
    return value


def _digest(fields: dict[str, object], key: str) -> str:
    value = text(fields, key)
    if len(value) != 64 or set(value) - set("0123456789abcdef"):  # noqa: PLR2004 - SHA-256 in hex
        raise MalformedError(f"{key}: expected 64 hexadecimal digits")
    return value
