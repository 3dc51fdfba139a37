"""A batch as the collector holds it: its columns as they were sent, read in passes of C.

`probes.model.batch` says what a batch is, and names the fault of one that is not; at thousands of
batches a second its reading is what ingest would cost most. Here the same payload is read into
structs whose form is the canonical one: a payload that is not the form of what was read, or that
breaks any rule, is left to the model. A property test holds the two readers together.
"""

from array import array
from itertools import chain, pairwise
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from probes.model.batch import MAX_MEASUREMENTS, QUANTUM_US, Batch
from probes.model.canonical import MAX_INTEGER, MalformedError
from probes.model.failure import Failure, Operation

_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Integer = Annotated[int, Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
_Natural = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
_Positive = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]


class WireColumns(Struct, kw_only=True, omit_defaults=True, gc=False):
    """The measurements of one check; `starts` holds the first start, then distances, in quanta."""

    check: _Name
    details: list[tuple[_Natural, str]] = []
    durations: list[int]
    failures: list[tuple[_Natural, Failure, Operation]] = []
    interval_us: _Positive
    outcomes: str
    starts: list[int]
    versions: list[tuple[_Natural, str]] = []


class WireClock(Struct, gc=False):
    """The agent's clocks at sealing."""

    boottime_us: _Integer
    error_us: _Natural
    estimated: bool
    monotonic_us: _Integer
    offset_us: _Integer
    wall_us: _Integer


class WireSpool(Struct, gc=False):
    """How much the agent still has to send, and how much it has lost."""

    depth: _Natural
    lost: _Natural


class WireSoftware(Struct, gc=False):
    """The versions the agent runs."""

    agent: str
    sqlite: str


class WireBatch(Struct, gc=False):
    """One batch. In every struct here the fields are in the order of the canonical form."""

    agent: _Name
    batch: _Positive
    boot: _Name
    checks: list[WireColumns]
    clock: WireClock
    config: _Digest
    epoch: _Name
    first: _Positive
    last: _Natural
    previous: _Digest
    quantum_us: _Positive
    schema: Literal["constat.batch/1"]
    software: WireSoftware
    spool: WireSpool
    tenant: _Name
    vantage: _Name

    @property
    def correction_us(self) -> int:
        """What to add to a time on the agent's boot clock to have the instant."""
        return self.clock.wall_us + self.clock.offset_us - self.clock.boottime_us

    @property
    def measured(self) -> int:
        """How many measurements the batch holds."""
        return self.last - self.first + 1


class WireNumbers(NamedTuple):
    """The numbers of all checks of a batch, one after the other, none negative, in quanta.

    `ages` is how long before sealing the first measurement of each check began.
    """

    ages: "array[int]"
    distances: "array[int]"
    durations: "array[int]"


_DECODER: Final = msgspec.json.Decoder(WireBatch)
_ENCODER: Final = msgspec.json.Encoder()


def encode_wire(batch: WireBatch) -> bytes:
    """Return the payload of a batch."""
    return _ENCODER.encode(batch)


def decode_wire(payload: bytes) -> WireBatch:
    """Return the batch of a payload that was found sound before."""
    return _DECODER.decode(payload)


def read_plain(payload: bytes) -> tuple[WireBatch, WireNumbers] | None:
    """Return a batch without faults or oddities; None says that the model has to be asked.

    Whether the payload holds nothing more is seen by encoding the batch again: of one that does,
    the model has to be asked too, which refuses two values for one key.
    """
    try:
        batch = _DECODER.decode(payload)
        return (batch, _numbers(batch)) if _is_sound(batch) else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError):
        return None


def read_strictly(payload: bytes) -> WireBatch:
    """Return the batch of any payload the model accepts; `MalformedError` names the fault."""
    Batch.decode(payload)
    try:
        return _DECODER.decode(payload)
    except msgspec.MsgspecError as error:  # the model is the looser one in nothing we know of
        raise MalformedError(str(error)) from None


def _is_sound(batch: WireBatch) -> bool:
    """Return whether all but the numbers of the columns is as the model wants it."""
    checks = batch.checks
    names = [columns.check for columns in checks]
    count = sum([len(columns.outcomes) for columns in checks])
    head = (batch.tenant, batch.agent, batch.vantage, batch.epoch, batch.boot)
    return (
        batch.measured == count <= MAX_MEASUREMENTS
        and batch.quantum_us == QUANTUM_US
        and len(set(names)) == len(names)
        and "".join(chain(head, names)).isprintable()
        and all(_columns_are_sound(columns) for columns in checks)
    )


def _columns_are_sound(columns: WireColumns) -> bool:
    outcomes = columns.outcomes
    count = len(outcomes)
    if not count or not count == len(columns.starts) == len(columns.durations):
        return False
    if outcomes.strip("U") and outcomes.strip("UGDX"):
        return False
    return (
        (not columns.details or _are_rising(columns.details, count))
        and (not columns.versions or _are_rising(columns.versions, count))
        and (not columns.failures or _are_rising(columns.failures, count))
        and _failures_are_sound(columns)
    )


def _are_rising(
    entries: list[tuple[int, str]] | list[tuple[int, Failure, Operation]], count: int
) -> bool:
    indices = [entry[0] for entry in entries]
    return indices[-1] < count and all(earlier < later for earlier, later in pairwise(indices))


def _failures_are_sound(columns: WireColumns) -> bool:
    """Return whether every failing measurement has a failure, of the side its outcome says."""
    outcomes, failures = columns.outcomes, columns.failures
    if not failures:
        return not outcomes.strip("U") or not outcomes.strip("UG")
    bounds = [*(index for index, _, _ in failures), len(outcomes)]
    return not outcomes[: bounds[0]].strip("UG") and not any(
        ("D" if failure.of_instrument else "X") in outcomes[start:end]
        for (start, failure, _), end in zip(failures, bounds[1:], strict=True)
    )


def _numbers(batch: WireBatch) -> WireNumbers:
    """Return the numbers of the columns; `OverflowError` when one is negative or out of range."""
    sealed = batch.clock.boottime_us // QUANTUM_US
    numbers = WireNumbers(
        array("I", [sealed - columns.starts[0] for columns in batch.checks]),
        _column([columns.starts[1:] for columns in batch.checks]),
        _column([columns.durations for columns in batch.checks]),
    )
    farthest = abs(sealed) + (1 << 32) + sum(numbers.distances) + (1 << 32)
    if farthest * QUANTUM_US > MAX_INTEGER:
        raise OverflowError
    return numbers


def _column(columns: list[list[int]]) -> "array[int]":
    """Return lists of numbers as one array, of the least width that holds them."""
    try:
        return _array("H", columns)
    except OverflowError:
        return _array("I", columns)


def _array(code: Literal["H", "I"], columns: list[list[int]]) -> "array[int]":
    values: array[int] = array(code)
    for column in columns:
        values.fromlist(column)
    return values
