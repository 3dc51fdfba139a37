"""Ingest: batches are made durable, each exactly once, and only then acknowledged.

Batches that arrive while a transaction is under way wait together for the next one, so that under
load they share its price. One task writes, and nothing cancels it inside a transaction. When the
database is lost, whoever waits is told so and comes again; a batch that was committed all the same
is recognised then and acknowledged.
"""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import Final, NamedTuple

import asyncpg

from collector.errors import ConstatError, RefusedError
from collector.store.acknowledging import Ack
from collector.store.agents import Agent, find_agent
from collector.store.commit import (
    Committer,
    ForkError,
    GapError,
    Outcome,
    ShutOutError,
    Submission,
)
from collector.store.header_writer import HeaderWriter
from collector.store.log import SealedRow, UnsoundLogError
from collector.store.packing import Header
from collector.store.pool import (
    Connection,
    DatabaseUnavailableError,
    Pool,
    connected,
    is_lost,
    lost_connections_explained,
)
from collector.store.received import Received, read_batch, read_envelope
from collector.store.telemetry import Telemetry
from collector.store.tenants import TenantId
from probes.model.envelope import Envelope
from probes.model.keys import KeyId, SigningKey
from probes.model.merkle import leaf_hash

MOST_WAITING: Final = 1024
MOST_WAITING_BYTES: Final = 128 << 20
MOST_TOGETHER: Final = 256
MOST_PER_AGENT: Final = 4

_LARGE: Final = 16 << 10
_LOG: Final = logging.getLogger(__name__)


class UnknownAgentError(RefusedError):
    """No agent of that key was ever enrolled."""


class BusyError(RefusedError):
    """Too much is waiting; come again later."""


class AgentBusyError(RefusedError):
    """One agent has too many batches waiting; come again later."""


class _Waiting(NamedTuple):
    submission: Submission
    outcome: "asyncio.Future[Outcome]"


