"""A letter is acknowledged by its link, by nothing else, and once."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from icalendar import Calendar

from collector.api.app import make_app
from collector.courier.courier import Courier
from collector.courier.receipt import acknowledge_url, calendar_url
from collector.register.planning import Where, cancel
from collector.register.sealing import Sealer
from collector.settings import Post
from collector.store.ingest import Ingest
from collector.store.letters import Letter, letters_of
from collector.store.pool import Pool, connected
from collector.store.telemetry import Telemetry
from collector.store.tenants import tenant_named
from probes.model.keys import SigningKey
from tests.collector.conftest import Clock
from tests.collector.courier.conftest import HOSPITAL, register, window

__all__ = ["register", "window"]
Client = TestClient[Request, Application]


@pytest.fixture
async def client(register: Pool, sealer: Sealer) -> AsyncIterator[Client]:
    telemetry = Telemetry()
    ingest = Ingest(register, sealer.key, sealer.now_us, telemetry)
    app = make_app(register, ingest, sealer.key, sealer.now_us, telemetry)
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def letter_to(pool: Pool, sealer: Sealer, where: Where, contact: str) -> Letter:
    await Courier(pool, sealer, Post()).round()
    async with connected(pool) as connection:
        tenant_id = await tenant_named(connection, HOSPITAL)
        found = await letters_of(connection, tenant_id, where.window_id)
    return next(letter for letter in found if letter.contact == contact)


def path_of(sealer: Sealer, letter: Letter) -> str:
    return acknowledge_url("http://here", sealer.key, letter).removeprefix("http://here")


async def test_looking_at_the_page_acknowledges_nothing_and_the_button_does(
    register: Pool,
    sealer: Sealer,
    window: Where,
    client: Client,
) -> None:
    path = path_of(sealer, await letter_to(register, sealer, window, "dsi"))

    async with client.get(path) as looked:
        assert looked.status == 200
        assert "Accuser réception" in await looked.text()
    assert (await letter_to(register, sealer, window, "dsi")).acknowledged_at is None

    async with client.post(path) as pressed:
        assert "Réception accusée le lundi 9 novembre 2026 à 12 h 00 (CET)" in await pressed.text()
    letter = await letter_to(register, sealer, window, "dsi")
    assert letter.acknowledged_by == "contact:dsi"


async def test_the_first_acknowledgement_stands(
    register: Pool,
    sealer: Sealer,
    clock: Clock,
    window: Where,
    client: Client,
) -> None:
    path = path_of(sealer, await letter_to(register, sealer, window, "astreinte"))
    async with client.post(path):
        first = clock.now_us
    clock.advance()
    async with client.post(path) as again:
        assert "Acknowledged on Monday 9 November 2026 at 12:00 (CET)" in await again.text()

    assert (await letter_to(register, sealer, window, "astreinte")).acknowledged_at == first


@pytest.mark.parametrize("damage", ["x", "", "AAAA"])
async def test_a_link_that_proves_nothing_leads_nowhere(
    register: Pool,
    sealer: Sealer,
    window: Where,
    client: Client,
    damage: str,
) -> None:
    path = path_of(sealer, await letter_to(register, sealer, window, "dsi"))
    async with client.post(path.partition("=")[0] + "=" + damage) as answer:
        assert answer.status == 404
    assert (await letter_to(register, sealer, window, "dsi")).acknowledged_at is None


async def test_a_person_whose_link_was_cut_is_told_so_in_both_languages(client: Client) -> None:
    async with client.get("/accuse/CH-EXEMPLE/MAJ-2026-0001%2F0%2Fdsi?preuve=") as answer:
        assert (answer.status, answer.content_type) == (404, "text/html")
        page = await answer.text()
    assert "Ce lien n'est pas valable" in page
    assert "This link is not valid" in page


async def test_the_link_of_another_letter_or_key_proves_nothing(
    register: Pool,
    sealer: Sealer,
    window: Where,
    client: Client,
) -> None:
    dsi = await letter_to(register, sealer, window, "dsi")
    other = await letter_to(register, sealer, window, "astreinte")
    crossed = path_of(sealer, dsi).partition("=")[0] + "=" + path_of(sealer, other).split("=")[1]
    strange = acknowledge_url("", SigningKey.generate(), dsi) or path_of(
        Sealer(SigningKey.generate(), sealer.now_us), dsi
    )
    for path in (crossed, strange):
        async with client.get(path) as answer:
            assert answer.status == 404


async def test_an_agenda_reads_every_window_of_the_hospital_as_it_stands(
    register: Pool,
    sealer: Sealer,
    clock: Clock,
    window: Where,
    client: Client,
) -> None:
    path = calendar_url("", sealer.key, HOSPITAL)
    async with client.get(path) as answer:
        assert answer.content_type == "text/calendar"
        [event] = Calendar.from_ical(await answer.read()).events
    assert (str(event["status"]), event.sequence) == ("CONFIRMED", 0)

    clock.advance()
    await cancel(register, sealer, window, "me")
    async with client.get(path) as answer:
        [event] = Calendar.from_ical(await answer.read()).events
    assert (str(event["status"]), event.sequence) == ("CANCELLED", 1)


async def test_the_calendar_of_a_hospital_needs_its_address(client: Client) -> None:
    for path in ("/v1/hospitals/CH-EXEMPLE/windows.ics", "/v1/hospitals/X/windows.ics?preuve=a"):
        async with client.get(path) as answer:
            assert answer.status == 404
