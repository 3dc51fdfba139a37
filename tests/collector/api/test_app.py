"""The HTTP interface: what it says to agents, and to whoever means it harm."""

import asyncio
import gzip
import json
from base64 import b64decode
from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession

from collector.api import body as body_module
from collector.api import ingest as ingest_module
from collector.api.answers import RETRY_AFTER_S
from collector.store.pool import Pool, transaction
from collector.store.tenants import ensure_tenant
from collector.store.tokens import create_token
from probes.model.checkpoint import read_checkpoint
from probes.model.merkle import leaf_hash, verify_inclusion
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT, Sender, columns, enrolled
from tests.promtool import find_no_fault


async def _post(
    client: ClientSession, data: bytes | BytesIO, **headers: str
) -> tuple[int, dict[str, Any]]:
    async with client.post("/v1/batches", data=data, headers=headers) as response:
        return response.status, await response.json()


async def _token(pool: Pool) -> str:
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, TENANT)
        return await create_token(connection, tenant_id, now_us=NOON_US)


async def test_a_batch_is_acknowledged(pool: Pool, client: ClientSession) -> None:
    sender, _ = await enrolled(pool)
    encoded = sender.seal(columns())
    status, ack = await _post(client, encoded)
    assert status == 200
    assert (ack["agent"], ack["batch"], ack["index"], ack["seen"]) == (sender.agent, 1, 1, 0)
    head = read_checkpoint(ack["checkpoint"].encode()).checkpoint
    included = [b64decode(each) for each in ack["inclusion"]]
    verify_inclusion(leaf_hash(encoded), 1, head.size, included, head.root)
    assert await _post(client, encoded) == (200, ack)


@pytest.mark.parametrize("seen", ["-1", "1" * 20, "x", "\u0661"])
async def test_a_size_that_is_none_is_refused(pool: Pool, client: ClientSession, seen: str) -> None:
    sender, _ = await enrolled(pool)
    status, fault = await _post(client, sender.seal(columns()), **{"Constat-Seen": seen})
    assert (status, fault["error"]) == (400, "malformed")


async def test_a_batch_may_come_compressed(pool: Pool, client: ClientSession) -> None:
    sender, _ = await enrolled(pool)
    packed = gzip.compress(sender.seal(columns()))
    status, _ = await _post(client, packed, **{"Content-Encoding": "gzip"})
    assert status == 200


async def test_refusals_name_their_kind(pool: Pool, client: ClientSession) -> None:
    sender, _ = await enrolled(pool)
    first = sender.seal(columns())
    sender.seal(columns())
    gap = await _post(client, sender.seal(columns()))
    assert gap == (
        409,
        {"error": "gap", "expected": {"batch": 1}, "reason": "batch 1 is expected"},
    )
    await _post(client, first)
    status, fork = await _post(client, Sender(key=sender.key).seal(columns("DDD")))
    assert (status, fork["error"]) == (409, "fork")
    status, frozen = await _post(client, first)
    assert (status, frozen["error"]) == (403, "frozen")
    status, unknown = await _post(client, Sender().seal(columns()))
    assert (status, unknown["error"]) == (403, "unknown_agent")


async def test_what_is_no_batch_is_malformed(client: ClientSession) -> None:
    deep = b"[" * 20_000
    for data in (b"", b"{}", b"\xff", deep, b'{"payload":1e999}', b'{"a":1,"a":2}'):
        status, refusal = await _post(client, data)
        assert (status, refusal["error"]) == (400, "malformed")


async def test_a_body_that_is_not_what_it_says_is_malformed(client: ClientSession) -> None:
    whole = gzip.compress(b"{}")
    for data, coding in (
        (b"no gzip", "gzip"),
        (whole[:-4], "gzip"),
        (whole + b"more", "gzip"),
        (b"{}", "br"),
    ):
        status, refusal = await _post(client, data, **{"Content-Encoding": coding})
        assert (status, refusal["error"]) == (400, "malformed")


async def test_a_body_may_not_grow_beyond_its_cap(client: ClientSession) -> None:
    bomb = gzip.compress(bytes(64 << 20))
    status, refusal = await _post(client, bomb, **{"Content-Encoding": "gzip"})
    assert (status, refusal["error"]) == (413, "too_large")
    status, refusal = await _post(client, BytesIO(b" " * (3 << 20)))
    assert (status, refusal["error"]) == (413, "too_large")


