"""What entries say was measured: columns of a series as single measurements."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from collector.record.summary import Columns
from probes.model.batch import OUTCOMES, Batch, CheckColumns
from probes.model.failure import Failure, Operation
from probes.model.measurement import Measurement, VantageKind


class SeriesKey(NamedTuple):
    """What a series measures: a check, from a vantage point, by an agent or from elsewhere."""

    vantage: str
    kind: VantageKind
    check: str
    imported: bool


def columns_of(batch: Batch, columns: CheckColumns, entry: int) -> Columns:
    """Return the columns of a check on the collector's time scale (rules, section 9)."""
    correction_us = batch.clock.correction_us
    return Columns(
        entry,
        columns.interval_us,
        batch.clock.error_us,
        [start_us + correction_us for start_us in columns.starts_us],
        [*columns.durations_us],
        columns.outcomes,
        columns.failures,
        columns.versions,
    )


def measurements_of(key: SeriesKey, columns: Columns) -> Iterator[Measurement]:
    """Yield the single measurements of columns."""
    failures = list(_spread(columns.failures, len(columns.outcomes)))
    versions = dict(columns.versions)
    for index, letter in enumerate(columns.outcomes):
        failed = failures[index] if letter in "DX" else None
        yield Measurement(
            start_us=columns.starts[index],
            duration_us=columns.durations[index],
            outcome=OUTCOMES[letter],
            vantage=key.vantage,
            check=key.check,
            kind=key.kind,
            clock_error_us=columns.error_us,
            failure=Failure(failed[0]) if failed and failed[0] else None,
            operation=Operation(failed[1]) if failed and failed[1] else None,
            version=versions.get(index),
        )


def _spread(
    failures: Iterable[tuple[int, str, str]], count: int
) -> Iterator[tuple[str, str] | None]:
    """Yield for each index the failure in force there."""
    entries = {index: (failure, step) for index, failure, step in failures}
    holding: tuple[str, str] | None = None
    for index in range(count):
        holding = entries.get(index, holding)
        yield holding
