"""Which packets answer an echo, to the byte."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.echo import Echo, summed, without_ip_header

TOKEN = bytes(range(100, 116))
V4, V6 = Echo(0x1234, TOKEN), Echo(0x1234, TOKEN, v6=True)


def _reply(echo: Echo, number: int, **changes: int) -> bytes:
    """Return what the system of the target sends: the request, with the type of a reply."""
    fields = {"kind": 129 if echo.v6 else 0, "code": 0, "identifier": 0x1234, "number": number}
    kind, code, identifier, its_number = (fields | changes).values()
    return struct.pack("!BBHHH", kind, code, 0, identifier, its_number) + echo.request(number)[8:]


def test_the_checksum_is_the_one_of_the_standard() -> None:
    # RFC 1071, section 3: 0001 + f203 + f4f5 + f6f7 = 2ddf0, folded ddf2; its complement is 220d.
    assert summed(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D
    assert summed(b"\x01") == 0xFEFF


def test_a_request_is_as_long_as_that_of_ping_and_sums_to_nothing() -> None:
    request = V4.request(7)

    assert len(request) == 64
    assert request[:2] == b"\x08\x00"
    assert summed(request) == 0
    assert V6.request(7)[:4] == b"\x80\x00\x00\x00"


@pytest.mark.parametrize("echo", [V4, V6])
def test_a_reply_answers_the_request_of_its_number(echo: Echo) -> None:
    assert [echo.answered(_reply(echo, number)) for number in (0, 1, 65_535)] == [0, 1, 65_535]


@pytest.mark.parametrize("echo", [V4, V6])
@pytest.mark.parametrize(
    "changes", [{"kind": 8}, {"kind": 3}, {"kind": 128}, {"code": 1}, {"identifier": 0x1235}]
)
def test_a_packet_that_differs_in_one_field_is_no_answer(
    echo: Echo, changes: dict[str, int]
) -> None:
    assert echo.answered(_reply(echo, 1, **changes)) is None


def test_the_answer_to_another_ping_with_the_same_identifier_is_no_answer() -> None:
    other = Echo(0x1234, bytes(16))

    assert V4.answered(_reply(other, 1)) is None


@given(st.integers(0, 63))
def test_an_answer_cut_short_is_none(kept: int) -> None:
    assert V4.answered(_reply(V4, 1)[:kept]) is None


@given(st.binary(max_size=80))
def test_whatever_comes_is_no_answer_and_no_error(data: bytes) -> None:
    assert V4.answered(data) is None
    assert V4.answered(without_ip_header(data)) is None
    assert V6.answered(data) is None
    assert V4.refused(data[:7]) is None


@pytest.mark.parametrize("kept", [8, 20, 64])
def test_an_error_quotes_the_request_it_is_about(kept: int) -> None:
    assert V4.refused(V4.request(5)[:kept]) == 5
    assert V4.refused(_reply(V4, 5)[:kept]) is None
    assert Echo(0x1235, TOKEN).refused(V4.request(5)[:kept]) is None


def test_an_ip_header_is_taken_off_with_its_options() -> None:
    assert without_ip_header(b"\x45" + bytes(19) + b"echo") == b"echo"
    assert without_ip_header(b"\x46" + bytes(23) + b"echo") == b"echo"
    assert without_ip_header(b"\x60" + bytes(39)) == b""
