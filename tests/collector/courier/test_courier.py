"""Announcing a window tells its contacts, through a real mail server, until it is taken."""

from dataclasses import replace
from pathlib import Path

import pytest
from icalendar import Calendar

from collector.courier.courier import Courier
from collector.register.names import erase_person
from collector.register.planning import Where, cancel, reschedule
from collector.register.sealing import Sealer
from collector.settings import MailServer, Post
from collector.store.letters import Letter, letters_of
from collector.store.pool import Pool, connected
from collector.store.tenants import tenant_named
from probes.model.instant import DAY, MINUTE
from tests.collector.conftest import Clock
from tests.collector.courier.conftest import HOSPITAL, LATER
from tests.servers.certificates import authority
from tests.servers.listening import nobody
from tests.servers.smtp import MailServer as RealServer
from tests.servers.smtp import mail_server

SENDER = "constat@editeur.example"


def post_to(port: int) -> Post:
    mail = MailServer("127.0.0.1", port, "none", SENDER, "", None, None)
    return Post(mail, (), "https://constat.example")


async def letters(pool: Pool, where: Where) -> list[Letter]:
    async with connected(pool) as connection:
        return await letters_of(
            connection, await tenant_named(connection, HOSPITAL), where.window_id
        )


async def log_of(pool: Pool, kind: str) -> list[int]:
    async with connected(pool) as connection:
        rows = await connection.fetch("SELECT idx FROM log WHERE kind = $1", kind)
        return [row["idx"] for row in rows]


def calendar_in(server: RealServer, number: int) -> Calendar:
    [part] = [
        part for part in server.taken[number].walk() if part.get_content_type() == "text/calendar"
    ]
    return Calendar.from_ical(part.get_content())


async def test_a_notice_a_move_and_a_cancellation_arrive_as_one_event(
    register: Pool, sealer: Sealer, clock: Clock, window: Where
) -> None:
    async with mail_server() as server:
        courier = Courier(register, sealer, post_to(server.port))
        await courier.round()
        clock.advance()
        await reschedule(register, sealer, window, LATER, "me")
        await courier.round()
        clock.advance()
        await cancel(register, sealer, window, "me")
        await courier.round()

        to_dsi = [n for n, mail in enumerate(server.taken) if "dsi@" in str(mail["To"])]
        calendars = [calendar_in(server, number) for number in to_dsi]
    assert [str(each["method"]) for each in calendars] == ["REQUEST", "REQUEST", "CANCEL"]
    events = [calendar.events[0] for calendar in calendars]
    assert len({event.uid for event in events}) == 1
    assert [event.sequence for event in events] == [0, 1, 2]
    assert [event.start.day for event in events] == [14, 15, 15]


async def test_each_contact_is_written_to_once_in_their_language(
    register: Pool, sealer: Sealer, window: Where
) -> None:
    async with mail_server() as server:
        courier = Courier(register, sealer, post_to(server.port))
        assert [await courier.round(), await courier.round()] == [2, 0]

        subjects = {str(mail["To"]): str(mail["Subject"]) for mail in server.taken}
    bodies = [mail.get_body(("html",)) for mail in server.taken]
    assert {body["Content-Language"] for body in bodies if body} == {"en", "fr"}
    assert subjects == {
        "Hélène Martin <dsi@ch-exemple.example>": f"[{window.window_id}] Mise à jour de"
        " Dossier patient : samedi 14 novembre 2026 à 22 h 00 (CET)",
        "On call <astreinte@ch-exemple.example>": f"[{window.window_id}] Update of"
        " Dossier patient: Saturday 14 November 2026 at 22:00 (CET)",
    }


@pytest.mark.usefixtures("window")
async def test_the_notice_is_told_with_its_arithmetic(register: Pool, sealer: Sealer) -> None:
    async with mail_server() as server:
        await Courier(register, sealer, post_to(server.port)).round()
        [mail] = [mail for mail in server.taken if "dsi@" in str(mail["To"])]
        body = mail.get_body(("plain",))
    assert body is not None
    # Monday 9 + 3 clear days (10, 11, 12): from Friday 13 at 00:00.
    assert "début au plus tôt le vendredi 13 novembre 2026 à 00 h 00 (CET)" in body.get_content()


async def test_what_the_server_said_is_sealed_without_naming_anybody(
    register: Pool, sealer: Sealer, window: Where
) -> None:
    async with mail_server() as server:
        server.recipient_answers = ["550 5.1.1 no such user <{address}>"]
        await Courier(register, sealer, post_to(server.port)).round()

    refused, sent = sorted(await letters(register, window), key=lambda each: each.state)
    assert (refused.state, refused.answer) == ("refused", "550 5.1.1 no such user <…>")
    assert (sent.state, sent.answer) == ("sent", "2.0.0 taken as 1")
    assert len(await log_of(register, "notice.attempted")) == 2


