"""An interface engine that answers as a test says: MLLP by hand, so that it can be got wrong."""

import asyncio
import re
from collections.abc import Callable

from tests.servers.listening import Talk, fall_silent

_CONTROL_ID = re.compile(rb"^MSH\|(?:[^|]*\|){8}([^|]*)\|")
Answer = Callable[[bytes], bytes]


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Return the message of the next block."""
    block = await reader.readuntil(b"\x1c\r")
    return block[1:-2]


def control_id(message: bytes) -> bytes:
    """Return the id a message is to be acknowledged by."""
    match = _CONTROL_ID.match(message)
    assert match is not None, message
    return match[1]


def acknowledging(code: str, *segments: bytes) -> Answer:
    """Return what acknowledges a message with a code, with further segments."""

    def answer(message: bytes) -> bytes:
        msa = b"MSA|" + code.encode() + b"|" + control_id(message)
        header = b"MSH|^~\\&|EAI 7.2|CHU|CONSTAT||20261114220000||ACK|1|P|2.5"
        return b"\x0b" + b"\r".join((header, msa, *segments, b"")) + b"\x1c\r"

    return answer


def engine(answer: Answer, *, stay: bool = True) -> Talk:
    """Return the conversation of an engine that answers every message so."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(await heard(reader)))
        await writer.drain()
        if stay:
            await fall_silent(reader)

    return talk
