"""Frames come out of bytes however they are cut, and nothing else does."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.mllp import LONGEST_FRAME, BrokenFrameError, FrameReader, framed

MESSAGES = st.binary(max_size=200).map(
    lambda data: data.replace(b"\x0b", b"").replace(b"\x1c", b"")
)


def chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    """Return data cut at some places."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[first:last] for first, last in pairwise(places)]


def read(pieces: list[bytes]) -> list[bytes]:
    reader, frames = FrameReader(), []
    for piece in pieces:
        reader.feed(piece)
        while (frame := reader.frame()) is not None:
            frames.append(frame)
    return frames


@given(messages=st.lists(MESSAGES, max_size=4), cuts=st.lists(st.integers(0, 2_000), max_size=12))
def test_messages_come_out_as_they_went_in_however_the_bytes_are_cut(
    messages: list[bytes], cuts: list[int]
) -> None:
    assert read(chunks(b"".join(map(framed, messages)), cuts)) == messages


@given(message=MESSAGES, missing=st.integers(1, 200))
def test_a_frame_without_its_end_never_comes_out(message: bytes, missing: int) -> None:
    assert read([framed(message)[:-missing]]) == []


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_garbage_is_refused_or_waited_for_and_never_anything_else(
    data: bytes, cuts: list[int]
) -> None:
    try:
        frames = read(chunks(data, cuts))
    except BrokenFrameError:
        return
    assert data.startswith(b"".join(map(framed, frames)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"MSH|", "a byte outside of a block"),
        (b"\r" + framed(b"MSH|"), "a byte outside of a block"),
        (b"\x0bMSH\x0b", "a block begins inside another"),
        (b"\x0bMSH\x1c\x1c", "the end of a block without its carriage return"),
        (b"\x0bMSH\x1c\n", "the end of a block without its carriage return"),
        (b"\x0b" + bytes(LONGEST_FRAME + 1), f"a block of more than {LONGEST_FRAME} bytes"),
    ],
)
def test_what_is_no_block_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    reader = FrameReader()
    reader.feed(data)
    with pytest.raises(BrokenFrameError, match=reason):
        reader.frame()
