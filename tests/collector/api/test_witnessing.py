"""What a hospital's log shows to its witness, on a real database; and a witness that reads it."""

import asyncio
import time
from base64 import b64decode
from pathlib import Path

import pytest
from aiohttp import ClientSession

from collector.api import witnessing as witnessing_module
from collector.courier.receipt import CALENDAR, proof_of, witness_token
from collector.record.entry import RegisterEntry
from collector.store.ingest import Ingest
from collector.store.log import append, entries
from collector.store.pool import Pool, connected, transaction
from collector.store.tenants import ensure_tenant
from collector.witness.client import LogClient
from collector.witness.errors import ForkedError, UnusableLogError
from collector.witness.folder import DATABASE_FILE
from collector.witness.opening import log_of, make_witness, open_witness, standing_of
from collector.witness.rounds import Cosigned
from collector.witness.state import open_state
from probes.model.checkpoint import cosign, origin_of, read_checkpoint, verifier_key
from probes.model.keys import SigningKey
from probes.model.merkle import EMPTY, leaf_hash, verify_consistency
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT, columns, enrolled

NAME = "temoin.ch-exemple.example"
WITNESS = SigningKey.from_seed(b"w" * 32)
TOKEN = {"Authorization": f"Bearer {witness_token(LOG_KEY, TENANT)}"}
LOG = f"/v1/hospitals/{TENANT}"


async def _grow(pool: Pool, count: int, author: str = "test") -> None:
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, TENANT)
        for number in range(count):
            entry = RegisterEntry(TENANT, "a", NOON_US, author, {"n": number})
            await append(connection, tenant_id, entry, LOG_KEY)


async def _get(client: ClientSession, path: str) -> str:
    async with client.get(f"{LOG}/{path}", headers=TOKEN) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Cache-Control"] == "no-store"
        return await response.text()


async def _refusal(
    client: ClientSession,
    method: str,
    path: str,
    *,
    data: bytes | None = None,
    headers: dict[str, str] = TOKEN,
) -> tuple[int, str]:
    async with client.request(method, path, data=data, headers=headers) as response:
        return response.status, (await response.json())["error"]


async def test_the_head_of_the_log_is_signed_once_for_each_size(
    pool: Pool, client: ClientSession
) -> None:
    await _grow(pool, 3)
    first = await _get(client, "checkpoint")
    assert await _get(client, "checkpoint") == first
    note = read_checkpoint(first.encode())
    origin = origin_of(TENANT, LOG_KEY.verifying_key.key_id)
    assert note.verified(origin, LOG_KEY.verifying_key).size == 3


async def test_a_log_that_was_found_changed_is_not_signed(
    pool: Pool, client: ClientSession, ingest: Ingest
) -> None:
    await _grow(pool, 3)
    await _get(client, "checkpoint")
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, TENANT)
    ingest.distrust(tenant_id, "entry 1 of the log is not what was appended")
    assert await _refusal(client, "GET", f"{LOG}/checkpoint") == (500, "unsound_log")


async def test_the_log_is_proven_to_continue_itself(pool: Pool, client: ClientSession) -> None:
    await _grow(pool, 3)
    old = read_checkpoint((await _get(client, "checkpoint")).encode()).checkpoint
    await _grow(pool, 600)
    new = read_checkpoint((await _get(client, "checkpoint")).encode()).checkpoint
    async with client.get(f"{LOG}/consistency?from=3&to=603", headers=TOKEN) as response:
        fields = await response.json()
    hashes = [b64decode(value) for value in fields["hashes"]]
    verify_consistency(old.size, new.size, old.root, new.root, hashes)


