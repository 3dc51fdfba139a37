"""The identification of an SSH server, to the byte."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.attempt import ProbeError
from probes.identification import Greeting, Identification
from probes.model.failure import Failure

WHOLE = b"Access is logged.\r\n\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7\r\n"


@pytest.mark.parametrize(
    ("said", "protocol", "software"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "2.0", "OpenSSH_9.2p1"),
        (b"SSH-2.0-dropbear_2022.83\r\n", "2.0", "dropbear_2022.83"),
        (b"SSH-1.99-Cisco-1.25\n", "1.99", "Cisco-1.25"),
        (b"SSH-1.5-1.2.27\n", "1.5", "1.2.27"),
        (b"SSH-2.0-x\r\n\x00\x00\x01\x0c", "2.0", "x"),
        (WHOLE, "2.0", "OpenSSH_9.2p1"),
    ],
)
def test_an_identification_holds_two_versions(said: bytes, protocol: str, software: str) -> None:
    shown = Greeting().feed(said)

    assert shown is not None
    assert (shown.protocol, shown.software) == (protocol, software)


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2-x\r\n",
        b"SSH-2.0\r\n",
        b"SSH-2.0-\r\n",
        b"SSH-2.0- x\r\n",
        b"SSH-two.oh-x\r\n",
        b"SSH-2.0-" + b"x" * 260 + b"\r\n",
        b"SSH-2.0-" + b"x" * 260,
        b"x" * 65_537,
        b"x\r\n" * 30_000,
    ],
)
def test_what_is_of_another_form_is_no_identification(said: bytes) -> None:
    with pytest.raises(ProbeError) as raised:
        Greeting().feed(said)

    assert raised.value.failure is Failure.PROTOCOL_ERROR


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (b"", Failure.CONNECTION_CLOSED),
        (b"Exceeded MaxStartups\r\n", Failure.NOT_SERVING),
        (b"Not allowed at this time\r\n", Failure.NOT_SERVING),
        (b"S", Failure.RESPONSE_TRUNCATED),
        (b"SSH-2.0-Open", Failure.RESPONSE_TRUNCATED),
        (b"Welcome\r\nSSH-2.0-Open", Failure.RESPONSE_TRUNCATED),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", Failure.PROTOCOL_ERROR),
        (b"220 mail", Failure.PROTOCOL_ERROR),
    ],
)
def test_what_came_before_the_end_says_what_it_means(said: bytes, failure: Failure) -> None:
    greeting = Greeting()
    assert greeting.feed(said) is None
    assert greeting.ended().failure is failure


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8))
def test_it_is_the_same_in_whatever_pieces_it_comes(cuts: list[int]) -> None:
    places = sorted({0, *cuts, len(WHOLE)})
    greeting = Greeting()
    shown = [greeting.feed(WHOLE[a:b]) for a, b in pairwise(places)]

    line = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7"
    assert shown[-1] == Identification(line, "2.0", "OpenSSH_9.2p1")
    assert not any(shown[:-1])


@given(st.binary(max_size=300), st.booleans())
def test_whatever_comes_is_an_identification_or_none_or_an_error(data: bytes, near: bool) -> None:
    greeting = Greeting()
    with suppress(ProbeError):
        shown = greeting.feed(b"SSH-" + data if near else data)
        assert shown is None or (shown.software and " " not in shown.software)
    assert greeting.ended().failure is not Failure.TIMEOUT
