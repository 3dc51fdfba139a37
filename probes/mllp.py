"""MLLP framing: bytes in, frames out, never a socket (HL7 v2 Transport Specification: MLLP, R1).

A block is `<0x0B> data <0x1C><0x0D>`. What is not one is refused: bytes outside of a block, a block
inside a block, an end without its carriage return, one that is longer than anybody needs.
"""

from typing import Final

START: Final = 0x0B
END: Final = 0x1C
RETURN: Final = 0x0D
LONGEST_FRAME: Final = 1 << 20


class BrokenFrameError(ValueError):
    """What came is not MLLP; the reason never holds any of it."""


def framed(data: bytes) -> bytes:
    """Return the block of a message."""
    return bytes((START,)) + data + bytes((END, RETURN))


class FrameReader:
    """Takes bytes as they come and gives the data of one block after the other."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    @property
    def begun(self) -> bool:
        """Whether a part of a block has come."""
        return len(self._waiting) > 0

    def feed(self, data: bytes) -> None:
        """Take what came."""
        self._waiting += data

    def frame(self) -> bytes | None:
        """Return the next whole block's data; None until it is there. `BrokenFrameError` if bad."""
        if not self._waiting:
            return None
        if self._waiting[0] != START:
            raise BrokenFrameError("a byte outside of a block")
        end = self._waiting.find(END, 1)
        data = self._waiting[1:] if end < 0 else self._waiting[1:end]
        if START in data:
            raise BrokenFrameError("a block begins inside another")
        if len(data) > LONGEST_FRAME:
            raise BrokenFrameError(f"a block of more than {LONGEST_FRAME} bytes")
        if end < 0 or len(self._waiting) == end + 1:
            return None
        if self._waiting[end + 1] != RETURN:
            raise BrokenFrameError("the end of a block without its carriage return")
        del self._waiting[: end + 2]
        return bytes(data)
