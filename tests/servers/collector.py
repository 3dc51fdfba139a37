"""A collector in memory that takes nothing on trust, and can be told to misbehave.

It speaks the agent's side of the protocol only: the clock, enrolment, batches. Every envelope is
decoded strictly, its signature verified, its place in the chain compared; the same batch again is
acknowledged again. Mishaps are taken one for each request, until there are none left.
"""

import asyncio
import json
import ssl
import time
from base64 import b64encode
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from hashlib import sha256
from typing import TypeAlias, cast

from aiohttp import web

from agent.acknowledgement import Verifier
from probes.model.batch import NO_PREVIOUS, Batch
from probes.model.canonical import MalformedError, decode_object, text
from probes.model.envelope import BATCH_TYPE, ENROLMENT_TYPE, ENVELOPE_MEDIA_TYPE, Envelope
from probes.model.keys import SigningKey, VerifyingKey, WeakKeyError
from tests.servers.provable import checkpoint_of, proven

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Mishap(Enum):
    """What can go wrong with one request."""

    UNAVAILABLE = auto()  # 503, with a Retry-After of 0 s
    BROKEN = auto()  # 500 and a page
    CUT_BEFORE = auto()  # the connection is cut and the request not heeded
    CUT_AFTER = auto()  # the request is heeded and the connection cut
    SILENT = auto()  # heeded, and not answered until the collector stops
    NOT_JSON = auto()  # heeded, and answered with a page
    NOT_INCLUDED = auto()  # heeded, and the proof is of something else
    NOT_OURS = auto()  # heeded, and the acknowledgement names another batch


class Refusal(Exception):  # noqa: N818 - an answer of the protocol, not a fault of ours
    """A request that is not heeded, and the answer it gets."""

    def __init__(self, status: int, code: str, reason: str, **more: object) -> None:
        self.status = status
        self.fields = {"error": code, "reason": reason, **more}


@dataclass
class Chain:
    """What is known of one agent."""

    key: VerifyingKey
    token: str
    vantage: str
    batches: list[Batch] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    refusal: str = ""


