"""Dial, TLS and deadlines with the time of every step; what went wrong becomes a `Failure` here."""

from typing import Protocol


class Clock(Protocol):
    """A monotonic clock, in microseconds; its zero means nothing."""

    def __call__(self) -> int:
        """Return the time now."""
        ...
