"""How runs, clocks and samples lie in the spool's tables."""

import json
from collections.abc import Sequence
from dataclasses import astuple
from typing import Final

from agent.sample import Sample
from agent.seal import Run, Sealed
from probes.model.batch import ClockReading
from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome

ADD_RUN: Final = (
    "INSERT INTO run (boot, agent_version, config, intervals, wall_us, monotonic_us, boottime_us,"
    " offset_us, error_us, estimated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
READ_RUN: Final = (
    "SELECT boot, agent_version, config, intervals, wall_us, monotonic_us, boottime_us,"
    " offset_us, error_us, estimated FROM run WHERE id = ?"
)
RECALL_CLOCK: Final = (
    "SELECT wall_us, monotonic_us, boottime_us, offset_us, error_us, estimated FROM run"
    " WHERE boot = ? AND estimated ORDER BY id DESC LIMIT 1"
)
SET_CLOCK: Final = (
    "UPDATE run SET (wall_us, monotonic_us, boottime_us, offset_us, error_us, estimated)"
    " = (?, ?, ?, ?, ?, ?) WHERE id = ?"
)
ADD_SAMPLE: Final = "INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
READ_SAMPLES: Final = (
    "SELECT sequence, check_name, start_us, duration_us, outcome, failure, operation, detail,"
    " version FROM sample WHERE run = ? ORDER BY sequence LIMIT ?"
)
ADD_BATCH: Final = "INSERT INTO batch VALUES (?, ?, ?, ?, ?, ?)"
READ_BATCH: Final = "SELECT number, first, last, digest, body, gzipped FROM batch WHERE number = ?"


def run_row(run: Run, clock: ClockReading) -> tuple[str | int, ...]:
    """Return the values of `ADD_RUN`."""
    intervals = json.dumps(dict(run.intervals_us))
    return (run.boot_id, run.agent_version, run.config, intervals, *astuple(clock))


def read_run(row: Sequence[str]) -> Run:
    """Return the run of a row of `READ_RUN`."""
    boot, agent_version, config, intervals = row[:4]
    return Run(boot, agent_version, config, json.loads(intervals))


def read_clock(row: Sequence[int]) -> ClockReading:
    """Return the clocks a row ends with."""
    wall_us, monotonic_us, boottime_us, offset_us, error_us, estimated = row[-6:]
    return ClockReading(wall_us, monotonic_us, boottime_us, offset_us, error_us, bool(estimated))


def sample_row(sample: Sample) -> tuple[str | int | None, ...]:
    """Return the values of `ADD_SAMPLE`, without sequence number and run."""
    return (
        sample.check,
        sample.start_us,
        sample.duration_us,
        sample.outcome.value,
        sample.failure and sample.failure.value,
        sample.operation and sample.operation.value,
        _storable(sample.detail),
        None if sample.version is None else _storable(sample.version),
    )


def read_sample(boot_id: str, row: tuple[int, str, int, int, str, str, str, str, str]) -> Sample:
    """Return the sample of a row of `READ_SAMPLES`."""
    _, check, start_us, duration_us, outcome, failure, operation, detail, version = row
    return Sample(
        check=check,
        boot_id=boot_id,
        start_us=start_us,
        duration_us=duration_us,
        outcome=Outcome(outcome),
        failure=Failure(failure) if failure else None,
        operation=Operation(operation) if operation else None,
        detail=detail,
        version=version,
    )


def read_batch(row: tuple[int, int, int, str, bytes, int]) -> Sealed:
    """Return the batch of a row of `READ_BATCH`."""
    number, first, last, digest, body, gzipped = row
    return Sealed(number, first, last, digest, body, bool(gzipped))


def _storable(text: str) -> str:
    """Replace lone surrogates, which neither SQLite nor a batch can hold."""
    return text.encode(errors="replace").decode()
