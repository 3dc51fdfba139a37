"""The agent's event loop: it wakes when a probe is due, not when the next milliseconds have passed.

epoll_wait(2) is told a whole number of milliseconds and asyncio rounds up to it twice, so that
every start would be late by one or so. select(2), asked about the epoll instance as a whole, is
told microseconds.
"""

import asyncio
from collections.abc import Coroutine
from select import select
from selectors import EpollSelector, SelectorKey
from typing import Any, TypeVar

_T = TypeVar("_T")


def run_punctually(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end, as `asyncio.run` does, on a loop that wakes in time."""
    with asyncio.Runner(loop_factory=_loop) as runner:
        return runner.run(main)


class PunctualSelector(EpollSelector):
    """Waits for no longer than it is told, to the microsecond."""

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Return what is ready, at once or within a time in seconds; None waits for ever."""
        if timeout is not None and timeout > 0:
            ready, _, _ = select([self], [], [], timeout)
            if not ready:
                return []
            timeout = 0
        return super().select(timeout)


def _loop() -> asyncio.AbstractEventLoop:
    # Its own descriptor is among the first of the process: select(2) takes none above 1023.
    return asyncio.SelectorEventLoop(PunctualSelector())