async def test_leaves_are_the_entries_as_they_were_hashed(
    pool: Pool, client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, _ = await enrolled(pool)
    batch = sender.seal(columns())
    async with client.post("/v1/batches", data=batch) as response:
        assert response.status == 200
    await _grow(pool, 5)
    shown = read_checkpoint((await _get(client, "checkpoint")).encode()).checkpoint
    leaves: list[bytes] = []
    monkeypatch.setattr(witnessing_module, "_ENOUGH_BYTES", 1)
    while len(leaves) < shown.size:
        path = f"{LOG}/leaves?from={len(leaves)}&count=500"
        async with client.get(path, headers=TOKEN) as response:
            leaves += [b64decode(value) for value in (await response.json())["leaves"]]
        monkeypatch.undo()
    assert leaves[1] == batch
    assert EMPTY.appended(map(leaf_hash, leaves))[0].root == shown.root


async def test_a_cosignature_is_kept_and_shown(pool: Pool, client: ClientSession) -> None:
    await _grow(pool, 3)
    checkpoint = read_checkpoint((await _get(client, "checkpoint")).encode()).checkpoint
    line = cosign(checkpoint, NAME, WITNESS, 1_800_000_000)
    for _ in range(2):
        async with client.post(f"{LOG}/cosignatures", data=f"3\n{line}", headers=TOKEN) as answer:
            assert (answer.status, await answer.json()) == (200, {"size": 3})
    note = read_checkpoint((await _get(client, "checkpoint")).encode())
    assert note.cosigned_at(NAME, WITNESS.verifying_key) == 1_800_000_000
    assert len(note.signatures) == 2
    await _grow(pool, 1)
    await _get(client, "checkpoint")
    assert await _get(client, f"cosignatures?name={NAME}") == note.text()
    unknown = await _refusal(client, "GET", f"{LOG}/cosignatures?name=autre")
    assert unknown == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("GET", "checkpoint"),
        ("GET", "consistency?from=0&to=1"),
        ("GET", "leaves?from=0&count=1"),
        ("GET", "cosignatures?name=a"),
        ("POST", "cosignatures"),
    ],
)
async def test_without_the_token_of_the_hospital_nothing_is_shown(
    pool: Pool, client: ClientSession, method: str, what: str
) -> None:
    await _grow(pool, 1)
    assert await _refusal(client, method, f"{LOG}/{what}", headers={}) == (401, "token")
    for authorization in (
        "",
        witness_token(LOG_KEY, TENANT),
        "Bearer ",
        "Bearer \u00e9",
        f"Bearer {witness_token(LOG_KEY, 'CH-AUTRE')}",
        f"Bearer {witness_token(WITNESS, TENANT)}",
        f"Bearer {proof_of(LOG_KEY, TENANT, CALENDAR)}",
    ):
        headers = {"Authorization": authorization}
        refused = await _refusal(client, method, f"{LOG}/{what}", headers=headers)
        assert refused == (401, "token"), authorization


async def test_a_token_of_a_hospital_that_is_not_there_finds_nothing(client: ClientSession) -> None:
    headers = {"Authorization": f"Bearer {witness_token(LOG_KEY, 'CH-AUTRE')}"}
    path = "/v1/hospitals/CH-AUTRE/checkpoint"
    assert await _refusal(client, "GET", path, headers=headers) == (404, "not_found")


async def test_what_was_not_signed_is_not_shown(pool: Pool, client: ClientSession) -> None:
    await _grow(pool, 3)
    await _get(client, "checkpoint")
    await _grow(pool, 2)
    for path in ("consistency?from=2&to=1", "consistency?from=0&to=4", "leaves?from=3&count=1"):
        assert await _refusal(client, "GET", f"{LOG}/{path}") == (404, "not_found"), path


async def test_what_is_no_number_is_refused(pool: Pool, client: ClientSession) -> None:
    await _grow(pool, 3)
    for path in (
        "consistency",
        "consistency?from=0",
        "consistency?from=-1&to=2",
        "consistency?from=0&to=9999999999999999",
        "consistency?from=%D9%A1&to=2",
        "leaves?from=0",
    ):
        assert await _refusal(client, "GET", f"{LOG}/{path}") == (400, "malformed"), path
    assert await _refusal(client, "GET", f"{LOG}/leaves?from=0&count=0") == (404, "not_found")


async def test_what_is_no_cosignature_is_refused(pool: Pool, client: ClientSession) -> None:
    await _grow(pool, 3)
    note = read_checkpoint((await _get(client, "checkpoint")).encode())
    line = cosign(note.checkpoint, NAME, WITNESS, 1_800_000_000)
    for body in (
        b"",
        b"\xff",
        b"3",
        b"3\n",
        b"x\n" + line.encode(),
        f"3\n{note.signatures[0].line()}".encode(),  # the log's own signature
        f"3\n{line}{line}".encode(),
    ):
        refused = await _refusal(client, "POST", f"{LOG}/cosignatures", data=body)
        assert refused == (400, "malformed"), body
    unsigned = f"2\n{line}".encode()
    assert await _refusal(client, "POST", f"{LOG}/cosignatures", data=unsigned) == (
        404,
        "not_found",
    )
    large = b"3\n" + b"x" * 3000
    assert await _refusal(client, "POST", f"{LOG}/cosignatures", data=large) == (413, "too_large")


async def test_a_checkpoint_stays_one_that_can_be_read(pool: Pool, client: ClientSession) -> None:
    await _grow(pool, 3)
    checkpoint = read_checkpoint((await _get(client, "checkpoint")).encode()).checkpoint
    for number in range(16):
        body = f"3\n{cosign(checkpoint, f'w{number}', WITNESS, 1)}"
        async with client.post(f"{LOG}/cosignatures", data=body, headers=TOKEN) as answer:
            assert answer.status == 200
    body = f"3\n{cosign(checkpoint, 'one.too.many', WITNESS, 1)}"
    refused = await _refusal(client, "POST", f"{LOG}/cosignatures", data=body.encode())
    assert refused == (409, "cosigned")
    assert len(read_checkpoint((await _get(client, "checkpoint")).encode()).signatures) == 17


