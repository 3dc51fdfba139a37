"""A hospital measured through an upgrade, on a real database, with all that stands outside of it:
what its agents hold, its witness, a stamping authority."""

import asyncio
import io
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Final

from aiohttp import web

from agent.acknowledgement import InconsistentError, size_of
from agent.acknowledgement import Verifier as Beholder
from agent.cursors import Cursor
from agent.seal import Sealed
from collector.api.app import make_app, make_runner
from collector.courier.receipt import witness_token
from collector.errors import RefusedError
from collector.evidence.bundle import Keys
from collector.evidence.verification import Verification
from collector.evidence.verify import verify
from collector.exporting import Export, export
from collector.record.catalogue import read_catalogue
from collector.record.stamped import Stamped
from collector.register.applying import apply
from collector.register.planning import Announcement, Where, announce, close, finish, start
from collector.register.sealing import Sealer
from collector.register.stamps import ask, keep_stamp, stamps_due
from collector.store.acknowledging import Ack
from collector.store.commit import COLLECTOR, GapError
from collector.store.enrolment import enrol, read_request
from collector.store.ingest import Ingest
from collector.store.pool import Pool, open_pool, transaction
from collector.store.telemetry import Telemetry
from collector.store.tenants import ensure_tenant
from collector.store.tokens import create_token
from collector.witness.client import LogClient
from collector.witness.folder import read_identity
from collector.witness.opening import log_of, make_witness, open_witness
from collector.witness.rounds import Cosigned
from probes.model.checkpoint import origin_of, read_checkpoint, verifier_key
from probes.model.instant import HOUR, MINUTE, format_instant, parse_instant
from probes.model.interval import Interval
from probes.model.keys import SigningKey
from tests.collector.conftest import Clock
from tests.collector.evidence.dated import AUTHORITY, token_over
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT, Sender, columns
from tests.collector.test_assess import CATALOGUE
from tests.servers.timestamps import pem

PLAN: Final = Interval(NOON_US + HOUR, NOON_US + 2 * HOUR)
# A day before: the agreed notice is three.
ANNOUNCED_US: Final = PLAN.start - 24 * HOUR
VANTAGES: Final = ("accueil-03", "labo-02")

_LOG_NAME: Final = origin_of(TENANT, LOG_KEY.verifying_key.key_id)
_LOG_VKEY: Final = verifier_key(_LOG_NAME, LOG_KEY.verifying_key)
_BATCHES_BEFORE: Final = 6
_BATCHES: Final = 9
_ROWS: Final = 60
_LOST_S: Final = range(4200, 5400)


class Guard(Enum):
    """Who else looked at the log before it was attacked, beside the agents."""

    NOBODY = auto()
    WITNESS = auto()
    AUTHORITY = auto()


@dataclass
class AgentSide:
    """What an agent holds: its batches, and the checkpoint it was shown last."""

    sender: Sender
    sent: list[bytes] = field(default_factory=list)
    cursor: Cursor = field(default_factory=Cursor)

    def believe(self, ack: Ack, data: bytes) -> None:
        """Take an acknowledgement, as the agent's own code judges it."""
        beholder = Beholder(self.sender.agent, TENANT, (LOG_KEY.verifying_key,))
        batch = Sealed(ack.number, 0, ack.number, "", data, gzipped=False)
        self.cursor = beholder.cursor_after(_fields(ack), batch, self.cursor)


def _fields(ack: Ack) -> dict[str, object]:
    return {
        "agent": ack.agent,
        "batch": ack.number,
        "index": ack.index,
        "checkpoint": ack.checkpoint,
        "inclusion": [b64encode(each).decode() for each in ack.inclusion],
        "consistency": [b64encode(each).decode() for each in ack.consistency],
    }