async def test_a_body_that_stops_coming_is_cut_off(
    client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_module, "READ_TIMEOUT_S", 0.05)
    url = client._base_url
    assert url is not None
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"POST /v1/batches HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert b" 408 " in head
    assert json.loads(body)["error"] == "slow_body"
    writer.close()
    await writer.wait_closed()


async def test_beyond_so_many_requests_the_next_come_later(
    pool: Pool, client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, _ = await enrolled(pool)
    encoded = sender.seal(columns())
    for limit in ("MOST_AT_ONCE", "MOST_BYTES_AT_ONCE"):
        with monkeypatch.context() as limited:
            limited.setattr(ingest_module, limit, 0)
            async with client.post("/v1/batches", data=encoded) as response:
                assert (response.status, response.headers["Retry-After"]) == (
                    503,
                    str(RETRY_AFTER_S),
                )
    status, _ = await _post(client, encoded)
    assert status == 200


async def test_without_a_database_agents_are_told_to_come_again(
    pool: Pool, client: ClientSession
) -> None:
    sender, _ = await enrolled(pool)
    await _post(client, sender.seal(columns()))
    pool.terminate()
    async with client.post("/v1/batches", data=sender.seal(columns())) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, str(RETRY_AFTER_S))
        assert (await response.json())["error"] == "unavailable"
    async with client.get("/v1/health") as response:
        assert response.status == 503


async def test_an_agent_is_enrolled_and_told_whom_to_trust(
    pool: Pool, client: ClientSession
) -> None:
    sender, token = Sender(), await _token(pool)
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(2):  # the first answer may have been lost
        async with client.post("/v1/enrol", data=sender.request(), headers=headers) as response:
            assert response.status == 201
            assert await response.json() == {
                "tenant": TENANT,
                "agent": sender.agent,
                "collector_key": LOG_KEY.verifying_key.raw.hex(),
            }


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic eA=="}, {"Authorization": "Bearer x"}]
)
async def test_without_a_good_token_nobody_is_enrolled(
    client: ClientSession, headers: dict[str, str]
) -> None:
    async with client.post("/v1/enrol", data=Sender().request(), headers=headers) as response:
        assert response.status == 401
        assert (await response.json())["error"] == "token"


async def test_a_key_enrolled_elsewhere_is_a_conflict(pool: Pool, client: ClientSession) -> None:
    sender, _ = await enrolled(pool)
    moved = Sender("urgences-01", key=sender.key).request()
    headers = {"Authorization": f"Bearer {await _token(pool)}"}
    async with client.post("/v1/enrol", data=moved, headers=headers) as response:
        assert (response.status, (await response.json())["error"]) == (409, "enrolled")


async def test_a_request_that_is_no_request_is_malformed(client: ClientSession) -> None:
    for data in (b"{}", Sender().request(kind="satellite"), b" " * (17 << 10)):
        async with client.post("/v1/enrol", data=data) as response:
            assert response.status in (400, 413)


async def test_the_clock_tells_the_time(client: ClientSession) -> None:
    async with client.get("/v1/clock") as response:
        assert await response.json() == {"now_us": NOON_US}


@pytest.mark.metrics
async def test_health_and_figures_are_there_and_prometheus_finds_no_fault_in_them(
    pool: Pool, client: ClientSession
) -> None:
    sender, _ = await enrolled(pool)
    await _post(client, sender.seal(columns()))
    async with client.get("/v1/health") as response:
        assert await response.json() == {"status": "ok"}
    async with client.get("/metrics") as response:
        figures = await response.text()
    assert 'constat_ingest_batches_total{result="appended"} 1.0' in figures
    assert "constat_ingest_measurements_total 3.0" in figures
    await find_no_fault(figures)


async def test_paths_and_methods_that_are_not_there_are_answered_in_json(
    client: ClientSession,
) -> None:
    async with client.get("/v1/nowhere") as response:
        assert (response.status, (await response.json())["error"]) == (404, "http")
    async with client.put("/v1/batches") as response:
        assert (response.status, (await response.json())["error"]) == (405, "http")
