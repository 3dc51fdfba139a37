"""A small collector on loopback: it checks what it is sent as a real one does, and keeps it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256

from aiohttp import web

from probes.model.batch import NO_PREVIOUS, Batch, CheckColumns
from probes.model.canonical import decode_object, text
from probes.model.envelope import BATCH_TYPE, ENROLMENT_TYPE, Envelope
from probes.model.keys import SigningKey, VerifyingKey
from tests.servers.provable import proven

TOKEN = "a-token-that-serves-once"
TENANT = "CH-EXEMPLE"


class TestCollector:
    """Every batch in its order, and who sent it."""

    __test__ = False

    def __init__(self) -> None:
        self.url = ""
        self.agents: dict[str, VerifyingKey] = {}
        self.batches: list[Batch] = []
        self.arrived = asyncio.Condition()
        self._previous = NO_PREVIOUS
        self._log: list[bytes] = []
        self._key = SigningKey.generate()

    async def clock(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"now_us": time.time_ns() // 1_000})

    async def enrol(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "token", "reason": "unknown token"}, status=401)
        envelope = Envelope.decode(await request.read())
        fields = decode_object(envelope.payload)
        key = VerifyingKey.from_raw(bytes.fromhex(text(fields, "public_key")))
        assert envelope.payload_type == ENROLMENT_TYPE
        assert envelope.signed_by(key)
        self.agents[key.key_id] = key
        answer = {
            "tenant": TENANT,
            "agent": key.key_id,
            "collector_key": self._key.verifying_key.raw.hex(),
        }
        return web.json_response(answer, status=201)

    async def take(self, request: web.Request) -> web.Response:
        envelope = Envelope.decode(await request.read())
        batch = Batch.decode(envelope.payload)
        if batch.agent not in self.agents:
            return web.json_response({"error": "unknown_agent", "reason": "who?"}, status=403)
        assert envelope.payload_type == BATCH_TYPE
        assert envelope.signed_by(self.agents[batch.agent])
        assert (batch.number, batch.previous) == (len(self.batches) + 1, self._previous)
        self._previous = sha256(envelope.payload).hexdigest()
        async with self.arrived:
            self.batches.append(batch)
            self.arrived.notify_all()
        self._log.append(envelope.encode())
        seen = int(request.headers["Constat-Seen"])
        proofs = proven(self._log, TENANT, self._key, len(self._log) - 1, seen)
        return web.json_response({"agent": batch.agent, "batch": batch.number, **proofs})

    def columns(self, check: str) -> list[CheckColumns]:
        return [each for batch in self.batches for each in batch.checks if each.check == check]

    def outcomes(self, check: str) -> str:
        """The letters of all measurements of a check so far."""
        return "".join(columns.outcomes for columns in self.columns(check))

    async def until_seen(self, check: str, outcome: str) -> None:
        """Wait until a check was measured with an outcome."""
        await self.until(lambda: outcome in self.outcomes(check))

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait until what arrived is enough."""
        async with self.arrived:
            await self.arrived.wait_for(seen)


@asynccontextmanager
async def collecting(listen: str = "127.0.0.1") -> AsyncIterator[TestCollector]:
    """Run a collector for as long as the block lasts."""
    collector = TestCollector()
    application = web.Application()
    application.router.add_get("/v1/clock", collector.clock)
    application.router.add_post("/v1/enrol", collector.enrol)
    application.router.add_post("/v1/batches", collector.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, listen, 0).start()
        host, port = runner.addresses[0][:2]
        collector.url = f"http://{host}:{port}"
        yield collector
    finally:
        await runner.cleanup()
