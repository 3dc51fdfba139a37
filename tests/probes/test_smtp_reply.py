"""The replies of a mail server, to the byte."""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.attempt import ProbeError
from probes.model.failure import Failure
from probes.smtp_reply import Replies, Reply

WHOLE = b"250-mail.example\r\n250-STARTTLS\r\n250 SIZE 10240000\r\n"
LINES = ("mail.example", "STARTTLS", "SIZE 10240000")


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (b"220 mail.example ESMTP\r\n", Reply(220, ("mail.example ESMTP",))),
        (b"220\r\n", Reply(220, ("",))),
        (b"220 \n", Reply(220, ("",))),
        (b"421-busy\n421 later\n", Reply(421, ("busy", "later"))),
        (WHOLE, Reply(250, LINES)),
    ],
)
def test_a_reply_has_a_code_and_lines(said: bytes, reply: Reply) -> None:
    replies = Replies()

    assert replies.feed(said) == reply
    assert not replies.begun


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2p1",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"+OK ready\r\n",
        b"* OK IMAP\r\n",
        b"220x\r\n",
        b"22 x\r\n",
        b"120 x\r\n",
        b"999 x\r\n",
        b"\r\n",
        b"220-a\r\n250 b\r\n",
        b"220-a\r\nb\r\n",
        b"220 a\x00b\r\n",
    ],
)
def test_what_is_no_reply_is_refused_as_soon_as_it_is_seen(said: bytes) -> None:
    with pytest.raises(ProbeError) as raised:
        Replies().feed(said)

    assert raised.value.failure is Failure.PROTOCOL_ERROR


def test_a_reply_without_end_is_refused() -> None:
    with pytest.raises(ProbeError) as raised:
        Replies().feed(b"250-x\r\n" * 10_000)

    assert raised.value.failure is Failure.RESPONSE_TOO_LARGE


@pytest.mark.parametrize("more", [b"2", b"220 x\r\n", b"\x16\x03\x01", b"\n"])
def test_what_follows_a_reply_is_known_to_be_there(more: bytes) -> None:
    replies = Replies()

    assert replies.feed(b"220 go\r\n" + more) == Reply(220, ("go",))
    assert replies.begun


@given(st.lists(st.integers(0, len(WHOLE)), max_size=8))
def test_it_is_the_same_in_whatever_pieces_it_comes(cuts: list[int]) -> None:
    replies = Replies()
    pieces = pairwise(sorted({0, *cuts, len(WHOLE)}))
    *before, last = [replies.feed(WHOLE[start:end]) for start, end in pieces]

    assert last == Reply(250, LINES)
    assert not any(before)


@given(st.lists(st.binary(max_size=40), max_size=6), st.booleans())
def test_whatever_comes_is_a_reply_or_none_or_an_error(pieces: list[bytes], near: bool) -> None:
    replies = Replies()
    with suppress(ProbeError):
        for piece in [b"250-", *pieces] if near else pieces:
            reply = replies.feed(piece)
            assert reply is None or 200 <= reply.code < 600
