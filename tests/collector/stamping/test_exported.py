"""A bundle has the stamps that count for its window; to verify it says what they date."""

import io
import time
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from collector.evidence.archive import ArchiveReader, ArchiveWriter
from collector.evidence.bundle import CHECKPOINTS, SEAL, TIMESTAMPS, Keys, read_seal, sized
from collector.evidence.stamp import verify_stamp
from collector.evidence.verification import Code, Verification
from collector.evidence.verify import verify
from collector.exporting import Export, export
from collector.register.planning import Where, start
from collector.register.sealing import Sealer
from collector.register.stamps import stamp_lines
from collector.store.pool import Pool
from probes.model.checkpoint import origin_of, read_checkpoint, verifier_key
from probes.model.instant import DAY, HOUR
from tests.collector.conftest import Clock
from tests.collector.courier.conftest import HOSPITAL
from tests.collector.stamping.test_stamper import signed_text, stamper
from tests.servers.timestamps import Authority, pem


@pytest.fixture
def clock() -> Clock:
    """A clock that is three hours behind that of the authority."""
    behind = Clock("2026-11-09T12:00:00+01:00")
    behind.now_us = time.time_ns() // 1_000 - 3 * HOUR
    return behind


async def exported(pool: Pool, sealer: Sealer, where: Where) -> bytes:
    file = io.BytesIO()
    await export(pool, sealer, where, "me", file, Export())
    return file.getvalue()


def pinned(sealer: Sealer, *authorities: Authority) -> Keys:
    """Return what an auditor pins: the log's key and some authorities."""
    key = sealer.key.verifying_key
    log = verifier_key(origin_of(HOSPITAL, key.key_id), key)
    return Keys(log, (), tuple(pem(each.root).decode() for each in authorities))


def resealed(data: bytes, sealer: Sealer, changes: dict[str, bytes | None]) -> bytes:
    """Return a bundle with members changed or left out, sealed again with the log's key."""
    archive = ArchiveReader(io.BytesIO(data))
    members = {name: archive.read(name, 10_000_000) for name in archive.names()}
    statement = read_seal(members.pop(SEAL), sealer.key.verifying_key)
    for name, content in changes.items():
        members.pop(name, None)
        if content is not None:
            members[name] = content
    digests = {name: sha256(content).hexdigest() for name, content in members.items()}
    members[SEAL] = statement._replace(digests=digests).seal(sealer.key)
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    for name in sorted(members):
        writer.add(name, [members[name]])
    writer.close()
    return file.getvalue()


def facts_of(done: Verification) -> dict[str, int | str]:
    assert done.fault is None
    [facts] = [dict(passed.facts) for passed in done.passed if passed.code is Code.TIMESTAMP]
    return facts


def tokens_in(data: bytes) -> list[str]:
    names = ArchiveReader(io.BytesIO(data)).names()
    return [name for name in names if name.startswith(TIMESTAMPS)]


async def test_a_bundle_has_the_first_stamp_over_each_step_and_the_last_of_all(
    register: Pool, sealer: Sealer, clock: Clock, window: Where, authority: Authority
) -> None:
    async with authority.serving():
        working = stamper(register, sealer, authority)
        assert await working.round() == 1  # the notice
        for _ in range(3):  # two days of no interest, and the last one
            clock.advance(DAY)
            assert await working.round() == 1
    lines = await stamp_lines(register)
    sizes = [line.stamp.size for line in lines if line.stamp]
    data = await exported(register, sealer, window)
    assert tokens_in(data) == [sized(TIMESTAMPS, size, ".tsr") for size in (sizes[0], sizes[-1])]
    archive = ArchiveReader(io.BytesIO(data))
    for size in (sizes[0], sizes[-1]):
        note = read_checkpoint(archive.read(sized(CHECKPOINTS, size, ".txt"), 9_999))
        token = archive.read(sized(TIMESTAMPS, size, ".tsr"), 9_999)
        verify_stamp(token, signed_text(note, sealer), [authority.root])


async def test_a_verification_says_what_is_dated(
    register: Pool, sealer: Sealer, clock: Clock, window: Where, authority: Authority
) -> None:
    # The notice is stamped three hours late, the start at once.
    async with authority.serving():
        working = stamper(register, sealer, authority)
        clock.advance(3 * HOUR)
        await working.round()
        await start(register, sealer, window, None, "me")
        await working.round()
    data = await exported(register, sealer, window)
    facts = facts_of(verify(io.BytesIO(data), pinned(sealer, authority)))
    assert facts.pop("first_us") == min(
        line.stamp.at_us for line in await stamp_lines(register) if line.stamp
    )
    assert facts == {
        "wanted": 2, "late": 1, "undated": 0, "held": 2, "stamps": 2, "first": facts["first"],
    }  # fmt: skip


async def test_without_a_pinned_authority_nothing_is_dated(
    register: Pool, sealer: Sealer, window: Where, authority: Authority
) -> None:
    async with authority.serving():
        await stamper(register, sealer, authority).round()
    claimed = Export(authorities=(authority.root.public_bytes(Encoding.PEM).decode(),))
    file = io.BytesIO()
    await export(register, sealer, window, "me", file, claimed)
    undated = {"wanted": 1, "late": 0, "undated": 1, "held": 1, "stamps": 0}
    # The roots that a bundle claims are not believed: who made it may have made them.
    assert facts_of(verify(file)) == undated
    assert facts_of(verify(file, pinned(sealer))) == undated


async def test_the_token_of_an_authority_that_is_not_pinned_is_refused(
    register: Pool, sealer: Sealer, window: Where, authority: Authority, other: Authority
) -> None:
    async with authority.serving():
        await stamper(register, sealer, authority).round()
    data = await exported(register, sealer, window)
    done = verify(io.BytesIO(data), pinned(sealer, other))
    assert done.failed is Code.TIMESTAMP
    assert "not trusted" in str(done.fault)


async def test_a_token_that_the_log_names_cannot_be_left_out_or_changed(
    register: Pool, sealer: Sealer, window: Where, authority: Authority
) -> None:
    async with authority.serving():
        await stamper(register, sealer, authority).round()
    data = await exported(register, sealer, window)
    keys = pinned(sealer, authority)
    assert verify(io.BytesIO(resealed(data, sealer, {})), keys).fault is None
    [name] = tokens_in(data)
    for content in (None, b"\x30\x00"):
        done = verify(io.BytesIO(resealed(data, sealer, {name: content})), keys)
        assert done.failed is Code.TIMESTAMP
        assert "is not the one in the log" in str(done.fault)


@pytest.mark.parametrize("name", ["000000000001.tsr", "1.tsr", "x.tsr"])
async def test_a_token_of_no_checkpoint_is_refused(
    register: Pool, sealer: Sealer, window: Where, name: str
) -> None:
    data = await exported(register, sealer, window)
    more = resealed(data, sealer, {TIMESTAMPS + name: b"\x30\x00"})
    assert verify(io.BytesIO(more), pinned(sealer)).failed is Code.TIMESTAMP


async def test_a_bundle_without_stamps_has_none(
    register: Pool, sealer: Sealer, window: Where
) -> None:
    data = await exported(register, sealer, window)
    assert tokens_in(data) == []
    assert facts_of(verify(io.BytesIO(data)))["stamps"] == 0
