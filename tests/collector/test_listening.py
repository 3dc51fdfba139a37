"""A vantage point that falls silent is told, once, and so is that it is heard again."""

import json
from pathlib import Path

import pytest

from collector.courier.compose import event_of, wording_of
from collector.courier.courier import Courier
from collector.record.catalogue import read_catalogue
from collector.record.silence import LISTENS_FIRST_US, SPOOL_KEEPS_US
from collector.register.applying import apply
from collector.register.rebuilding import rebuild
from collector.register.sealing import Sealer
from collector.register.silence_alarms import note_silence_alarms
from collector.report.durations import Language
from collector.settings import MailServer, Post
from collector.store.agents import revoke_agent
from collector.store.alarms import list_alarms
from collector.store.letters import letters_of
from collector.store.pool import Pool, connected, transaction
from collector.store.silence_alarms import SilenceAlarm, list_silences
from collector.store.tenants import tenant_named
from probes.model.instant import DAY, HOUR, MINUTE
from probes.model.measurement import VantageKind
from tests.collector.conftest import Clock
from tests.collector.courier.conftest import CATALOGUE, HOSPITAL
from tests.collector.register.test_silences import taking
from tests.collector.store.agents import LOG_KEY, NOON_US, Sender, columns, enrolled
from tests.servers.smtp import mail_server

LONG_AGO = NOON_US - DAY


@pytest.fixture
async def hospital(pool: Pool, sealer: Sealer, clock: Clock, tmp_path: Path) -> Pool:
    """A database with a hospital that has one strategic service and two contacts."""
    clock.now_us = NOON_US - HOUR
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE, "utf-8")
    await apply(pool, sealer, read_catalogue(file), "me")
    return pool


@pytest.fixture
async def server_room(hospital: Pool, clock: Clock) -> Sender:
    """An always-on vantage point that sent one batch at noon."""
    sender = Sender("salle-serveurs", kind=VantageKind.SERVER)
    await enrolled(hospital, sender)
    clock.now_us = NOON_US
    await _sends(hospital, clock, sender)
    return sender


async def _sends(pool: Pool, clock: Clock, sender: Sender) -> None:
    async with taking(pool, clock) as ingest:
        await ingest.submit(sender.seal(columns("UUU")))


async def _silences(pool: Pool) -> list[SilenceAlarm]:
    async with connected(pool) as connection:
        return await list_silences(connection)


async def test_a_silence_is_sealed_once_after_a_quarter_of_an_hour_and_so_is_its_end(
    hospital: Pool, sealer: Sealer, clock: Clock, server_room: Sender
) -> None:
    clock.now_us = NOON_US + 15 * MINUTE
    assert await note_silence_alarms(hospital, sealer, LONG_AGO, "me") == 0
    clock.advance(1)
    noted = [await note_silence_alarms(hospital, sealer, LONG_AGO, "me") for _ in range(2)]
    assert noted == [1, 0]
    [silence] = await _silences(hospital)
    assert (silence.vantage, silence.kind) == ("salle-serveurs", "server")
    assert (silence.since_us, silence.heard_us) == (NOON_US, None)

    clock.advance(HOUR)
    heard_us = clock.now_us
    await _sends(hospital, clock, server_room)
    noted = [await note_silence_alarms(hospital, sealer, LONG_AGO, "me") for _ in range(2)]
    assert noted == [1, 0]
    assert [each.heard_us for each in await _silences(hospital)] == [heard_us]

    clock.advance(16 * MINUTE)
    assert await note_silence_alarms(hospital, sealer, LONG_AGO, "me") == 1
    assert len({each.alarm for each in await _silences(hospital)}) == 2
    [rebuilt] = [each async for each in rebuild(hospital)]
    assert rebuilt.differed == ()
    assert rebuilt.tables["silence_alarm"].rows == 2


@pytest.mark.usefixtures("server_room")
async def test_silence_is_never_an_outage(hospital: Pool, sealer: Sealer, clock: Clock) -> None:
    clock.advance(16 * MINUTE)
    assert await note_silence_alarms(hospital, sealer, LONG_AGO, "me") == 1
    async with connected(hospital) as connection:
        assert await list_alarms(connection) == []


