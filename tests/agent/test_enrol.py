"""Enrolment, against a collector that gives each token away once."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.enrol import EnrolmentRefusedError, Vantage, enrol
from agent.identity import IDENTITY_FILE, Identity, keep_identity, load_identity
from agent.keys import UnusableStateError, load_key
from agent.link import Link, UnreachableError
from probes.model.keys import SigningKey
from probes.model.measurement import VantageKind
from tests.servers.collector import Collector, Mishap, running
from tests.servers.listening import nobody

VANTAGE = Vantage("accueil-03", VantageKind.WORKSTATION, "0.1.0")


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with running(Collector()) as collector:
        yield collector


async def enrolled(collector: Collector, folder: Path, token: str = "once") -> Identity:
    async with Link(collector.url, None, "test") as link:
        return await enrol(link, folder, token, VANTAGE)


async def test_an_enrolled_agent_is_who_the_collector_says(
    collector: Collector, tmp_path: Path
) -> None:
    identity = await enrolled(collector, tmp_path / "state")
    key = load_key(tmp_path / "state")
    assert key is not None
    assert (identity.tenant, identity.vantage) == ("CH-EXEMPLE", "accueil-03")
    assert identity.agent == key.verifying_key.key_id
    assert identity.collector_keys[collector.url].raw == collector.key.verifying_key.raw
    assert collector.chains[identity.agent].key.raw == key.verifying_key.raw
    assert load_identity(tmp_path / "state") == identity


async def test_the_identity_is_its_owners_alone(collector: Collector, tmp_path: Path) -> None:
    await enrolled(collector, tmp_path / "state")
    path = tmp_path / "state" / IDENTITY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (
        load_key(tmp_path / "state") or SigningKey.generate()
    ).seed.hex() not in path.read_text()


@pytest.mark.parametrize("mishap", [Mishap.CUT_BEFORE, Mishap.CUT_AFTER, Mishap.NOT_JSON])
async def test_an_interrupted_enrolment_is_completed_by_running_it_again(
    collector: Collector, tmp_path: Path, mishap: Mishap
) -> None:
    collector.mishaps.append(mishap)
    with pytest.raises(UnreachableError):
        await enrolled(collector, tmp_path / "state")
    assert load_identity(tmp_path / "state") is None
    identity = await enrolled(collector, tmp_path / "state")
    assert load_identity(tmp_path / "state") == identity
    assert len(collector.chains) == 1


async def test_a_token_does_not_enrol_a_second_key(collector: Collector, tmp_path: Path) -> None:
    await enrolled(collector, tmp_path / "one")
    with pytest.raises(EnrolmentRefusedError) as refused:
        await enrolled(collector, tmp_path / "two")
    assert str(refused.value) == (
        f"{collector.url} refused the enrolment: the token is unknown, used or expired; "
        "ask the operator of the collector for a new token"
    )
    assert load_identity(tmp_path / "two") is None


async def test_a_key_is_not_enrolled_again_by_another_token(
    collector: Collector, tmp_path: Path
) -> None:
    await enrolled(collector, tmp_path / "state")
    collector.tokens.add("another")
    with pytest.raises(EnrolmentRefusedError, match=r"move .*state away to enrol with a new key"):
        await enrolled(collector, tmp_path / "state", "another")


async def test_a_second_collector_is_added_under_the_same_key(
    collector: Collector, tmp_path: Path
) -> None:
    first = await enrolled(collector, tmp_path / "state")
    async with running(Collector()) as other:
        second = await enrolled(other, tmp_path / "state")
    assert second.agent == first.agent
    assert second.enrolled_at(collector.url)
    assert second.enrolled_at(other.url)
    assert load_identity(tmp_path / "state") == second


async def test_a_collector_of_another_hospital_is_refused(
    collector: Collector, tmp_path: Path
) -> None:
    first = await enrolled(collector, tmp_path / "state")
    async with running(Collector(tenant="CH-AUTRE")) as other:
        with pytest.raises(EnrolmentRefusedError, match="takes us for CH-AUTRE"):
            await enrolled(other, tmp_path / "state")
    assert load_identity(tmp_path / "state") == first


async def test_a_state_folder_stays_with_its_vantage_point(
    collector: Collector, tmp_path: Path
) -> None:
    await enrolled(collector, tmp_path / "state")
    elsewhere = Vantage("urgences-01", VantageKind.WORKSTATION, "0.1.0")
    async with Link(collector.url, None, "test") as link:
        with pytest.raises(EnrolmentRefusedError, match="belongs to accueil-03"):
            await enrol(link, tmp_path / "state", "once", elsewhere)


async def test_a_collector_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    with nobody() as port:
        async with Link(f"http://127.0.0.1:{port}", None, "test") as link:
            with pytest.raises(UnreachableError) as unreachable:
                await enrol(link, tmp_path / "state", "once", VANTAGE)
    assert str(unreachable.value) == (f"cannot reach http://127.0.0.1:{port}: Connection refused")
    assert load_key(tmp_path / "state") is not None


async def test_a_collector_with_a_weak_key_is_not_trusted(
    collector: Collector, tmp_path: Path
) -> None:
    collector.announced_key = "01" + "00" * 31
    with pytest.raises(EnrolmentRefusedError, match="point of small order"):
        await enrolled(collector, tmp_path / "state")
    assert load_identity(tmp_path / "state") is None


def test_a_spoilt_identity_is_named(tmp_path: Path) -> None:
    keep_identity(tmp_path, Identity("CH-EXEMPLE", "accueil-03", "ab" * 16))
    path = tmp_path / IDENTITY_FILE
    for content in (b"", b"{}", b'{"schema":"constat.identity/2"}', path.read_bytes()[:-9]):
        path.write_bytes(content)
        with pytest.raises(UnusableStateError, match=f"cannot read {path}: "):
            load_identity(tmp_path)
