"""What the dialects of SQL share: what a session showed, and a thread for drivers that block.

A blocking driver is handed a socket that we dialled. Its thread is nobody's: neither another probe
nor the end of the agent waits for it. When the time is up the connection is shut down under it,
which ends whatever it was waiting for.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from probes.aside import aside
from probes.attempt import Attempt, ProbeError
from probes.model.failure import Failure, Operation
from probes.transport import Connection

_T = TypeVar("_T")
Step: TypeAlias = Callable[[Operation], None]


# What drivers raise over bytes that are not of their protocol.
UNREADABLE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    LookupError,
    NameError,
    NotImplementedError,
    TypeError,
    ValueError,
    struct.error,
)


class Shown(NamedTuple):
    """What a session showed: rows up to those asked for, and why the server is not all it might be.

    `value` is the first column of the first row: it is compared, and never kept.
    """

    peer: str
    version: str
    standing: str
    rows: int
    value: object


def shown(peer: str, version: str, standing: str, rows: list[Any]) -> Shown:
    """Return what a session showed, from its rows."""
    value = rows[0][0] if rows and len(rows[0]) else None
    return Shown(peer, version, standing, len(rows), value)


async def in_own_thread(
    connection: Connection, attempt: Attempt, talk: Callable[[socket.socket, Step], _T]
) -> _T:
    """Return what `talk` does with the socket of a connection, which it may close.

    It says which step it begins; the time of each is kept here.
    """
    loop = asyncio.get_running_loop()
    lever = connection.handed_over()
    over = False

    def begin(operation: Operation) -> None:
        if not over:
            attempt.begin(operation)

    def step(operation: Operation) -> None:
        with suppress(RuntimeError):  # the loop was closed, nobody waits any more
            loop.call_soon_threadsafe(begin, operation)

    def drive() -> _T:
        try:
            return talk(driven, step)
        finally:
            driven.close()

    driven = lever.dup()
    driven.settimeout(_LONGEST_S)
    try:
        return await aside(drive, "run a driver")
    finally:
        over = True
        with suppress(OSError):
            lever.shutdown(socket.SHUT_RDWR)
        lever.close()


def unreadable_answer(error: Exception) -> ProbeError:
    """Return the error of a target that does not speak its protocol, as the driver noticed."""
    detail = f"what came cannot be read ({type(error).__name__})"
    return ProbeError(Failure.PROTOCOL_ERROR, detail)


def cause_of(error: BaseException) -> OSError | None:
    """Return the error of the system behind one of a driver, if there is one."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError):
            return seen
        seen = getattr(seen, "original_exception", None) or seen.__cause__ or seen.__context__
    return None


# Longer than any probe: it only frees a thread whose connection could not be shut down.
_LONGEST_S: Final = 600