class _Hospital:
    """A witness in a folder, in front of a real collector."""

    def __init__(self, folder: Path, client: ClientSession) -> None:
        self.folder = folder
        self.url = str(client._base_url)
        make_witness(folder, NAME, time.time)

    async def look(self, *, mirror: bool = False) -> Cosigned | None:
        return await asyncio.to_thread(self._look, mirror)

    def _look(self, mirror: bool) -> Cosigned | None:
        name = origin_of(TENANT, LOG_KEY.verifying_key.key_id)
        log = log_of(TENANT, verifier_key(name, LOG_KEY.verifying_key))
        client = LogClient(self.url, TENANT, witness_token(LOG_KEY, TENANT))
        with open_witness(self.folder, log, client, time.time, mirror=mirror) as witness:
            return witness.round()


@pytest.fixture
def hospital(tmp_path: Path, client: ClientSession) -> _Hospital:
    return _Hospital(tmp_path / "witness", client)


async def _tamper(pool: Pool, *statements: str) -> None:
    async with connected(pool) as connection:
        for statement in ("ALTER TABLE log DISABLE TRIGGER USER", *statements):
            await connection.execute(statement)


async def _heads(pool: Pool) -> str:
    async with connected(pool) as connection:
        row = await connection.fetchrow("SELECT * FROM log_head")
    assert row is not None
    return (
        f"UPDATE log_head SET size = {row['size']}, frontier = '\\x{row['frontier'].hex()}',"
        f" stated = {row['stated']}, last_stated = '{row['last_stated']}'"
    )


async def test_a_witness_cosigns_a_real_log_and_mirrors_it(
    pool: Pool, client: ClientSession, hospital: _Hospital
) -> None:
    sender, _ = await enrolled(pool)
    for size in (2, 3):
        async with client.post("/v1/batches", data=sender.seal(columns())) as response:
            assert response.status == 200
        cosigned = await hospital.look(mirror=True)
        assert cosigned is not None
        assert cosigned.size == size
    assert await hospital.look(mirror=True) is None
    note = read_checkpoint((await _get(client, "checkpoint")).encode())
    identity = standing_of(hospital.folder).identity
    assert note.cosigned_at(NAME, identity.key.verifying_key) is not None
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, TENANT)
        stored = [entry.envelope.encode() async for entry in entries(connection, tenant_id)]
    with open_state(hospital.folder / DATABASE_FILE) as state:
        assert list(state.leaves()) == stored


async def test_a_tail_cut_off_by_a_superuser_is_told_by_the_collector_itself(
    pool: Pool, hospital: _Hospital
) -> None:
    await _grow(pool, 3)
    before = await _heads(pool)
    await _grow(pool, 2)
    await hospital.look()
    await _tamper(pool, "DELETE FROM log WHERE idx >= 3", before)
    with pytest.raises(UnusableLogError, match="has 3 entries, and 5 were signed"):
        await hospital.look()


async def test_a_tail_cut_off_with_all_that_was_signed_of_it_is_told_by_the_witness(
    pool: Pool, hospital: _Hospital
) -> None:
    await _grow(pool, 3)
    before = await _heads(pool)
    await _grow(pool, 2)
    await hospital.look()
    await _tamper(
        pool,
        "DELETE FROM log WHERE idx >= 3",
        "DELETE FROM cosignature",
        "DELETE FROM checkpoint",
        before,
    )
    with pytest.raises(ForkedError, match="shows 3 entries after 5: entries are gone"):
        await hospital.look()
    await _grow(pool, 9)
    with pytest.raises(ForkedError):
        await hospital.look()


async def test_a_history_that_was_rewritten_and_grew_is_told_by_the_witness(
    pool: Pool, hospital: _Hospital
) -> None:
    await _grow(pool, 3)
    before = await _heads(pool)
    await _grow(pool, 2, "what happened")
    await hospital.look(mirror=True)
    await _tamper(
        pool,
        "DELETE FROM log WHERE idx >= 3",
        "DELETE FROM cosignature",
        "DELETE FROM checkpoint",
        before,
    )
    await _grow(pool, 4, "what should have happened")
    with pytest.raises(ForkedError, match="the tree of 7 does not continue the one of 5"):
        await hospital.look(mirror=True)
    assert standing_of(hospital.folder).mirrored == 5