@dataclass
class Collector:
    """One collector of one hospital; `tokens` can each be used once.

    Its clock is ahead by `offset_us`; asked for the time it says `told`, if that is set.
    """

    tenant: str = "CH-EXEMPLE"
    tokens: set[str] = field(default_factory=lambda: {"once"})
    offset_us: int = 0
    told: object = None
    announced_key: str = ""
    retry_after: str = "0"
    url: str = ""
    chains: dict[str, Chain] = field(default_factory=dict)
    log: list[bytes] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    mishaps: deque[Mishap] = field(default_factory=deque)
    key: SigningKey = field(default_factory=SigningKey.generate)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0

    def trust(self, key: VerifyingKey, vantage: str = "accueil-03") -> Chain:
        """Enrol a key without a token."""
        return self.chains.setdefault(key.key_id, Chain(key, "", vantage))

    async def answered(self, requests: int) -> None:
        """Wait until so many requests were dealt with."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.requests) - self.at_once >= requests)

    async def received(self, agent: str, batches: int) -> list[Batch]:
        """Wait until there are so many batches of an agent; return them."""
        async with self.changed:
            await self.changed.wait_for(lambda: len(self.chains[agent].batches) >= batches)
        return self.chains[agent].batches

    async def answer_clock(self, _: web.Request) -> web.StreamResponse:
        now_us = time.time_ns() // 1_000 + self.offset_us
        return web.json_response({"now_us": now_us} if self.told is None else self.told)

    async def answer_enrolment(self, request: web.Request) -> web.StreamResponse:
        try:
            envelope = Envelope.decode(await request.read())
            fields = decode_object(envelope.payload)
            key = VerifyingKey.from_raw(bytes.fromhex(text(fields, "public_key")))
            vantage = text(fields, "vantage")
        except (MalformedError, WeakKeyError, ValueError) as error:
            raise Refusal(400, "malformed", str(error)) from None
        if envelope.payload_type != ENROLMENT_TYPE or not envelope.signed_by(key):
            raise Refusal(400, "malformed", "not signed by the key it enrols")
        self._use_token(request.headers["Authorization"].removeprefix("Bearer "), key, vantage)
        answer = {
            "tenant": self.tenant,
            "agent": key.key_id,
            "collector_key": self.announced_key or self.key.verifying_key.raw.hex(),
        }
        return web.json_response(answer, status=201)

    async def answer_batch(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != ENVELOPE_MEDIA_TYPE:
            raise Refusal(400, "malformed", f"content type {request.content_type}")
        body = await request.read()
        try:
            envelope = Envelope.decode(body)
            batch = Batch.decode(envelope.payload)
        except MalformedError as error:
            raise Refusal(400, "malformed", str(error)) from None
        chain = self._chain_of(batch)
        if envelope.payload_type != BATCH_TYPE or not envelope.signed_by(chain.key):
            raise Refusal(400, "malformed", "the signature is not the agent's")
        self._place(chain, batch, sha256(envelope.payload).hexdigest(), body)
        seen = int(request.headers["Constat-Seen"])
        answer = {"agent": batch.agent, "batch": batch.number}
        return web.json_response({**answer, **self.proven(self.log.index(body), seen)})

    def verifier(self, agent: str) -> Verifier:
        """What an agent of this collector holds it to."""
        return Verifier(agent, self.tenant, (self.key.verifying_key,))

    def checkpoint(self) -> str:
        """The head of the log, signed."""
        return checkpoint_of(self.log, self.tenant, self.key)

    def proven(self, index: int, seen: int) -> dict[str, object]:
        """What an acknowledgement says of the log."""
        return proven(self.log, self.tenant, self.key, index, seen)

    def forget(self, agent: str, *, batches: int) -> None:
        """Keep only some batches of an agent, as a collector restored from a copy does."""
        chain = self.chains[agent]
        del chain.batches[batches:], chain.digests[batches:], self.log[batches:]

    def _use_token(self, token: str, key: VerifyingKey, vantage: str) -> None:
        known = self.chains.get(key.key_id)
        if known is None and token not in self.tokens:
            raise Refusal(401, "bad_token", "the token is unknown, used or expired")
        if known is not None and known.token != token:
            raise Refusal(409, "key_enrolled", "the key is enrolled already")
        self.tokens.discard(token)
        self.chains[key.key_id] = known or Chain(key, token, vantage)

    def _chain_of(self, batch: Batch) -> Chain:
        chain = self.chains.get(batch.agent)
        if chain is None:
            raise Refusal(403, "unknown_agent", "this agent was never enrolled")
        if chain.refusal:
            raise Refusal(403, chain.refusal, f"this agent is {chain.refusal}")
        if (batch.tenant, batch.vantage) != (self.tenant, chain.vantage):
            raise Refusal(400, "malformed", "not of the vantage point that was enrolled")
        return chain

    def _place(self, chain: Chain, batch: Batch, digest: str, body: bytes) -> None:
        expected = len(chain.batches) + 1
        if batch.number > expected:
            raise Refusal(409, "gap", "batches are missing", expected={"batch": expected})
        if batch.number < expected and chain.digests[batch.number - 1] == digest:
            return
        if batch.number < expected or (batch.previous, batch.first) != _end_of(chain):
            chain.refusal = "frozen"
            raise Refusal(409, "fork", f"batch {batch.number} is not the one that is here")
        chain.batches.append(batch)
        chain.digests.append(digest)
        self.log.append(body)


def _end_of(chain: Chain) -> tuple[str, int]:
    if not chain.batches:
        return NO_PREVIOUS, 1
    return chain.digests[-1], chain.batches[-1].last + 1


@asynccontextmanager
async def running(
    collector: Collector, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[Collector]:
    """Run a collector on loopback; `port` 0 takes a free one."""

    @web.middleware
    async def misbehave(request: web.Request, handler: Handler) -> web.StreamResponse:
        collector.requests.append(f"{request.method} {request.path}")
        collector.at_once += 1
        collector.most_at_once = max(collector.most_at_once, collector.at_once)
        mishap = collector.mishaps.popleft() if collector.mishaps else None
        try:
            early = _before(collector, mishap, request)
            if early is not None:
                return early
            return await _after(collector, mishap, request, await handler(request))
        except Refusal as refusal:
            return web.json_response(refusal.fields, status=refusal.status)
        finally:
            collector.at_once -= 1
            async with collector.changed:
                collector.changed.notify_all()

    app = web.Application(middlewares=[misbehave], client_max_size=1 << 20)
    app.router.add_get("/v1/clock", collector.answer_clock)
    app.router.add_post("/v1/enrol", collector.answer_enrolment)
    app.router.add_post("/v1/batches", collector.answer_batch)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls)
    await site.start()
    host, bound = runner.addresses[0][:2]
    collector.url = f"{'https' if tls else 'http'}://{host}:{bound}"
    try:
        yield collector
    finally:
        collector.stopping.set()
        await runner.cleanup()


def _before(
    collector: Collector, mishap: Mishap | None, request: web.Request
) -> web.Response | None:
    """Return what is answered instead of heeding the request, if so."""
    if mishap is Mishap.UNAVAILABLE:
        busy = {"error": "busy", "reason": "try later"}
        return web.json_response(busy, status=503, headers={"Retry-After": collector.retry_after})
    if mishap is Mishap.BROKEN:
        return web.Response(text="<h1>Bad gateway</h1>", status=502)
    return _cut(request) if mishap is Mishap.CUT_BEFORE else None


async def _after(
    collector: Collector,
    mishap: Mishap | None,
    request: web.Request,
    answer: web.StreamResponse,
) -> web.StreamResponse:
    """Return what is answered after the request was heeded."""
    if mishap is Mishap.CUT_AFTER:
        return _cut(request)
    if mishap is Mishap.SILENT:
        await collector.stopping.wait()
    if mishap is Mishap.NOT_JSON:
        return web.Response(text="<h1>Welcome to the guest network</h1>")
    if mishap is Mishap.NOT_OURS:
        return web.json_response({"agent": "0" * 32, "batch": 1, **collector.proven(0, 0)})
    if mishap is Mishap.NOT_INCLUDED:
        answered = json.loads(cast("web.Response", answer).text or "")
        return web.json_response({**answered, "inclusion": [b64encode(bytes(32)).decode()]})
    return answer


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
