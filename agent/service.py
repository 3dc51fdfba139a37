"""One agent at work: runner, spool, sealer; for each collector a pusher and the clock exchange.

It works until it is told to stop. When a part of it breaks, `broken` has that part's error: a
restart by whatever started the agent mends more than an agent that goes on without its spool.
A collector that cannot be reached breaks nothing.
"""

import asyncio
import logging
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Final, Self

from agent.acknowledgement import Verifier
from agent.clock import SystemClock
from agent.config import Config
from agent.identity import Identity, load_identity
from agent.keys import UnusableStateError, check_private, load_key
from agent.link import Link
from agent.push import Condition, Pusher
from agent.runner import Runner
from agent.sample import Sample
from agent.seal import Forge, Run, forge_for
from agent.sealer import keep_sealing, seal_all
from agent.snapshot import (
    Delivery,
    Snapshot,
    SpoolState,
    check_state,
    collector_state,
    self_check_state,
)
from agent.space import Capacity
from agent.spool import Spool
from agent.tally import Tally
from agent.timekeeper import Timekeeper

STOP_WITHIN_S: Final = 2.0
FLUSH_WITHIN_S: Final = 3.0
SPOOL_FILE: Final = "spool.sqlite"
_FLUSH_POLL_S: Final = 0.05

_LOG: Final = logging.getLogger(__name__)


class NotEnrolledError(Exception):
    """No identity is kept here yet, or that of another vantage point."""