class Ingest:
    """Takes batches of any agent of any hospital; `run` must be running."""

    def __init__(
        self, pool: Pool, key: SigningKey, now_us: Callable[[], int], telemetry: Telemetry
    ) -> None:
        self._pool = pool
        self.telemetry = telemetry
        self._committer = Committer(key, now_us)
        self._headers = HeaderWriter(pool)
        self._agents: dict[KeyId, Agent] = {}
        self._distrusted: dict[TenantId, str] = {}
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._under_way: dict[KeyId, int] = {}
        self._arrived = asyncio.Event()
        self._closing = False

    async def submit(self, data: bytes, *, seen: int = 0) -> Ack:
        """Make the batch of an encoded envelope durable, and return where it is in the log.

        `seen` is the size of the log that its agent was last shown.

        Raises `MalformedError`, `TooLargeError`, `UnknownAgentError`, `ShutOutError`, `GapError`,
        `ForkError`, `BusyError`, `AgentBusyError`, `UnsoundLogError` or `DatabaseUnavailableError`.
        """
        if self._closing or self._is_full():
            raise BusyError("too many batches are waiting")
        envelope = read_envelope(data)
        key_id = envelope.signatures[0].key_id
        agent = await self._agent(key_id)
        self.check_trusted(agent.tenant_id)
        if self._under_way.get(key_id, 0) >= MOST_PER_AGENT:
            raise AgentBusyError("this agent has too many batches waiting")
        self._under_way[key_id] = self._under_way.get(key_id, 0) + 1
        try:
            submission = await self._submission(agent, envelope, data)
            outcome = await self._outcome(submission._replace(seen=seen))
        finally:
            self._under_way[key_id] -= 1
            if not self._under_way[key_id]:
                del self._under_way[key_id]
        if isinstance(outcome, Ack):
            return outcome
        raise outcome

    def distrust(self, tenant_id: TenantId, reason: str) -> None:
        """Take no more batches of a hospital: its log is not what was signed."""
        self._distrusted[tenant_id] = reason

    def check_trusted(self, tenant_id: TenantId) -> None:
        """Raise `UnsoundLogError` when the log of a hospital must not be signed any more."""
        if tenant_id in self._distrusted:
            raise UnsoundLogError(self._distrusted[tenant_id])

    async def run(self) -> None:
        """Write what arrives until closed; never cancel this, call `close`."""
        while await self._batches_wait():
            try:
                async with connected(self._pool) as connection:
                    await self._write_all(connection)
            except DatabaseUnavailableError as fault:
                self._give_up(self._take(len(self._waiting)), fault)

    def close(self) -> None:
        """Take no more batches; `run` returns when those waiting are written."""
        self._closing = True
        self._arrived.set()

    async def _agent(self, key_id: KeyId) -> Agent:
        agent = self._agents.get(key_id)
        if agent is None:
            async with connected(self._pool) as connection:
                agent = await find_agent(connection, key_id)
            if agent is None:
                raise UnknownAgentError(f"no agent {key_id} is enrolled here")
            self._agents[key_id] = agent
        return agent

    async def _submission(self, agent: Agent, envelope: Envelope, data: bytes) -> Submission:
        """Read and pack a batch; a large one in a thread, so that nobody waits for it meanwhile."""
        if len(data) < _LARGE:
            received = read_batch(agent, envelope, data)
            return _packed(received, await self._headers.header_for(agent, received.batch))
        received = await asyncio.to_thread(read_batch, agent, envelope, data)
        header = await self._headers.header_for(agent, received.batch)
        return await asyncio.to_thread(_packed, received, header)

    async def _outcome(self, submission: Submission) -> Outcome:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(submission, future))
        self._waiting_bytes += len(submission.received.encoded)
        self._arrived.set()
        return await future

    def _is_full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING or self._waiting_bytes >= MOST_WAITING_BYTES

    def _take(self, most: int) -> list[_Waiting]:
        group = self._waiting[:most]
        del self._waiting[:most]
        self._waiting_bytes -= sum([len(each.submission.received.encoded) for each in group])
        self.telemetry.waiting.set(len(self._waiting))
        return group

    async def _batches_wait(self) -> bool:
        """Wait until there are batches to write; False when there will be none any more."""
        while not self._waiting and not self._closing:
            self._arrived.clear()
            await self._arrived.wait()
        return bool(self._waiting)

    async def _write_all(self, connection: Connection) -> None:
        """Write group after group on one connection, for as long as it lasts."""
        while await self._batches_wait():
            group = self._take(MOST_TOGETHER)
            try:
                with lost_connections_explained():
                    await self._write(connection, group)
            except DatabaseUnavailableError as fault:
                self._give_up(group, fault)
                await self._pool.expire_connections()  # the others will be just as dead
                return

    async def _write(self, connection: Connection, group: list[_Waiting]) -> None:
        """Commit a group and tell each submitter; one that fails must not hold up the others."""
        began = monotonic()
        try:
            async with connection.transaction():
                submissions = [each.submission for each in group]
                outcomes = await self._committer.commit(connection, submissions)
        except Exception as fault:
            if is_lost(fault):
                raise
            if len(group) > 1:
                for each in group:
                    await self._write(connection, [each])
                return
            self._give_up(group, self._refused(group[0], fault))
            return
        self._count(group, outcomes, monotonic() - began)
        for each, outcome in zip(group, outcomes, strict=True):
            if not each.outcome.done():
                each.outcome.set_result(outcome)

    def _refused(self, waiting: _Waiting, fault: Exception) -> ConstatError:
        """Return what to tell of a batch that cannot be written; its log may have been damaged."""
        _LOG.error("a batch could not be written: %s", fault, exc_info=fault)
        if isinstance(fault, asyncpg.PostgresError):
            return DatabaseUnavailableError(f"cannot be written: {fault}")
        reason = str(fault) or "what is stored is not what was appended"
        self.distrust(waiting.submission.row.tenant_id, reason)
        return UnsoundLogError(reason)

    def _give_up(self, group: list[_Waiting], fault: ConstatError) -> None:
        for each in group:
            if not each.outcome.done():
                each.outcome.set_exception(fault)

    def _count(self, group: list[_Waiting], outcomes: list[Outcome], seconds: float) -> None:
        self.telemetry.commit_batches.observe(len(group))
        self.telemetry.commit_seconds.observe(seconds)
        for each, outcome in zip(group, outcomes, strict=True):
            appended = isinstance(outcome, Ack) and not outcome.repeated
            self.telemetry.batches.labels(_result(outcome)).inc()
            if appended:
                self.telemetry.measurements.inc(each.submission.received.batch.measured)


def _packed(received: Received, header: Header) -> Submission:
    row = SealedRow(
        received.agent.tenant_id,
        leaf_hash(received.encoded),
        received.packed(header),
        kind=None,
        agent_id=received.agent.agent_id,
        number=received.batch.batch,
    )
    return Submission(received, row)


def _result(outcome: Outcome) -> str:
    match outcome:
        case Ack():
            return "repeated" if outcome.repeated else "appended"
        case ShutOutError():
            return outcome.state
        case GapError():
            return "gap"
        case ForkError():
            return "fork"
