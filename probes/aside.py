"""Runs what blocks in a thread of its own: one that hangs keeps no other waiting."""

import _thread
import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from probes.attempt import ProbeError
from probes.model.failure import Failure

_T = TypeVar("_T")


def aside(work: Callable[[], _T], purpose: str) -> asyncio.Future[_T]:
    """Return what will be the result of some work, or its error; who no longer waits is not told.

    Raises `ProbeError` when there is no room for a thread.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_T] = loop.create_future()

    def settle(give: Callable[[], None]) -> None:
        if not answer.done():
            give()

    def run() -> None:
        try:
            give = partial(answer.set_result, work())
        except BaseException as error:  # noqa: BLE001 - raised where the answer is awaited
            give = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # the loop was closed, nobody waits any more
            loop.call_soon_threadsafe(settle, give)

    try:
        _thread.start_new_thread(run, ())
    except RuntimeError:
        detail = f"cannot start a thread to {purpose} in"
        raise ProbeError(Failure.OUT_OF_RESOURCES, detail) from None
    return answer
