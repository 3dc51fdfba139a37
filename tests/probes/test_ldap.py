"""What an ldap probe takes for a directory that serves."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sansldap import LDAPMessage, LDAPResultCode, LDAPServer

from probes.model.failure import Failure, Operation
from probes.model.ldap_target import LdapEncryption, LdapScope, LdapSpec
from probes.model.measurement import Outcome
from probes.model.target import Tls
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.certificates import authority
from tests.servers.ldap import (
    ADMIN,
    BASE,
    PASSWORD,
    bound,
    directory,
    extended,
    found,
    notice_of_disconnection,
    slapd,
)
from tests.servers.listening import Talk, fall_silent, nobody, reset, serving
from tests.servers.web import PATIENT

LDAP = kinds()["ldap"]
# Until it is connected and secured; what comes then is a bind.
_FIRST = (Operation.SCHEDULE, Operation.RESOLVE, Operation.CONNECT, Operation.TLS)
BEFORE = [each for each in SITUATIONS if each.operation in _FIRST]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)
Code = LDAPResultCode


def _saying(data: bytes, *, stay: bool = True) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(data)
        await writer.drain()
        if stay:
            await fall_silent(reader)

    return talk


@meets(Failure.CONNECTION_CLOSED, Operation.NEGOTIATE)
async def it_closes_without_a_word(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(b"", stay=False)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.NEGOTIATE)
async def it_resets_without_a_word(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=30)
async def it_says_nothing(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(b"")) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def a_web_server_answers(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(f"HTTP/1.1 400 Bad Request\r\n\r\n{PATIENT}".encode())) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TRUNCATED, Operation.NEGOTIATE)
async def it_closes_within_a_message(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(b"\x30\x20\x02\x01\x01", stay=False)) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TOO_LARGE, Operation.NEGOTIATE)
async def it_announces_a_message_without_end(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(b"\x30\x84\x7f\xff\xff\xff" + bytes(2 << 20))) as port:
        yield Place(port)


@meets(Failure.AUTHENTICATION_FAILED, Operation.ASSERT)
async def it_refuses_the_credentials(_: World) -> AsyncIterator[Place]:
    async with serving(directory(bound(Code.INVALID_CREDENTIALS))) as port:
        yield Place(port)


@meets(Failure.AUTHENTICATION_FAILED, Operation.ASSERT)
async def it_lets_nobody_in_without_tls(_: World) -> AsyncIterator[Place]:
    async with serving(directory(bound(Code.CONFIDENTIALITY_REQUIRED))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_is_busy(_: World) -> AsyncIterator[Place]:
    async with serving(directory(bound(Code.BUSY))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def its_database_is_unavailable(_: World) -> AsyncIterator[Place]:
    async with serving(directory(bound(), found(0, Code.UNAVAILABLE))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_gives_notice_that_it_leaves(_: World) -> AsyncIterator[Place]:
    async with serving(_saying(notice_of_disconnection())) as port:
        yield Place(port)


@meets(Failure.QUERY_FAILED, Operation.ASSERT)
async def the_search_takes_it_too_long(_: World) -> AsyncIterator[Place]:
    async with serving(directory(bound(), found(0, Code.TIME_LIMIT_EXCEEDED))) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def it_finds_too_few(_: World) -> AsyncIterator[Place]:
    async with serving(directory(bound(), found(1))) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def it_knows_only_where_else_to_look(_: World) -> AsyncIterator[Place]:
    async with serving(directory(bound(), found(0, references=2))) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def it_refers_to_another_server(_: World) -> AsyncIterator[Place]:
    async with serving(directory(bound(), found(0, Code.REFERRAL))) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def the_base_is_not_there(_: World) -> AsyncIterator[Place]:
    async with serving(directory(bound(), found(0, Code.NO_SUCH_OBJECT))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.FIRST_BYTE)
async def it_answers_the_bind_once_more(_: World) -> AsyncIterator[Place]:
    twice = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(twice + twice)
        await fall_silent(reader)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.TRANSFER, transfer_ms=50)
async def it_falls_silent_within_its_answer(_: World) -> AsyncIterator[Place]:
    def answer(server: LDAPServer, request: LDAPMessage) -> None:
        server.search_result_entry(request.message_id, PATIENT, [])

    async with serving(directory(bound(), answer)) as port:
        yield Place(port)


@meets(Failure.TLS_NOT_OFFERED, Operation.ASSERT)
async def it_does_not_know_starttls(world: World) -> AsyncIterator[Place]:
    (world.folder / "starttls").touch()
    async with serving(directory(extended(Code.PROTOCOL_ERROR))) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.PROTOCOL_ERROR, Operation.NEGOTIATE)
async def somebody_adds_to_the_answer_to_starttls(world: World) -> AsyncIterator[Place]:
    (world.folder / "starttls").touch()
    async with serving(directory(extended(Code.SUCCESS), more=b"\x30\x0c")) as port:
        yield Place(port, tls=world.trusted())


def _encryption(world: World, place: Place) -> LdapEncryption:
    if place.tls is None:
        return LdapEncryption.NONE
    asked = os.path.exists(world.folder / "starttls")  # noqa: PTH110 - the folder may be not ours
    return LdapEncryption.STARTTLS if asked else LdapEncryption.IMPLICIT


@pytest.mark.parametrize("situation", BEFORE + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        spec = LdapSpec(
            place.host,
            BASE,
            place.port,
            encryption=_encryption(world, place),
            tls=place.tls or Tls(),
            min_entries=2,
            timeouts=situation.timeouts,
        )
        seen = await run(LDAP, spec)

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    assert {situation.failure for situation in BEFORE + ANSWERS} == LDAP.produces


@pytest.mark.parametrize("code", [Code.SUCCESS, Code.SIZE_LIMIT_EXCEEDED])
async def test_a_directory_that_finds_enough_is_up(code: LDAPResultCode) -> None:
    async with serving(directory(bound(), found(2, code))) as port:
        seen = await run(LDAP, LdapSpec("127.0.0.1", BASE, port, min_entries=2))

    assert (seen.outcome, seen.detail) == (Outcome.UP, f"2 entries from 127.0.0.1:{port}")


async def test_the_version_it_shows_of_itself_is_recorded() -> None:
    shown = found(1, attributes=(("vendorVersion", b"7.2"), ("sn", PATIENT.encode())))
    async with serving(directory(bound(), found(1), shown)) as port:
        seen = await run(LDAP, LdapSpec("127.0.0.1", BASE, port, vendor_version=True))

    assert (seen.outcome, seen.version) == (Outcome.UP, "7.2")
    assert PATIENT not in repr(seen)


async def test_a_slow_directory_is_degraded() -> None:
    async with serving(directory(bound(), found(1))) as port:
        spec = LdapSpec("127.0.0.1", BASE, port, degraded_after_ms=5)
        seen = await LDAP.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED


async def test_a_password_that_cannot_be_read_is_no_fault_of_the_directory(tmp_path: Path) -> None:
    with nobody() as port:
        missing = str(tmp_path / "missing")
        spec = LdapSpec("127.0.0.1", BASE, port, bind_dn=ADMIN, password_file=missing)
        seen = await run(LDAP, spec)

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.BAD_CONFIGURATION)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=120), stay=st.booleans())
def test_no_garbage_is_taken_for_an_answer(data: bytes, stay: bool) -> None:
    async def meet() -> Outcome:
        async with serving(_saying(data, stay=False)) as port:
            return (await run(LDAP, LdapSpec("127.0.0.1", BASE, port))).outcome

    del stay
    assert asyncio.run(meet()) is Outcome.DOWN


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"port": 0}, "port: 0 is not a port"),
        ({"bind_dn": ADMIN}, "bind_dn: goes with password_file"),
        ({"tls": {"ca_file": "x"}}, "tls: is for nothing with encryption none"),
        ({"base": ""}, "base: is empty; only with scope: base"),
        ({"filter": "uid=x"}, "filter: 'uid=x' is not a filter"),
        ({"min_entries": 0}, "min_entries: 0 is not more than 0"),
        ({"min_entries": 1_001}, "min_entries: 1001 is more than 1000"),
    ],
)
def test_a_fault_of_a_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"host": "annuaire.example", "base": BASE} | options, LdapSpec)

    assert str(raised.value).startswith(fault)


def test_a_filter_that_the_library_cannot_read_is_refused_beforehand() -> None:
    assert "is not a filter" in LDAP.lacking(LdapSpec("h", BASE, filter="(=)"))


@pytest.mark.servers
async def test_openldap_is_up_inside_tls_and_degraded_and_down(tmp_path: Path) -> None:
    authority().server(tmp_path)
    tls = Tls(ca_file=authority().write(tmp_path))
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    with slapd(tmp_path / "server.pem") as ports:
        people = LdapSpec(
            "127.0.0.1", BASE, ports.plain, filter="(objectClass=person)", min_entries=2
        )
        up = await run(LDAP, people)
        slow = await LDAP.probe(
            LdapSpec("127.0.0.1", BASE, ports.plain, degraded_after_ms=5),
            AMPLE_US,
            ticking_clock(step_us=10_000),
        )
        inside = LdapSpec(
            "127.0.0.1",
            BASE,
            ports.secure,
            encryption=LdapEncryption.IMPLICIT,
            tls=tls,
            bind_dn=ADMIN,
            password_file=str(secret),
        )
        ldaps = await run(LDAP, inside)
        starttls = await run(
            LDAP, replace(inside, port=ports.plain, encryption=LdapEncryption.STARTTLS)
        )
        itself = await run(
            LDAP, LdapSpec("127.0.0.1", "", ports.plain, scope=LdapScope.BASE, vendor_version=True)
        )
        secret.write_text("wrong")
        refused = await run(LDAP, inside)
        elsewhere = await run(LDAP, LdapSpec("127.0.0.1", "dc=elsewhere", ports.plain))
    dead = await run(LDAP, people)

    assert {each.outcome for each in (up, starttls, ldaps, itself)} == {Outcome.UP}
    assert slow.outcome is Outcome.DEGRADED
    assert starttls.phases.tls_us is not None
    assert refused.failure is Failure.AUTHENTICATION_FAILED
    assert elsewhere.failure is Failure.UNEXPECTED_VALUE
    assert (dead.outcome, dead.failure) == (Outcome.DOWN, Failure.CONNECTION_REFUSED)
    assert PATIENT not in repr((up, starttls, ldaps, itself, refused, elsewhere))
