"""What is fuzzed: a reader, good inputs for it, how to alter them, and what must always hold."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

LONGEST_COMPLAINT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Target:
    """One reader of what comes from elsewhere.

    `read` returns for an input that is understood, and checks then that it was understood in full;
    for any other it raises one of `refusals`, whose text is one short line for a person. `cost` is
    how many times fewer runs it gets than others, because a run takes so much longer.
    """

    name: str
    read: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]
    alter: Callable[[Random, bytes], bytes]
    cost: int = 1

    def run(self, data: bytes) -> bool:
        """Return whether an input is understood; any exception but a refusal is a finding."""
        try:
            self.read(data)
        except self.refusals as refusal:
            complaint = str(refusal)
            if not complaint.isprintable() or not 0 < len(complaint) <= LONGEST_COMPLAINT:
                raise AssertionError(f"no line for a person: {complaint[:200]!r}") from refusal
            return False
        return True

    @property
    def longest(self) -> int:
        """How long an altered input may be."""
        return 2 * max(8192, *map(len, self.seeds))

    def altered(self, random: Random) -> bytes:
        """Return one of the seeds, altered once or a few times."""
        data = random.choice(self.seeds)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            data = self.alter(random, data)
        return data
