"""The vantage point checks itself: its references run in rounds, and witness for its failures.

A failure that needs a witness waits for a round that was not decided when it was seen. However many
wait, they wait for one: a round that is under way, or the next. A round is decided as soon as one
reference across the network answered and loopback did not fail; that takes no longer than the
slowest timeout of a reference, and its start no longer than that again, when a round that was
decided already is still waiting for its last answers.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from agent.check import Check
from agent.clock import Clock
from agent.measure import Taken
from agent.vantage import (
    AFTERMATH_US,
    Round,
    Standing,
    ruling,
    standing_of,
    standing_of_loopback,
    without_network,
)
from agent.witness import Reach, answered, proves_network, reach_of
from probes.model.instant import MILLISECOND, SECOND
from probes.model.measurement import Observation, Outcome

_SPACING_US: Final = 250 * MILLISECOND

Take: TypeAlias = Callable[[Check], Awaitable[Taken]]
Spawn: TypeAlias = Callable[[Coroutine[Any, Any, None]], object]

_LOG: Final = logging.getLogger(__name__)


class SelfCheck:
    """The references of one vantage point.

    `take` measures a reference and records it, `spawn` runs a round by itself. What rounds found is
    kept as long as a probe that lasts `longest_us` could overlap them. `rounds` counts them by what
    they found of the network, `withheld` the failures that became `unknown` for it.
    """

    def __init__(
        self, references: Iterable[Check], clock: Clock, take: Take, spawn: Spawn, longest_us: int
    ) -> None:
        self.references = tuple(references)
        self.last: Round | None = None
        self.rounds: Counter[Standing] = Counter()
        self.withheld = 0
        self._loopback = {
            each.name for each in self.references if reach_of(each.spec) is Reach.LOOPBACK
        }
        self._clock = clock
        self._take = take
        self._spawn = spawn
        self._kept_us = 2 * longest_us + SECOND + AFTERMATH_US
        self._rounds: deque[Round] = deque()
        self._running: _Round | None = None
        self._next: asyncio.Future[None] | None = None
        self._last_start_us = 0

    @property
    def offline(self) -> bool:
        """Whether the last round found the vantage point without a network."""
        return self.last is not None and self.last.network is Standing.OFFLINE

    def doubts(self, check: Check, observation: Observation) -> bool:
        """Return whether an observation may be the vantage point's own fault."""
        if not self.references or observation.outcome is not Outcome.DOWN:
            return False
        if reach_of(check.spec) is Reach.LOOPBACK and not self._loopback:
            return False
        return not proves_network(observation)

    async def witnessed(self, check: Check, taken: Taken) -> Observation:
        """Return what a doubtful observation becomes once the references were asked."""
        await self._confirm()
        # The round that was waited for began before now, whenever the probe ended.
        span = (taken.start.boottime_us, self._clock.now_us())
        standing = ruling(tuple(self._rounds), *span, reach_of(check.spec))
        if standing is Standing.ONLINE:
            return taken.observation
        self.withheld += 1
        return without_network(taken.observation, standing)

    async def round(self) -> None:
        """Run a round now; one that is under way will do."""
        if self._running is None:
            await self._run()
        else:
            await asyncio.wait([self._running.ended])

    async def _confirm(self) -> None:
        """Wait for a round that is decided after now."""
        if self._running is not None and not self._running.decided.done():
            await asyncio.wait([self._running.decided])
            return
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            self._spawn(self._run_next(self._next))
        await asyncio.wait([self._next])

    async def _run_next(self, awaited: "asyncio.Future[None]") -> None:
        """Run the round that is waited for, unless one has begun before it could."""
        if self._running is not None:
            await asyncio.wait([self._running.ended])
        rest_us = self._last_start_us + _SPACING_US - self._clock.now_us()
        if rest_us > 0:
            await asyncio.sleep(rest_us / SECOND)
        if self._next is awaited:
            await self._run()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        decided, self._next = self._next or loop.create_future(), None
        self._last_start_us = self._clock.now_us()
        self._running = _Round(self._last_start_us, decided, loop.create_future())
        try:
            await asyncio.gather(*(self._ask(each, self._running) for each in self.references))
        finally:
            self._running.end()
            self._running = None

    async def _ask(self, reference: Check, running: "_Round") -> None:
        taken = await self._take(reference)
        of_loopback = reference.name in self._loopback
        answers = running.loopback if of_loopback else running.network
        answers.append(answered(taken.observation))
        if not running.decided.done() and self._is_decided(running):
            self._note(running.found(self._clock.now_us()))
            running.decided.set_result(None)

    def _is_decided(self, running: "_Round") -> bool:
        """Return whether no further answer can change what a round says."""
        network, loopback = running.network, running.loopback
        if len(network) + len(loopback) == len(self.references):
            return True
        across = any(network) or len(self._loopback) == len(self.references)
        return across and (any(loopback) or not self._loopback)

    def _note(self, found: Round) -> None:
        was_offline, self.last = self.offline, found
        self.rounds[found.network] += 1
        if self.offline and not was_offline:
            _LOG.warning("no reference answers: this vantage point has lost its network")
        if was_offline and found.network is Standing.ONLINE:
            _LOG.info("references answer again")
        self._rounds.append(found)
        # The last one before a probe counts, too.
        while len(self._rounds) > 1 and self._rounds[1].end_us < found.end_us - self._kept_us:
            self._rounds.popleft()


@dataclass(slots=True, eq=False)
class _Round:
    """A round under way: when it began, the answers so far, and who waits for it."""

    start_us: int
    decided: "asyncio.Future[None]"
    ended: "asyncio.Future[None]"
    network: list[bool | None] = field(default_factory=list)
    loopback: list[bool | None] = field(default_factory=list)

    def found(self, now_us: int) -> Round:
        """Return what its answers say."""
        network = standing_of(self.network, self.loopback)
        return Round(self.start_us, now_us, network, standing_of_loopback(self.loopback))

    def end(self) -> None:
        """Let everybody go on who waits, even for a round that broke."""
        for waited_for in (self.decided, self.ended):
            if not waited_for.done():
                waited_for.set_result(None)