class Service:
    """A running agent; `open` makes one, `stop` ends it."""

    def __init__(self, config: Config, version: str, spool: Spool) -> None:
        self.config = config
        self.version = version
        self.clock = SystemClock()
        self.tally = Tally(check.kind.name for check in config.measured)
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._started_at_us = self.clock.read().wall_us
        self._spool = spool
        self._stored: asyncio.Future[Any] | None = None
        self._timekeeper = Timekeeper(self.clock, [each.url for each in config.collectors])
        self._runner = Runner(config.vantage, config.measured, self.clock, self._keep, self.tally)
        self._deliveries: list[Delivery] = []
        self._resources = AsyncExitStack()

    @classmethod
    async def open(cls, config: Config, version: str) -> Self:
        """Take up the state folder and begin to measure.

        Raises `NotEnrolledError`, `UnusableStateError`, `SpoolError`, or `TrustError` for
        authorities that cannot be read.
        """
        identity, forge = signer(config)
        spool = await Spool.open(config.state_dir / SPOOL_FILE, _capacity(config))
        service = cls(config, version, spool)
        service._resources.push_async_callback(spool.close)
        try:
            await service._begin(identity, forge)
        except BaseException:
            await service._resources.aclose()
            raise
        return service

    async def _begin(self, identity: Identity, forge: Forge) -> None:
        self._identity, self._forge = identity, forge
        intervals_us = {check.name: check.cadence.interval_us for check in self.config.measured}
        run = Run(self.clock.boot_id, self.version, self.config.digest, intervals_us)
        await self._spool.claim(identity.agent, [each.url for each in self.config.collectors])
        recalled = await self._spool.begin(run, self._timekeeper.reading)
        if recalled is not None:
            self._timekeeper.recall(recalled)
        for collector in self.config.collectors:
            ca_file = Path(collector.ca_file) if collector.ca_file else None
            link = Link(collector.url, ca_file, f"constat-agent/{self.version}")
            await self._resources.enter_async_context(link)
            verifier = Verifier(identity.agent, identity.tenant, identity.log_keys(link.url))
            delivery = Delivery(collector.name, link.url, Pusher(link, self._spool, verifier))
            self._deliveries.append(delivery)
            self._tend(asyncio.create_task(self._timekeeper.keep(link)))
            self._tend(asyncio.create_task(delivery.pusher.run()))
        self._sealer = asyncio.create_task(keep_sealing(self._spool, forge))
        self._tend(self._sealer)
        self._runner.failed.add_done_callback(self._note_end)
        self._runner.start()

    async def stop(self) -> Snapshot | None:
        """End what runs, seal and send what there is, as far as a few seconds allow.

        Returns the last snapshot, None if the agent is broken.
        """
        try:
            abandoned = await self._runner.stop(STOP_WITHIN_S)
            if abandoned:
                _LOG.info("%d probes were abandoned", abandoned)
            return None if self.broken.done() else await self._hand_over()
        finally:
            await self._resources.aclose()

    async def _hand_over(self) -> Snapshot:
        """Seal what was measured and wait until each collector that answers has it."""
        await _cancel(self._sealer)
        if self._stored is not None:
            await self._stored
        await seal_all(self._spool, self._forge)
        last = (await self._spool.held()).next_batch - 1
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_WITHIN_S):
                for delivery in self._deliveries:
                    await self._delivered(delivery, last)
        return await self.snapshot()

    async def _delivered(self, delivery: Delivery, last: int) -> None:
        while delivery.pusher.standing.condition is Condition.SERVED:
            if (await self._spool.cursor(delivery.url)).batch >= last:
                return
            await asyncio.sleep(_FLUSH_POLL_S)

    async def snapshot(self) -> Snapshot:
        """Return the state of the agent now."""
        now = self.clock.read()
        held = await self._spool.held()
        cursors = [await self._spool.cursor(delivery.url) for delivery in self._deliveries]
        histories = self._runner.histories
        return Snapshot(
            vantage=self.config.vantage,
            tenant=self._identity.tenant,
            agent=self._identity.agent,
            agent_version=self.version,
            config=self.config.digest,
            boot_id=self.clock.boot_id,
            started_at_us=self._started_at_us,
            taken_at_us=now.wall_us,
            running=self._runner.running,
            spool=SpoolState(
                held.depth, held.lost, held.next_batch - 1, held.used_bytes, held.scarce
            ),
            collectors=tuple(
                collector_state(each, cursor, self._timekeeper.estimate(each.url), now)
                for each, cursor in zip(self._deliveries, cursors, strict=True)
            ),
            checks=tuple(
                check_state(check, histories[check.name], now) for check in self.config.checks
            ),
            references=tuple(
                check_state(each, histories[each.name], now) for each in self.config.references
            ),
            self_check=self_check_state(self._runner.self_check, now),
        )

    def _tend(self, task: asyncio.Task[None]) -> None:
        task.add_done_callback(self._note_end)
        self._resources.push_async_callback(_cancel, task)

    def _keep(self, sample: Sample) -> None:
        self._stored = self._spool.record(sample)
        self._stored.add_done_callback(self._note_end)

    def _note_end(self, part: asyncio.Future[Any]) -> None:
        # A pusher whose chain has forked ends without an error, and the others go on.
        error = None if part.cancelled() else part.exception()
        if error is not None and not self.broken.done():
            self.broken.set_exception(error)


def signer(config: Config) -> tuple[Identity, Forge]:
    """Return who this machine is, and how it signs; `NotEnrolledError` says what to do first."""
    enrol = f"run constat-agent enrol --config {config.path} first"
    if not config.collectors:
        raise NotEnrolledError(f"cannot run: {config.path} names no collector")
    try:
        check_private(config.state_dir, wanted=0o700)
    except FileNotFoundError:
        raise NotEnrolledError(f"cannot run: {config.vantage} is not enrolled; {enrol}") from None
    except OSError as error:
        raise UnusableStateError(f"cannot use {config.state_dir}: {error.strerror}") from None
    key, identity = load_key(config.state_dir), load_identity(config.state_dir)
    if key is None or identity is None:
        raise NotEnrolledError(f"cannot run: {config.vantage} is not enrolled; {enrol}")
    if identity.vantage != config.vantage:
        raise NotEnrolledError(
            f"cannot run: {config.state_dir} belongs to {identity.vantage}, not to"
            f" {config.vantage}; use another state_dir"
        )
    return identity, forge_for(identity, key)


def _capacity(config: Config) -> Capacity:
    if config.spool.max_bytes is not None:
        return Capacity(config.spool.max_bytes)
    intervals_us = [check.cadence.interval_us for check in config.measured]
    return Capacity.holding(intervals_us, config.spool.keep_days)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
