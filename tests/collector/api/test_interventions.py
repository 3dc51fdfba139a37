"""Interventions that programs state over HTTP, with a token made for one hospital."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from collector.errors import ConfigurationError, NotFoundError
from collector.interventions import attended_in
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.sealing import Sealer
from collector.store.pool import Pool, connected, transaction
from collector.store.register_answers import Known, find_answer, keep_answer
from collector.store.register_tokens import (
    LONGEST_LIFE_US,
    create_register_token,
    revoke_register_tokens,
)
from collector.store.tenants import ensure_tenant, tenant_named
from probes.model.instant import DAY, HOUR, format_instant
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT

CATALOGUE = Path(__file__).parents[3] / "docs/examples/catalogue.yaml"
PLACE = f"/v1/hospitals/{TENANT}/interventions"
SACHA = {"person": "Sacha Legrand", "company": "Intégration SA", "purpose": "correctif"}
Answer = tuple[int, dict[str, str]]


@pytest.fixture
async def hospital(pool: Pool) -> Pool:
    """A database with the example's hospital in its register."""
    sealer = Sealer(LOG_KEY, lambda: NOON_US - DAY)
    await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
    return pool


async def _token(pool: Pool, tenant: str = TENANT, at_us: int = NOON_US) -> str:
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, tenant)
        return await create_register_token(
            connection, tenant_id, "bastion", now_us=at_us, life_us=HOUR
        )


async def _post(client: ClientSession, token: str, path: str, said: object) -> Answer:
    headers = {"Authorization": f"Bearer {token}"}
    async with client.post(path, json=said, headers=headers) as response:
        return response.status, await response.json()


async def test_a_program_starts_and_ends_an_intervention(
    hospital: Pool, client: ClientSession
) -> None:
    token = await _token(hospital)
    said = {**SACHA, "mode": "remote", "at": format_instant(NOON_US - HOUR)}
    status, made = await _post(client, token, PLACE, said)
    assert (status, made) == (
        201,
        {
            "intervention": "INT-2026-0001",
            "hospital": TENANT,
            "site": "principal",
            "start": "2026-11-09T12:00:00+01:00",
        },
    )
    end = f"{PLACE}/INT-2026-0001/end"
    status, ended = await _post(client, token, end, {})
    assert (status, ended["end"]) == (200, "2026-11-09T13:00:00+01:00")
    [attended] = await attended_in(hospital, TENANT)
    assert attended.intervention.author == "program bastion"
    assert attended.identity == ("Sacha Legrand", "Intégration SA")
    status, refused = await _post(client, token, end, {})
    assert (status, refused["error"]) == (409, "refused")


async def _post_once(
    client: ClientSession, token: str, key: str, path: str, said: object
) -> Answer:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    async with client.post(path, json=said, headers=headers) as response:
        return response.status, await response.json()


async def _get(client: ClientSession, token: str, query: str = "") -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"}
    async with client.get(f"{PLACE}{query}", headers=headers) as response:
        return response.status, await response.json()


async def test_a_request_sent_again_under_its_key_is_taken_once(
    hospital: Pool, client: ClientSession
) -> None:
    token, earlier = await _token(hospital), {**SACHA, "at": format_instant(NOON_US - HOUR)}
    key, other = '"8e03978e-40d5-43dd-bc93-6894a57f9324"', '"clé"'
    first, *again = await asyncio.gather(
        *(_post_once(client, token, key, PLACE, earlier) for _ in range(4))
    )
    assert first[0] == 201
    assert again == [first] * 3
    end = f"{PLACE}/INT-2026-0001/end"
    ends = [await _post_once(client, token, '"end-1"', end, {}) for _ in range(2)]
    assert ends[0] == ends[1]
    assert ends[0][0] == 200
    assert await _post_once(client, token, key, PLACE, earlier) == first  # as it was answered then
    assert len(await attended_in(hospital, TENANT)) == 1

    status, refused = await _post_once(client, token, key, PLACE, {**earlier, "purpose": "autre"})
    assert (status, refused["error"]) == (422, "key_reused")
    status, refused = await _post_once(client, token, other, PLACE, earlier)
    assert (status, refused["error"]) == (400, "malformed")
    assert len(await attended_in(hospital, TENANT)) == 1


async def test_what_was_refused_may_be_put_right_under_the_same_key(
    hospital: Pool, client: ClientSession
) -> None:
    token = await _token(hospital)
    wrong = {**SACHA, "site": "ailleurs"}
    assert (await _post_once(client, token, "k1", PLACE, wrong))[0] == 404
    assert (await _post_once(client, token, "k1", PLACE, SACHA))[0] == 201


async def test_keys_of_two_programs_are_not_the_same(hospital: Pool, client: ClientSession) -> None:
    async with transaction(hospital) as connection:
        tenant_id = await tenant_named(connection, TENANT)
        ticketing = await create_register_token(
            connection, tenant_id, "ticketing", now_us=NOON_US, life_us=HOUR
        )
    tokens = [await _token(hospital), ticketing]
    made = [await _post_once(client, token, "k1", PLACE, SACHA) for token in tokens]
    assert [said["intervention"] for _, said in made] == ["INT-2026-0001", "INT-2026-0002"]


async def test_a_key_is_forgotten_after_seven_days(pool: Pool) -> None:
    known = Known(b"x", b"{}")
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, TENANT)
        await keep_answer(connection, tenant_id, "bastion", "k1", known, NOON_US)
        last_us = NOON_US + 7 * DAY
        assert await find_answer(connection, tenant_id, "bastion", "k1", last_us - 1) == known
        assert await find_answer(connection, tenant_id, "bastion", "k1", last_us) is None
        await keep_answer(connection, tenant_id, "bastion", "k1", known, last_us)
        assert await connection.fetchval("SELECT count(*) FROM register_answer") == 1