class _Ingest(Ingest):
    """An ingest whose agents get no answer once it has died, as of a collector that ended."""

    running: asyncio.Task[None]

    async def submit(self, data: bytes, *, seen: int = 0) -> Ack:
        """Submit, unless writing has ended or ends over it."""
        answer = asyncio.create_task(super().submit(data, seen=seen))
        await asyncio.wait([answer, self.running], return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            raise RefusedError("the collector has ended")
        return await answer


@dataclass
class Hospital:
    """All of it; `pool` is open on the database, of which the attacker is superuser."""

    guard: Guard
    pool: Pool
    dsn: str
    folder: Path
    clock: Clock
    agents: list[AgentSide]
    where: Where

    @property
    def sealer(self) -> Sealer:
        """Who seals in the name of the collector."""
        return Sealer(LOG_KEY, self.clock)

    @property
    def pinned(self) -> Keys:
        """What an auditor knows beforehand."""
        witness = self.guard is Guard.WITNESS
        authority = self.guard is Guard.AUTHORITY
        return Keys(
            _LOG_VKEY,
            (read_identity(self.folder).verifier_key(),) if witness else (),
            (pem(AUTHORITY.root).decode(),) if authority else (),
        )

    async def send(self, agent: AgentSide, data: bytes, ingest: Ingest) -> None:
        """Send a batch as the agent does: from the one the collector asks for on."""
        agent.sent.append(data)
        waiting = agent.sent[-1:]
        while waiting:
            try:
                ack = await ingest.submit(waiting[0], seen=size_of(agent.cursor.checkpoint))
            except GapError as gap:
                waiting = agent.sent[gap.expected - 1 :]
            else:
                agent.believe(ack, waiting.pop(0))

    async def measure(self, first: int, end: int) -> None:
        """Let every agent send the batches of these numbers, ten minutes each."""
        async with self.collecting() as ingest:
            for number in range(first, end):
                for agent in self.agents:
                    await self.send(agent, seal_batch(agent.sender, number), ingest)

    @asynccontextmanager
    async def collecting(self) -> AsyncIterator[Ingest]:
        """Take batches while the block runs."""
        ingest = _Ingest(self.pool, LOG_KEY, self.clock, Telemetry())
        task = asyncio.create_task(ingest.run())
        ingest.running = task
        try:
            yield ingest
        finally:
            ingest.close()
            await asyncio.wait([task])
            if not task.exception():
                await task

    async def enrol(self, sender: Sender) -> AgentSide:
        """Enrol an agent."""
        async with transaction(self.pool) as connection:
            tenant_id = await ensure_tenant(connection, TENANT)
            token = await create_token(connection, tenant_id, now_us=self.clock())
            request = read_request(sender.request())
            await enrol(connection, request, token, key=LOG_KEY, now_us=self.clock)
        self.agents.append(AgentSide(sender))
        return self.agents[-1]

    async def guarded(self) -> None:
        """Let the guard look at the log, if there is one."""
        if self.guard is Guard.WITNESS:
            await self.look()
        elif self.guard is Guard.AUTHORITY:
            await self.stamp()

    async def stamp(self) -> None:
        """Have stamped what waits for it, five minutes after it was sealed."""
        for waiting in await stamps_due(self.pool, self.clock()):
            asked = await ask(self.pool, self.sealer, waiting)
            at = format_instant(self.clock() + 5 * MINUTE)
            compact = "".join(each for each in at[:19] if each.isdigit()) + "Z"
            token = token_over(read_checkpoint(asked.note), at=compact.encode())
            stamp = Stamped(asked.size, parse_instant(at), None, "CN=Horodatage", token)
            await keep_stamp(self.pool, self.sealer, asked, stamp, COLLECTOR)

    async def look(self) -> Cosigned | None:
        """Let the witness make its round, at the collector's own interface."""
        if not self.folder.exists():
            make_witness(self.folder, "temoin.ch-exemple.example", time.time)
        async with self.collecting() as ingest:
            app = make_app(self.pool, ingest, LOG_KEY, self.clock, ingest.telemetry)
            runner = make_runner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            try:
                return await asyncio.to_thread(self._round, f"http://{host}:{port}")
            finally:
                await runner.cleanup()

    def _round(self, url: str) -> Cosigned | None:
        client = LogClient(url, TENANT, witness_token(LOG_KEY, TENANT))
        log = log_of(TENANT, _LOG_VKEY)
        with open_witness(self.folder, log, client, time.time, mirror=False) as witness:
            return witness.round()

    async def agents_refuse(self) -> bool:
        """Let the agents of the upgrade send one more batch; say whether one is shown a fork."""
        async with self.collecting() as ingest:
            for agent in self.agents[: len(VANTAGES)]:
                data = seal_batch(agent.sender, agent.sender.number)
                try:
                    await self.send(agent, data, ingest)
                except InconsistentError:
                    return True
        return False

    async def exported(self) -> bytes:
        """The bundle of the window."""
        file = io.BytesIO()
        await export(self.pool, self.sealer, self.where, "auditor", file, Export())
        return file.getvalue()

    def verified(self, bundle: bytes) -> Verification:
        """What an auditor finds in a bundle."""
        return verify(io.BytesIO(bundle), self.pinned)


def seal_batch(sender: Sender, number: int) -> bytes:
    """The next batch of an agent: ten minutes of both checks; the service is lost at 13:10."""
    first_s = number * 600
    row = "".join("D" if first_s + 10 * place in _LOST_S else "U" for place in range(_ROWS))
    return sender.seal(
        columns(row, first_s=first_s, check="dpi-login"),
        columns("U" * _ROWS, first_s=first_s + 3, check="dpi-hl7"),
    )


@asynccontextmanager
async def announced(
    dsn: str,
    folder: Path,
    guard: Guard,
    *,
    at_us: int = ANNOUNCED_US,
    catalogue: Path = CATALOGUE,
) -> AsyncIterator[Hospital]:
    """Yield a hospital in a new database, once its window is announced."""
    clock = Clock("2026-11-08T00:00:00Z")
    clock.now_us = at_us
    async with open_pool(dsn, size=4) as pool:
        sealer = Sealer(LOG_KEY, clock)
        await apply(pool, sealer, read_catalogue(catalogue), "client")
        window = await announce(pool, sealer, Announcement(TENANT, "dpi", PLAN), "vendor")
        where = Where(TENANT, window.id, "dpi")
        yield Hospital(guard, pool, dsn, folder, clock, [], where)


async def begin(hospital: Hospital) -> None:
    """Let its agents be enrolled and measure an hour."""
    await hospital.guarded()
    hospital.clock.now_us = NOON_US
    for vantage in VANTAGES:
        key = SigningKey.from_seed(vantage.encode().ljust(32, b"."))
        await hospital.enrol(Sender(vantage=vantage, key=key))
    await hospital.measure(0, _BATCHES_BEFORE)


async def conclude(hospital: Hospital) -> None:
    """Let the operation run as planned and its window be closed a day later."""
    hospital.clock.now_us = PLAN.start
    await start(hospital.pool, hospital.sealer, hospital.where, PLAN.start, "vendor")
    await hospital.guarded()
    await hospital.measure(_BATCHES_BEFORE, _BATCHES)
    hospital.clock.now_us = PLAN.end + 30 * MINUTE
    await finish(hospital.pool, hospital.sealer, hospital.where, PLAN.end, "vendor")
    hospital.clock.now_us = PLAN.end + 30 * HOUR
    await close(hospital.pool, hospital.sealer, hospital.where, "vendor")
    await hospital.guarded()
