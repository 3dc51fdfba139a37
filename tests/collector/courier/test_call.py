"""Programs are called with a signature they can verify, until they say that they heard."""

import base64
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook as Verifier

from collector.courier.courier import Courier
from collector.register.planning import Where
from collector.register.sealing import Sealer
from collector.settings import Post, Webhook
from collector.store.letters import Letter, letters_of
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from probes.model.instant import MINUTE
from tests.collector.conftest import Clock
from tests.collector.courier.conftest import HOSPITAL

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@dataclass
class Program:
    """What a program heard, and the next statuses it answers with."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def hear(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append((headers, await request.read()))
        status = self.statuses.pop(0) if self.statuses else 204
        return web.Response(status=status, headers={"Location": "/elsewhere"})


@asynccontextmanager
async def listening() -> AsyncIterator[Program]:
    program = Program()
    app = web.Application()
    app.router.add_post("/hook", program.hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    program.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield program
    finally:
        await runner.cleanup()


def post_to(program: Program, folder: Path, secret: str = SECRET) -> Post:
    (folder / "secret").write_text(f"{secret}\n")
    return Post(webhooks=(Webhook("supervision", program.url, folder / "secret"),))


async def letter_to_it(pool: Pool, where: Where) -> Letter:
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        found = await letters_of(connection, tenant_id, where.window_id)
    [letter] = [letter for letter in found if letter.channel == "webhook"]
    return letter


async def test_a_program_verifies_what_it_is_told(
    register: Pool, sealer: Sealer, clock: Clock, window: Where, tmp_path: Path
) -> None:
    del clock
    async with listening() as program:
        await Courier(register, sealer, post_to(program, tmp_path)).round()
        [(headers, body)] = program.heard

    # The reference implementation compares times, so only the signature is checked by it.
    verifier = Verifier(SECRET)
    signed = verifier.sign(headers["webhook-id"], _seconds(headers), body.decode())
    assert headers["webhook-signature"] == signed
    assert headers["webhook-id"] == f"CH-EXEMPLE/{window.window_id}/0/webhook/supervision"
    assert b'"type": "window.announced"' in body
    assert b'"start": "2026-11-14T21:00:00+00:00"' in body


async def test_a_program_that_fails_is_told_again_and_one_that_is_gone_is_not(
    register: Pool, sealer: Sealer, clock: Clock, window: Where, tmp_path: Path
) -> None:
    async with listening() as program:
        program.statuses = [500, 410]
        courier = Courier(register, sealer, post_to(program, tmp_path))
        await courier.round()
        assert (await letter_to_it(register, window)).answer == "status 500"
        clock.advance(MINUTE)
        await courier.round()

    letter = await letter_to_it(register, window)
    assert (letter.state, letter.answer, letter.attempts) == ("refused", "status 410", 2)


@pytest.mark.parametrize("status", [302, 404])
async def test_only_success_is_a_receipt(
    register: Pool, sealer: Sealer, window: Where, tmp_path: Path, status: int
) -> None:
    async with listening() as program:
        program.statuses = [status]
        await Courier(register, sealer, post_to(program, tmp_path)).round()
        assert len(program.heard) == 1

    assert (await letter_to_it(register, window)).state == "queued"


async def test_a_secret_that_is_none_calls_nobody(
    register: Pool, sealer: Sealer, window: Where, tmp_path: Path
) -> None:
    async with listening() as program:
        await Courier(register, sealer, post_to(program, tmp_path, "hello")).round()
        assert program.heard == []

    letter = await letter_to_it(register, window)
    assert (letter.state, letter.answer) == ("queued", "a webhook secret begins with whsec_")


def _seconds(headers: dict[str, str]) -> dt.datetime:
    return dt.datetime.fromtimestamp(int(headers["webhook-timestamp"]), dt.UTC)