async def test_a_program_reads_the_interventions_of_its_hospital(
    hospital: Pool, client: ClientSession
) -> None:
    token = await _token(hospital)
    old = {**SACHA, "at": format_instant(NOON_US - 41 * DAY)}
    await _post(client, token, PLACE, old)
    ended = {"at": format_instant(NOON_US - 40 * DAY)}
    await _post(client, token, f"{PLACE}/INT-2026-0001/end", ended)
    await _post(
        client, token, PLACE, {**SACHA, "mode": "remote", "at": format_instant(NOON_US - DAY - 1)}
    )
    status, said = await _get(client, token)
    assert (status, said["hospital"]) == (200, TENANT)
    assert said["since"] == format_instant(NOON_US - 31 * DAY)
    assert said["interventions"] == [
        {
            "intervention": "INT-2026-0002",
            "hospital": TENANT,
            "site": "principal",
            "start": "2026-11-08T12:59:59.999999+01:00",
            "purpose": "correctif",
            "author": "program bastion",
            "state": "overdue",
            "person": "Sacha Legrand",
            "company": "Intégration SA",
            "mode": "remote",
        }
    ]
    since = format_instant(NOON_US - 50 * DAY)
    _, said = await _get(client, token, f"?since={since}")
    assert [each["state"] for each in said["interventions"]] == ["ended", "overdue"]
    _, said = await _get(client, token, f"?window=MAJ-1&since={since}")
    assert said["interventions"] == []
    assert (await _get(client, token, "?since=hier"))[0] == 400
    assert (await _get(client, token, "?open=1"))[0] == 400


async def test_without_a_token_of_the_hospital_nothing_is_stated_or_learnt(
    hospital: Pool, client: ClientSession
) -> None:
    other = await _token(hospital, "CH-AUTRE")
    stale = await _token(hospital, at_us=NOON_US - HOUR)
    revoked = await _token(hospital)
    async with transaction(hospital) as connection:
        tenant_id = await tenant_named(connection, TENANT)
        assert await revoke_register_tokens(connection, tenant_id, "bastion") == 2
        with pytest.raises(NotFoundError, match="no program 'bastion' has a token"):
            await revoke_register_tokens(connection, tenant_id, "bastion")
    answers = [
        await _post(client, token, path, SACHA)
        for token in ("", "x", "x" * 200, other, stale, revoked)
        for path in (PLACE, f"{PLACE}/INT-2026-0001/end", "/v1/hospitals/CH-X/interventions")
    ]
    answers += [await _get(client, token) for token in ("", "x", other, stale, revoked)]
    # The same to all, whether the hospital or the intervention is there or not.
    assert {status for status, _ in answers} == {401}
    assert len({tuple(sorted(said.items())) for _, said in answers}) == 1
    assert await attended_in(hospital, TENANT) == []


async def test_a_token_that_has_just_expired_is_refused(
    hospital: Pool, client: ClientSession
) -> None:
    almost = await _token(hospital, at_us=NOON_US - HOUR + 1)
    assert (await _post(client, almost, PLACE, SACHA))[0] == 201
    gone = await _token(hospital, at_us=NOON_US - HOUR)
    assert (await _post(client, gone, PLACE, SACHA))[0] == 401


async def test_the_hash_of_a_token_is_kept_and_not_the_token(hospital: Pool) -> None:
    token = await _token(hospital)
    async with connected(hospital) as connection:
        kept = await connection.fetchval("SELECT string_agg(t::text, '') FROM register_token t")
        assert token not in kept
        assert token.encode().hex() not in kept
        tenant_id = await tenant_named(connection, TENANT)
        for life_us in (0, LONGEST_LIFE_US + 1):
            with pytest.raises(ConfigurationError, match="at most 366 days"):
                await create_register_token(
                    connection, tenant_id, "x", now_us=NOON_US, life_us=life_us
                )


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [
        ([], 400, "expected an object"),
        ({"purpose": "x"}, 400, "person"),
        ({**SACHA, "mode": "phone"}, 400, "mode: expected remote or on_site, not 'phone'"),
        ({**SACHA, "at": "2026-11-14T22:00"}, 400, "at: '2026-11-14T22:00' is not an RFC 3339"),
        ({**SACHA, "at": 5}, 400, "at: "),
        ({**SACHA, "windows": "MAJ-1"}, 400, "windows: is no field"),
        ({**SACHA, "purpose": ""}, 422, "purpose: expected some text"),
        ({**SACHA, "purpose": "x" * 9000}, 413, "at most 8192 bytes"),
        ({**SACHA, "at": "2099-01-01T00:00:00Z"}, 409, "still to come"),
        ({**SACHA, "window": "MAJ-1"}, 404, "there is no window MAJ-1"),
        ({**SACHA, "site": "ailleurs"}, 404, "there is no site 'ailleurs'"),
    ],
)
async def test_what_is_not_right_is_refused_with_the_reason(
    hospital: Pool, client: ClientSession, said: object, status: int, reason: str
) -> None:
    token = await _token(hospital)
    came, answered = await _post(client, token, PLACE, said)
    assert (came, reason in answered["reason"]) == (status, True), answered
    assert await attended_in(hospital, TENANT) == []


async def test_an_intervention_of_another_hospital_is_not_found(
    hospital: Pool, client: ClientSession
) -> None:
    await _post(client, await _token(hospital), PLACE, SACHA)
    other = await _token(hospital, "CH-AUTRE")
    end = "/v1/hospitals/CH-AUTRE/interventions/INT-2026-0001/end"
    assert (await _post(client, other, end, {}))[0] == 404
