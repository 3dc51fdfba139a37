"""What is kept when there is no room for everything: every change of outcome, on both its sides.

Of a check that does not change, only the newest sample is held, in memory. When the check changes,
the sample held is kept together with the one that shows the change: the two bound the instant of
the change as tightly as if nothing had been dropped. Every sample dropped is counted.
"""

from collections.abc import Iterable
from typing import NamedTuple

from agent.sample import Sample


class Arrival(NamedTuple):
    """A sample on its way into the spool; `changed` when its check had another outcome before."""

    sample: Sample
    changed: bool


class Kept(NamedTuple):
    """A sample to store; `place` is its index among the arrivals, None if it was held before."""

    sample: Sample
    place: int | None


class Thinning:
    """Chooses what to keep of the samples that arrive while room is scarce."""

    def __init__(self) -> None:
        self._held: dict[str, Kept] = {}
        self._dropped = 0

    def choose(self, arrivals: Iterable[Arrival]) -> list[Kept]:
        """Return what to store of these arrivals, and of the samples held before, in order."""
        chosen: list[Kept] = []
        for place, (sample, changed) in enumerate(arrivals):
            held = self._held.pop(sample.check, None)
            if not changed:
                self._held[sample.check] = Kept(sample, place)
                self._dropped += held is not None
                continue
            if held is not None:
                chosen.append(held)
            chosen.append(Kept(sample, place))
        self._held = {check: Kept(kept.sample, None) for check, kept in self._held.items()}
        return chosen

    def take_dropped(self) -> int:
        """Return how many were dropped since this was asked last."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def release(self) -> list[Sample]:
        """Return the samples held, and hold none: there is room again."""
        held = [kept.sample for kept in self._held.values()]
        self._held.clear()
        return held
