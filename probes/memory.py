"""The little that is remembered from one probe of a check to the next, by the spec of the check.

A probe is a function of its spec; but whether a process was started anew, or how far a log was
read, only shows beside what the probe before saw. Two checks that ask the same are two: memories
are kept by the very object. A check that is not probed for long is forgotten, when others are many.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

_Past = TypeVar("_Past")


class Memory(Generic[_Past]):
    """What the probes of each check saw, made by `begin` before the first; lost with the agent."""

    def __init__(self, begin: Callable[[], _Past], most: int = 4_096) -> None:
        self._begin = begin
        self._most = most
        # With the spec itself, so that its id stays its own.
        self._pasts: OrderedDict[int, tuple[object, _Past]] = OrderedDict()

    def of(self, spec: object) -> _Past:
        """Return what is remembered for a spec: to be changed in place."""
        if id(spec) not in self._pasts:
            self._pasts[id(spec)] = (spec, self._begin())
        self._pasts.move_to_end(id(spec))
        if len(self._pasts) > self._most:
            self._pasts.popitem(last=False)
        return self._pasts[id(spec)][1]
