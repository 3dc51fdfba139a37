"""Measurements from elsewhere: sealed by the collector, kept apart, and projected like any other.

Nobody signed them where they were made, so their series are marked, and every report says so. An
entry holds at most as many as a batch of an agent.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, groupby, pairwise
from typing import Any

from collector.record.summary import Columns
from probes.model.batch import LETTERS, MAX_MEASUREMENTS, OUTCOMES
from probes.model.canonical import MAX_INTEGER, MalformedError, array, text
from probes.model.columns import natural, rows, sparse
from probes.model.measurement import Measurement, VantageKind


def import_bodies(
    measurements: Sequence[Measurement], intervals_us: Mapping[str, int], source: str
) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the bodies of the entries that hold these measurements, and how many each holds.

    `intervals_us` has the interval of every check, `source` says where they come from.
    """
    ordered = sorted(measurements, key=_series)
    for first in range(0, len(ordered), MAX_MEASUREMENTS):
        page = ordered[first : first + MAX_MEASUREMENTS]
        columns = [
            _columns(list(members), intervals_us) for _, members in groupby(page, key=_constants)
        ]
        yield {"source": source, "columns": columns}, len(page)


def check_import(body: Mapping[str, Any]) -> None:
    """Refuse the body of an entry of imported measurements that no collector could have meant.

    `MalformedError` names the member at fault and says what is expected.
    """
    for index, columns in enumerate(array({**body}, "columns")):
        if not isinstance(columns, dict):
            raise MalformedError(f"columns[{index}]: expected an object")
        try:
            _check_columns(columns)
        except MalformedError as fault:
            raise MalformedError(f"columns[{index}].{fault}") from None


def columns_of_import(
    body: Mapping[str, Any], entry: int
) -> Iterator[tuple[tuple[str, VantageKind, str], Columns]]:
    """Yield the columns an entry of imported measurements holds, each with its series."""
    for columns in body["columns"]:
        key = (columns["vantage"], VantageKind(columns["kind"]), columns["check"])
        yield (
            key,
            Columns(
                entry,
                columns["interval_us"],
                columns["error_us"],
                list(accumulate(columns["starts"])),
                columns["durations"],
                columns["outcomes"],
                [(index, *failure) for index, *failure in columns["failures"]],
                [(index, version) for index, version in columns["versions"]],
            ),
        )


def _check_columns(columns: dict[str, object]) -> None:
    for key in ("vantage", "check"):
        if not text(columns, key):
            raise MalformedError(f"{key}: is empty")
    if text(columns, "kind") not in {*VantageKind}:
        raise MalformedError(f"kind: expected one of {', '.join(VantageKind)}")
    natural(columns, "interval_us", least=1)
    natural(columns, "error_us")
    outcomes, starts, durations = rows(columns, "".join(OUTCOMES))
    if abs(starts[0]) + sum(starts[1:]) + max(durations) > MAX_INTEGER:
        raise MalformedError("starts: beyond the range of time")
    for key, width in (("failures", 2), ("versions", 1)):
        array(columns, key)
        sparse(columns, key, width=width, count=len(outcomes))


def _series(measurement: Measurement) -> tuple[str, str, str, int, int, str, int]:
    return (
        measurement.vantage,
        measurement.kind.value,
        measurement.check,
        measurement.start_us,
        measurement.duration_us,
        measurement.outcome.value,
        measurement.clock_error_us,
    )


def _constants(measurement: Measurement) -> tuple[str, str, str, int]:
    """Return what one set of columns has once: its series, and the clock error of its members."""
    return (*_series(measurement)[:3], measurement.clock_error_us)


def _columns(members: list[Measurement], intervals_us: Mapping[str, int]) -> dict[str, Any]:
    first = members[0]
    starts = [member.start_us for member in members]
    return {
        "vantage": first.vantage,
        "kind": first.kind.value,
        "check": first.check,
        "interval_us": intervals_us[first.check],
        "error_us": first.clock_error_us,
        "starts": [starts[0], *(later - earlier for earlier, later in pairwise(starts))],
        "durations": [member.duration_us for member in members],
        "outcomes": "".join(LETTERS[member.outcome] for member in members),
        "failures": list(_failures(members)),
        "versions": [
            [index, member.version]
            for index, member in enumerate(members)
            if member.version is not None
        ],
    }


def _failures(members: list[Measurement]) -> Iterator[list[int | str]]:
    """Yield `[index, failure, operation]` wherever what fails changes.

    A line may leave out what failed, and during what: these are then empty.
    """
    holding: tuple[str, str] | None = None
    for index, member in enumerate(members):
        if LETTERS[member.outcome] not in "DX":
            continue
        failed = (member.failure or "", member.operation or "")
        if failed != holding:
            holding = failed
            yield [index, *map(str, failed)]