async def test_a_letter_waits_for_a_server_that_is_down_and_goes_out_when_it_is_back(
    register: Pool, sealer: Sealer, clock: Clock, window: Where
) -> None:
    with nobody() as port:
        courier = Courier(register, sealer, post_to(port))
        assert await courier.round() == 2
        assert await courier.round() == 0
    assert {letter.state for letter in await letters(register, window)} == {"queued"}

    clock.advance(MINUTE)
    async with mail_server(port=port) as server:
        assert await courier.round() == 2
        assert len(server.taken) == 2
    sent = await letters(register, window)
    assert {(letter.state, letter.attempts) for letter in sent} == {("sent", 2)}


async def test_a_letter_is_the_same_message_at_every_attempt(
    register: Pool, sealer: Sealer, clock: Clock, window: Where
) -> None:
    async with mail_server() as server:
        courier = Courier(register, sealer, post_to(server.port))
        server.answers = ["451 4.3.0 later"]
        await courier.round()
        clock.advance(MINUTE)
        await courier.round()
        ids = sorted(str(mail["Message-ID"]) for mail in server.taken)
    assert ids == [
        f"<{window.window_id}/0/{contact}/CH-EXEMPLE@editeur.example>"
        for contact in ("astreinte", "dsi")
    ]


async def test_a_server_busy_for_five_days_is_given_up(
    register: Pool, sealer: Sealer, clock: Clock, window: Where
) -> None:
    async with mail_server() as server:
        courier = Courier(register, sealer, post_to(server.port))
        server.answers = ["451 4.3.0 later"] * 4
        await courier.round()
        clock.advance(5 * DAY)
        await courier.round()

    assert {(each.state, each.answer) for each in await letters(register, window)} == {
        ("refused", "given up: 451 4.3.0 later")
    }


@pytest.mark.usefixtures("window")
async def test_nobody_is_told_twice_of_what_was_ordered_before_the_courier_died(
    register: Pool, sealer: Sealer
) -> None:
    async with mail_server() as server:
        await Courier(register, sealer, post_to(server.port)).round()
        await Courier(register, sealer, post_to(server.port)).round()
        assert len(server.taken) == 2
    assert len(await log_of(register, "notice.ordered")) == 1


async def test_without_a_mail_server_letters_wait(
    register: Pool, sealer: Sealer, window: Where
) -> None:
    assert await Courier(register, sealer, Post()).round() == 0
    assert {letter.state for letter in await letters(register, window)} == {"queued"}


async def test_somebody_whose_name_was_erased_is_not_written_to(
    register: Pool, sealer: Sealer, window: Where
) -> None:
    courier = Courier(register, sealer, Post())
    await courier.round()
    dsi = next(each for each in await letters(register, window) if each.contact == "dsi")
    await erase_person(register, sealer, HOSPITAL, dsi.person, "me")

    async with mail_server() as server:
        await Courier(register, sealer, post_to(server.port)).round()
        assert [str(mail["To"]) for mail in server.taken] == [
            "On call <astreinte@ch-exemple.example>"
        ]
    dsi = next(each for each in await letters(register, window) if each.contact == "dsi")
    assert (dsi.state, dsi.answer) == ("refused", "the recipient's name was erased")


@pytest.mark.usefixtures("window")
async def test_a_letter_goes_over_tls_and_only_to_a_server_that_proves_itself(
    register: Pool, sealer: Sealer, clock: Clock, tmp_path: Path
) -> None:
    trusted = Path(authority().write(tmp_path))
    async with mail_server(starttls=authority().server(tmp_path)) as server:
        plain = post_to(server.port)
        assert plain.mail is not None
        strange = replace(plain, mail=replace(plain.mail, security="starttls"))
        await Courier(register, sealer, strange).round()
        assert server.taken == []
        clock.advance(MINUTE)
        known = replace(plain.mail, security="starttls", ca_file=trusted)
        await Courier(register, sealer, replace(plain, mail=known)).round()
        assert len(server.taken) == 2


async def test_a_wrong_password_of_ours_refuses_no_letter(
    register: Pool, sealer: Sealer, window: Where, tmp_path: Path
) -> None:
    post = post_to(1)
    assert post.mail is not None
    missing = replace(post.mail, username="us", password_file=tmp_path / "missing")
    await Courier(register, sealer, replace(post, mail=missing)).round()

    assert {(each.state, each.answer) for each in await letters(register, window)} == {
        ("queued", "No such file or directory")
    }
