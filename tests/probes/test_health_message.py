"""The messages of the health protocol are those that Google's own protobuf makes and reads."""

import pytest
from google.protobuf.message import DecodeError
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from hypothesis import example, given
from hypothesis import strategies as st

from probes.health_message import NoStatusError, ServingStatus, question, status_in


@given(service=st.text(max_size=300))
@example("a" * 255)  # its length takes two bytes
def test_a_question_is_what_protobuf_would_write(service: str) -> None:
    assert question(service) == HealthCheckRequest(service=service).SerializeToString()


@pytest.mark.parametrize("status", ServingStatus)
def test_every_status_is_read_as_protobuf_wrote_it(status: ServingStatus) -> None:
    assert HealthCheckResponse.ServingStatus.Name(status) == status.name
    assert status_in(HealthCheckResponse(status=status.value).SerializeToString()) is status


def test_fields_of_a_later_version_are_stepped_over() -> None:
    # Fields 2 (varint 300), 3 (8 bytes), 4 (text "ok"), 5 (4 bytes) around field 1, SERVING.
    later = bytes.fromhex("10 ac02 19 0000000000000000 08 01 22 02 6f6b 2d 00000000")

    assert status_in(later) is ServingStatus.SERVING


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("08", "a number without its end"),
        ("08 81", "a number without its end"),
        ("08 81808080808080808080 01", "a number without its end"),
        ("08 01 08 01", "of another type or there twice"),
        ("0a 01 01", "of another type or there twice"),
        ("08 04", "none of the protocol's"),
        ("08 ffffffffffffffffff01", "none of the protocol's"),
        ("08 8180808010", "none of the protocol's"),  # 2^32 + 1, which a cut to 32 bits makes 1
        ("08 01 12 05 6f6b", "a field that is cut"),
        ("08 01 19 00", "a field that is cut"),
        ("08 01 13 14", "a field of a type that is none"),
        ("08 01 02 00", "a field without a number"),
        ("08 01 8280808010 00", "a field without a number"),  # its tag has 33 bits
    ],
)
def test_what_is_no_answer_is_refused(message: str, reason: str) -> None:
    with pytest.raises(NoStatusError, match=reason):
        status_in(bytes.fromhex(message))


@given(message=st.binary(max_size=30) | st.binary(max_size=12).map(lambda rest: b"\x08\x01" + rest))
@example(b"")
def test_what_is_read_of_garbage_is_what_protobuf_reads(message: bytes) -> None:
    try:
        status = status_in(message)
    except NoStatusError:
        return
    try:
        theirs = HealthCheckResponse.FromString(message)
    except DecodeError:
        pytest.fail("protobuf refuses what was read")
    assert theirs.status == status
