"""The measurements file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model.canonical import MAX_INTEGER, MalformedError
from probes.model.failure import Failure, Operation
from probes.model.measurement import (
    Measurement,
    Outcome,
    VantageKind,
    read_measurements,
    write_measurement,
)

# The example of the format's description.
EXAMPLE = (
    b'{"vantage":"accueil-03","kind":"workstation","check":"dpi-login",'
    b'"start_us":1793221800000000,"duration_us":183000,"outcome":"down",'
    b'"failure":"connection_refused","operation":"connect","clock_error_us":12000}\n'
)
REQUIRED = b'{"vantage":"v","check":"c","start_us":1,"duration_us":0,"outcome":"up"}'

MEASUREMENTS = st.builds(
    Measurement,
    start_us=st.integers(-MAX_INTEGER, MAX_INTEGER),
    duration_us=st.integers(0, MAX_INTEGER),
    outcome=st.sampled_from(Outcome),
    vantage=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    check=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    kind=st.sampled_from(VantageKind),
    clock_error_us=st.integers(0, MAX_INTEGER),
    failure=st.none() | st.sampled_from(Failure),
    operation=st.none() | st.sampled_from(Operation),
    version=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
)


def read(line: bytes) -> Measurement:
    (measurement,) = read_measurements([line])
    return measurement


def test_the_example_of_the_format_is_read_and_written_to_the_byte() -> None:
    measurement = read(EXAMPLE)
    assert measurement == Measurement(
        start_us=1793221800000000,
        duration_us=183000,
        outcome=Outcome.DOWN,
        vantage="accueil-03",
        check="dpi-login",
        clock_error_us=12000,
        failure=Failure.CONNECTION_REFUSED,
        operation=Operation.CONNECT,
    )
    assert write_measurement(measurement) == EXAMPLE


@given(MEASUREMENTS)
def test_every_measurement_survives_its_line(measurement: Measurement) -> None:
    assert read(write_measurement(measurement)) == measurement


def test_kind_and_clock_error_have_defaults() -> None:
    measurement = read(REQUIRED)
    assert measurement.kind is VantageKind.WORKSTATION
    assert measurement.clock_error_us == 0
    assert measurement.end_us == 1


def test_blank_lines_are_skipped_and_unknown_fields_ignored() -> None:
    lines = [b"\n", REQUIRED.replace(b"}", b',"later":[1]}'), b"  \r\n"]
    assert len(list(read_measurements(lines))) == 1


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"{", "line 2: not JSON"),
        (b"[]", "line 2: expected an object, got an array"),
        (REQUIRED.replace(b'"v"', b'""'), "line 2: vantage: is empty"),
        (REQUIRED.replace(b'"c"', b"3"), "line 2: check: expected a string, got an integer"),
        (REQUIRED.replace(b"1,", b'"1",'), "line 2: start_us: expected an integer, got a string"),
        (REQUIRED.replace(b"1,", b"1.0,"), "line 2: 1.0 is not an integer"),
        (REQUIRED.replace(b":0,", b":-5,"), "line 2: duration_us: -5 is negative"),
        (REQUIRED.replace(b'"up"', b'"UP"'), "line 2: outcome: 'UP' is not one of up, degraded"),
        (REQUIRED.replace(b'"outcome"', b'"x"'), "line 2: outcome: is missing"),
        (REQUIRED.replace(b"}", b',"clock_error_us":-1}'), "line 2: clock_error_us: -1 is neg"),
        (REQUIRED.replace(b"}", b',"failure":"tired"}'), "line 2: failure: 'tired' is not one of"),
        (REQUIRED.replace(b"}", b',"kind":"phone"}'), "line 2: kind: 'phone' is not one of work"),
        (b" " * 70_000 + b"{}", "line 2: longer than 65536 bytes"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_fault(line: bytes, fault: str) -> None:
    with pytest.raises(MalformedError, match=f"^{fault}"):
        list(read_measurements([REQUIRED, line]))
