"""Batches: what is signed, and what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model.batch import NO_PREVIOUS, QUANTUM_US, Batch, CheckColumns, ClockReading
from probes.model.canonical import MalformedError, encode
from probes.model.failure import Failure, Operation

CLOCK = ClockReading(
    wall_us=1_793_221_800_000_000,
    monotonic_us=4_000_000,
    boottime_us=5_000_000,
    offset_us=-250_000,
    error_us=12_000,
    estimated=True,
)
OUTAGE = CheckColumns(
    check="dpi-login",
    interval_us=10_000_000,
    starts_us=(1_000_000, 11_000_000, 12_000_000, 22_000_000),
    durations_us=(183_000, 1_000, 2_000_000, 0),
    outcomes="UDDX",
    failures=(
        (1, Failure.CONNECTION_REFUSED, Operation.CONNECT),
        (3, Failure.STALL, Operation.SCHEDULE),
    ),
    details=((1, "10.0.0.7 port 443"),),
    versions=((0, "4.2.1"),),
)
BATCH = Batch(
    tenant="CH-EXEMPLE",
    agent="ab" * 16,
    vantage="accueil-03",
    epoch="cd" * 16,
    boot="7f6b2c4e-0000-4000-8000-000000000001",
    number=1,
    previous=NO_PREVIOUS,
    first=1,
    last=4,
    clock=CLOCK,
    spool_depth=0,
    lost=0,
    agent_version="0.1.0",
    sqlite_version="3.40.1",
    config="ef" * 32,
    checks=(OUTAGE,),
)

LETTERS = {
    "U": None,
    "G": None,
    "D": (Failure.TIMEOUT, Operation.FIRST_BYTE),
    "X": (Failure.STALL, Operation.SCHEDULE),
}


@st.composite
def columns(draw: st.DrawFn) -> CheckColumns:
    """Draw the columns an agent could write: a failure entry wherever the failing kind changes."""
    outcomes = draw(st.text(st.sampled_from("UGDX"), min_size=1, max_size=30))
    gaps = draw(st.lists(st.integers(0, 10**7), min_size=len(outcomes), max_size=len(outcomes)))
    starts = [sum(gaps[: index + 1]) * QUANTUM_US for index in range(len(outcomes))]
    failures, known = [], None
    for index, letter in enumerate(outcomes):
        failure = LETTERS[letter]
        if failure is not None and failure != known:
            failures.append((index, *failure))
            known = failure
    return CheckColumns(
        check=draw(st.sampled_from(["dpi-login", "hl7"])),
        interval_us=10_000_000,
        starts_us=tuple(starts),
        durations_us=tuple(gap % 97 * QUANTUM_US for gap in gaps),
        outcomes=outcomes,
        failures=tuple(failures),
    )


@given(columns())
def test_every_batch_survives_its_bytes(made: CheckColumns) -> None:
    batch = replace(BATCH, checks=(made,), last=len(made))
    assert Batch.decode(batch.encode()) == batch


def test_an_outage_survives_with_its_failures_details_and_versions() -> None:
    assert Batch.decode(BATCH.encode()) == BATCH


def test_a_batch_without_measurements_is_a_sign_of_life() -> None:
    idle = replace(BATCH, checks=(), last=0)
    assert Batch.decode(idle.encode()) == idle


def test_a_time_on_the_boot_clock_becomes_an_instant_by_one_addition() -> None:
    # Sealed at wall 1 793 221 800 s, 5 s after boot, the wall clock 0.25 s ahead: a probe started
    # 1 s after boot began 4.25 s before that wall-clock reading.
    assert CLOCK.correction_us + 1_000_000 == 1_793_221_800_000_000 - 4_250_000


def test_a_stepped_wall_clock_moves_nothing() -> None:
    # The wall jumps one hour ahead; the offset to the collector, measured anew, jumps back.
    stepped = replace(
        CLOCK,
        wall_us=CLOCK.wall_us + 3_600_000_000,
        offset_us=CLOCK.offset_us - 3_600_000_000,
    )
    assert stepped.correction_us == CLOCK.correction_us


def test_a_time_finer_than_the_quantum_is_not_written() -> None:
    with pytest.raises(ValueError, match="not a whole number of 1000"):
        replace(BATCH, checks=(replace(OUTAGE, starts_us=(1, 2, 3, 4)),)).encode()


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    fields = json.loads(BATCH.encode())
    change(fields)
    return encode(fields)


def of_check(**values: object) -> Callable[[dict[str, Any]], object]:
    return lambda fields: fields["checks"][0].update(values)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda f: f.update(schema="constat.batch/2"), "schema: expected constat.batch/1"),
        (lambda f: f.update(tenant=""), "tenant: expected 1 to 200"),
        (lambda f: f.update(tenant="a\nb"), "tenant: expected 1 to 200 printable"),
        (lambda f: f.update(agent="x" * 201), "agent: expected 1 to 200"),
        (lambda f: f.update(batch=0), "batch: 0 is less than 1"),
        (lambda f: f.update(previous="zz"), "previous: expected 64 hexadecimal"),
        (lambda f: f.update(previous="A" * 64), "previous: expected 64 hexadecimal"),
        (lambda f: f.update(last=5), "first 1 and last 5 do not number 4"),
        (lambda f: f.update(quantum_us=0), "quantum_us: 0 is less than 1"),
        (lambda f: f.update(clock=[]), "clock: expected an object"),
        (lambda f: f["clock"].update(estimated=1), "clock.estimated: expected a boolean"),
        (lambda f: f["clock"].update(error_us=-1), "error_us: -1 is less than 0"),
        (lambda f: f["spool"].update(lost=-1), "lost: -1 is less than 0"),
        (lambda f: f.update(checks=[1]), r"checks\[0\]: expected an object"),
        (lambda f: f.update(checks=f["checks"] * 2, last=8), "a check appears twice"),
        (of_check(outcomes=""), r"checks\[0\].outcomes: expected letters of UGDX"),
        (of_check(outcomes="UDDZ"), "outcomes: expected letters"),
        (of_check(starts=[1, 2, 3]), "starts: 3 values for 4 outcomes"),
        (of_check(starts=[1, 2, 3, True]), "starts: expected integers"),
        (of_check(starts=[1, 2, -1, 3]), "starts: they go backwards"),
        (of_check(starts=[2**53 - 1, 0, 0, 0]), "starts: beyond the range of time"),
        (of_check(durations=[0, 0, -1, 0]), "durations: one is negative"),
        (of_check(interval_us=0), "interval_us: 0 is less than 1"),
        (of_check(check=""), "check: expected 1 to 200"),
        (of_check(failures=[]), "failures: a failing measurement has none"),
        (of_check(failures=[[2, "timeout", "connect"]]), "failures: a failing measurement has"),
        (of_check(failures=[[1, "timeout", "connect"]]), "timeout cannot explain an outcome X"),
        (of_check(failures=[[1, "stall", "schedule"]]), "stall cannot explain an outcome D"),
        (of_check(failures=[[1, "tired", "connect"]]), "failures: 'tired' is not known"),
        (of_check(failures=[[1, "timeout", "nap"]]), "failures: 'nap' is not known"),
        (of_check(failures=[[1, "timeout"]]), "failures: expected entries of 3 values"),
        (of_check(failures=[[1, "timeout", 4]]), "failures: expected strings at index 1"),
        (of_check(details=[[4, "x"]]), "details: the index 4 is out of order or out of range"),
        (of_check(details=[[1, "x"], [1, "y"]]), "details: the index 1 is out of order"),
        (of_check(versions=[["0", "x"]]), "versions: the index '0' is out of order"),
    ],
)
def test_what_an_agent_could_not_have_meant_is_refused(
    change: Callable[[dict[str, Any]], object], fault: str
) -> None:
    with pytest.raises(MalformedError, match=fault):
        Batch.decode(changed(change))


def test_more_measurements_than_a_batch_may_hold_are_refused() -> None:
    long = replace(
        OUTAGE,
        starts_us=tuple(range(0, 5_001 * QUANTUM_US, QUANTUM_US)),
        durations_us=(0,) * 5_001,
        outcomes="U" * 5_001,
        failures=(),
    )
    with pytest.raises(MalformedError, match="5001 measurements are more than 5000"):
        Batch.decode(replace(BATCH, checks=(long,), last=5_001).encode())


def test_fields_of_a_later_version_are_ignored() -> None:
    assert Batch.decode(changed(lambda fields: fields.update(battery=87))) == BATCH


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_in_another_way(data: bytes) -> None:
    with pytest.raises(MalformedError):
        Batch.decode(data)
