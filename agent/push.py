"""Bringing the chain of batches to one collector, in order, one at a time, for ever.

What passes (no network, a busy server) is tried again after a random wait that grows to a minute.
What does not pass by itself (this agent is unknown, frozen or revoked, a batch is refused) is tried
again every ten minutes and shown. A fork on either side ends it: two machines sign with one key, or
the collector shows another log than before. To send more would only bury the proof.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from enum import StrEnum
from random import SystemRandom
from typing import Final

from agent.acknowledgement import InconsistentError, Verifier, size_of
from agent.cursors import Cursor
from agent.link import Answer, Link, UnreachableError
from agent.seal import Sealed
from agent.spool import Spool
from probes.model.canonical import MalformedError, integer, mapping

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 60.0
REFUSED_WAIT_S: Final = 600.0

_LOG: Final = logging.getLogger(__name__)
_RANDOM: Final = SystemRandom()


class Condition(StrEnum):
    """How it goes with one collector."""

    SERVED = "served"
    RETRYING = "retrying"
    REFUSED = "refused"
    BEHIND = "behind"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class Standing:
    """How it goes with one collector, and in one line why, when it does not go well."""

    condition: Condition = Condition.SERVED
    reason: str = ""


class Pusher:
    """Sends one agent's batches to one collector.

    `acknowledged_s` is when a batch was last acknowledged, by the event loop's clock;
    `failed_attempts` counts all that were not.
    """

    def __init__(self, link: Link, spool: Spool, verifier: Verifier) -> None:
        self.standing = Standing()
        self.acknowledged_s: float | None = None
        self.failed_attempts = 0
        self._link = link
        self._spool = spool
        self._verifier = verifier
        self._failures = 0

    async def run(self) -> None:
        """Push until the end of time, or until the chains have forked."""
        while self.standing.condition is not Condition.FORKED:
            wait_s = await self.step()
            await asyncio.sleep(wait_s)

    async def step(self) -> float:
        """Send the next batch as soon as there is one; return how long to wait afterwards."""
        cursor = await self._spool.cursor(self._link.url)
        if cursor.halted:
            self._stand(Condition.FORKED, cursor.halted)
            return 0.0
        batch = await self._next(cursor.batch + 1)
        if batch is None:
            return self._behind(cursor.batch + 1)
        try:
            answer = await self._link.post_batch(
                batch.body, gzipped=batch.gzipped, seen=size_of(cursor.checkpoint)
            )
        except UnreachableError as error:
            return self._retry(str(error))
        return await self._heed(answer, batch, cursor)

    async def _next(self, number: int) -> Sealed | None:
        """Wait for a batch of the chain; None when it is not held any more."""
        while True:
            sealed = self._spool.sealed
            batch = await self._spool.batch(number)
            if batch is not None:
                return batch
            if number < await self._spool.oldest_batch():
                return None
            await sealed.wait()

    async def _heed(self, answer: Answer, batch: Sealed, cursor: Cursor) -> float:
        reason = f"{self._link.url} refused batch {batch.number}: {answer.reason}"
        match answer.status, answer.error:
            case 200, _:
                return await self._acknowledged(answer, batch, cursor)
            case 409, "gap":
                return await self._rewind(answer, batch, cursor)
            case 409, "fork":
                return await self._halt(replace(cursor, halted=reason))
            case ((400 | 403 | 409 | 413), _):
                self._stand(Condition.REFUSED, reason)
                return REFUSED_WAIT_S
            case _:
                return self._retry(reason, answer.retry_after_s)

    async def _acknowledged(self, answer: Answer, batch: Sealed, before: Cursor) -> float:
        try:
            cursor = self._verifier.cursor_after(answer.fields, batch, before)
        except InconsistentError as error:
            reason = (
                f"{self._link.url} shows another log than before: {error}; both checkpoints are"
                " kept, tell the hospital and the operator of the collector"
            )
            return await self._halt(replace(before, halted=reason, refused=error.note))
        except MalformedError as error:
            return self._retry(f"cannot use the acknowledgement of {self._link.url}: {error}")
        await self._spool.move_cursor(self._link.url, cursor)
        self._failures = 0
        self.acknowledged_s = asyncio.get_running_loop().time()
        self._stand(Condition.SERVED, "")
        return 0.0

    async def _halt(self, cursor: Cursor) -> float:
        await self._spool.move_cursor(self._link.url, cursor)
        self._stand(Condition.FORKED, cursor.halted)
        return 0.0

    async def _rewind(self, answer: Answer, batch: Sealed, cursor: Cursor) -> float:
        """Go back to the batch the collector expects, as after it was restored from a copy."""
        try:
            expected = integer(mapping(answer.fields, "expected"), "batch")
        except MalformedError as error:
            return self._retry(f"cannot use the answer of {self._link.url}: {error}")
        held = await self._spool.batch(expected) if expected < batch.number else None
        if held is None:
            return self._behind(expected)
        back = replace(cursor, batch=held.number - 1, sample=held.first - 1)
        await self._spool.move_cursor(self._link.url, back)
        return self._retry(f"{self._link.url} expects batch {expected} again")

    def _behind(self, expected: int) -> float:
        reason = (
            f"{self._link.url} lacks batch {expected}, which is not held any more: nothing later "
            "can be delivered to it; enrol this machine again with an empty state folder"
        )
        self._stand(Condition.BEHIND, reason)
        return REFUSED_WAIT_S

    def _retry(self, reason: str, asked_s: float = 0.0) -> float:
        """Note a failure that may pass; return what was asked for and a random wait on top.

        All of the wait is random ("full jitter"): agents that lost one collector together must not
        come back together.
        """
        self._stand(Condition.RETRYING, reason)
        self._failures += 1
        return asked_s + _RANDOM.uniform(0.0, longest_wait_s(self._failures))

    def _stand(self, condition: Condition, reason: str) -> None:
        self.failed_attempts += condition is not Condition.SERVED
        if condition is not self.standing.condition:
            if condition is Condition.SERVED:
                _LOG.info("%s takes batches again", self._link.url)
            else:
                level = logging.WARNING if condition is Condition.RETRYING else logging.ERROR
                _LOG.log(level, "%s", reason)
        self.standing = Standing(condition, reason)


def longest_wait_s(failures: int) -> float:
    """Return the most to wait after so many failures in a row."""
    doublings = min(failures - 1, 16)  # far beyond the limit, and no huge number
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**doublings)