async def test_a_workstation_may_sleep_for_as_long_as_its_spool_keeps(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    workstation = Sender()
    await enrolled(hospital, workstation)
    clock.now_us = NOON_US
    await _sends(hospital, clock, workstation)
    clock.advance(SPOOL_KEEPS_US)
    assert await note_silence_alarms(hospital, sealer, LONG_AGO, "me") == 0
    clock.advance(1)
    assert await note_silence_alarms(hospital, sealer, LONG_AGO, "me") == 1


@pytest.mark.usefixtures("server_room")
async def test_a_collector_that_has_just_begun_to_listen_tells_nobody_of_a_silence(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    clock.advance(DAY)
    begun_us = clock.now_us - LISTENS_FIRST_US
    assert await note_silence_alarms(hospital, sealer, begun_us + 1, "me") == 0
    assert await note_silence_alarms(hospital, sealer, begun_us, "me") == 1


@pytest.mark.usefixtures("server_room")
async def test_a_vantage_point_whose_agent_was_replaced_is_heard(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    fresh = Sender("salle-serveurs", kind=VantageKind.SERVER)
    await enrolled(hospital, fresh)
    clock.advance(HOUR)
    await _sends(hospital, clock, fresh)
    assert await note_silence_alarms(hospital, sealer, LONG_AGO, "me") == 0


async def test_one_whose_agent_was_shut_out_owes_nothing(
    hospital: Pool, sealer: Sealer, clock: Clock, server_room: Sender
) -> None:
    async with transaction(hospital) as connection:
        await revoke_agent(
            connection, server_room.key.verifying_key.key_id,
            author="me", reason="replaced", key=LOG_KEY, at_us=clock.now_us,
        )  # fmt: skip
    clock.advance(DAY)
    assert await note_silence_alarms(hospital, sealer, LONG_AGO, "me") == 0


async def test_contacts_are_written_to_when_it_falls_silent_and_when_it_is_heard(
    hospital: Pool, sealer: Sealer, clock: Clock, server_room: Sender
) -> None:
    async with mail_server() as server:
        mail = MailServer("127.0.0.1", server.port, "none", "us@editeur.example", "", None, None)
        courier = Courier(hospital, sealer, Post(mail))
        for _ in range(2):
            clock.advance(16 * MINUTE)
            await note_silence_alarms(hospital, sealer, LONG_AGO, "me")
            await courier.round()
        clock.advance(HOUR)
        await _sends(hospital, clock, server_room)
        await note_silence_alarms(hospital, sealer, LONG_AGO, "me")
        await courier.round()
        sent = [each for each in server.taken if "dsi@" in str(each["To"])]
    # Noon UTC is 13:00 in Paris; it is heard again 2 x 16 min and an hour later.
    assert [str(each["Subject"]) for each in sent] == [
        "[CH-EXEMPLE] salle-serveurs ne transmet plus rien depuis le 09/11/2026 13:00:00 CET",
        "[CH-EXEMPLE] salle-serveurs transmet de nouveau depuis le 09/11/2026 14:32:00 CET",
    ]
    [body] = [part for part in sent[0].walk() if part.get_content_type() == "text/plain"]
    said = str(body.get_payload(decode=True), "utf-8")  # type: ignore[arg-type]
    assert "Ce n'est pas une indisponibilité" in said
    assert "serveur" in said


@pytest.mark.usefixtures("server_room")
async def test_programs_are_told_of_a_silence_by_an_event_of_its_own(
    hospital: Pool, sealer: Sealer, clock: Clock
) -> None:
    clock.advance(16 * MINUTE)
    await note_silence_alarms(hospital, sealer, LONG_AGO, "me")
    await Courier(hospital, sealer, Post()).round()
    [silence] = await _silences(hospital)
    async with connected(hospital) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        letters = await letters_of(connection, tenant_id, silence.alarm)
        kind, data = event_of(await wording_of(connection, letters[0], Language.FRENCH))
    assert kind == "silence.detected"
    assert json.loads(json.dumps(data)) == {
        "alarm": "silence-salle-serveurs-20261109T120000Z",
        "hospital": HOSPITAL,
        "vantage": "salle-serveurs",
        "kind": "server",
        "silent_since": "2026-11-09T12:00:00+00:00",
        "heard_at": None,
        "sealed_at": "2026-11-09T12:16:00+00:00",
    }
