"""Every failure a dns probe can report, from a situation in which it is the truth."""

import asyncio
from collections.abc import AsyncIterator

import pytest

import probes.dns
from probes.model.dns_target import DnsSpec, RecordType, Transport
from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from probes.model.target import Timeouts
from probes.registry import kinds
from tests.probes.clocks import run
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.listening import Talk, nobody, reset
from tests.servers.names import Script, answering, framed, ignoring, naming, reply
from tests.servers.web import PATIENT

DNS = kinds()["dns"]
# By TCP; there is no TLS, so neither a handshake nor a file of authorities.
BY_STREAM = [
    each
    for each in SITUATIONS
    if each.operation is not Operation.TLS and each.operation is not Operation.SCHEDULE
]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


def _other(query: bytes) -> bytes:
    """Return the same question about another name."""
    return query.replace(b"\x03dpi", b"\x03dpj")


def _cut(query: bytes) -> list[bytes]:
    return [reply(query, cut=True)]


def _stream(script: Script, kept: int | None = None) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        for message in script(query):
            writer.write(framed(message)[:kept])
        await writer.drain()

    return talk


@meets(Failure.NAME_NOT_FOUND, Operation.ASSERT)
async def the_name_asked_for_does_not_exist(_: World) -> AsyncIterator[Place]:
    async with naming(answering(rcode="NXDOMAIN")) as port:
        yield Place(port)


@meets(Failure.NAME_NOT_FOUND, Operation.ASSERT)
async def the_name_asked_for_has_no_such_record(_: World) -> AsyncIterator[Place]:
    async with naming(answering()) as port:
        yield Place(port)


@meets(Failure.RESOLUTION_FAILED, Operation.ASSERT)
async def the_name_server_fails(_: World) -> AsyncIterator[Place]:
    async with naming(answering(rcode="SERVFAIL")) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def the_record_is_another(_: World) -> AsyncIterator[Place]:
    async with naming(answering(f'"{PATIENT}"')) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.FIRST_BYTE, first_byte_ms=30)
async def the_name_server_is_silent(_: World) -> AsyncIterator[Place]:
    async with naming(ignoring) as port:
        yield Place(port)


@meets(Failure.CONNECTION_REFUSED, Operation.FIRST_BYTE)
async def no_name_server_is_there(_: World) -> AsyncIterator[Place]:
    with nobody() as port:
        yield Place(port)


@meets(Failure.MISMATCHED_REPLY, Operation.FIRST_BYTE, first_byte_ms=100)
async def only_replies_with_another_id_come(_: World) -> AsyncIterator[Place]:
    def script(query: bytes) -> list[bytes]:
        return [bytes([query[0] ^ 1]) + reply(query, f'"{PATIENT}"')[1:]]

    async with naming(script) as port:
        yield Place(port)


@meets(Failure.MISMATCHED_REPLY, Operation.FIRST_BYTE, first_byte_ms=100)
async def only_replies_to_another_question_come(_: World) -> AsyncIterator[Place]:
    async with naming(lambda query: [reply(_other(query), f'"{PATIENT}"')]) as port:
        yield Place(port)


@meets(Failure.MISMATCHED_REPLY, Operation.ASSERT)
async def the_stream_answers_another_question(_: World) -> AsyncIterator[Place]:
    talk = _stream(lambda query: [reply(_other(query), f'"{PATIENT}"')])
    async with naming(_cut, talk) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def the_reply_is_no_message(_: World) -> AsyncIterator[Place]:
    async with naming(lambda query: [query[:2] + b"\x81\x80" + PATIENT.encode()]) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TRUNCATED, Operation.TRANSFER)
async def the_stream_closes_in_a_message(_: World) -> AsyncIterator[Place]:
    async with naming(_cut, _stream(answering(f'"{PATIENT}"'), kept=20)) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TRUNCATED, Operation.TRANSFER)
async def even_the_stream_is_cut(_: World) -> AsyncIterator[Place]:
    async with naming(_cut) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.TRANSFER, transfer_ms=30)
async def the_stream_stalls_in_a_message(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00")
        await reader.read()

    async with naming(_cut, talk) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.FIRST_BYTE)
async def the_stream_is_reset(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        reset(writer)

    async with naming(_cut, talk) as port:
        yield Place(port)


@meets(Failure.PERMISSION_DENIED, Operation.CONNECT)
async def the_system_forbids_to_ask_everybody(_: World) -> AsyncIterator[Place]:
    yield Place(53, "255.255.255.255")


@meets(Failure.BAD_CONFIGURATION, Operation.SCHEDULE)
async def the_system_names_no_name_server(world: World) -> AsyncIterator[Place]:
    path = world.folder / "resolv.conf"
    path.write_text("search ch-exemple.example\n")
    world.monkeypatch.setattr(probes.dns, "_RESOLV_CONF", str(path))
    yield Place(53, "")


@meets(Failure.BAD_CONFIGURATION, Operation.SCHEDULE)
async def the_system_has_no_configuration(world: World) -> AsyncIterator[Place]:
    world.monkeypatch.setattr(probes.dns, "_RESOLV_CONF", str(world.folder / "missing"))
    yield Place(53, "")


@pytest.mark.parametrize("situation", BY_STREAM + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    transport = Transport.TCP if situation in BY_STREAM else Transport.UDP
    async with situation.arrange(world) as place:
        seen = await run(DNS, _spec(place, transport, situation.timeouts))

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    assert {situation.failure for situation in BY_STREAM + ANSWERS} == DNS.produces


def _spec(place: Place, transport: Transport, timeouts: Timeouts) -> DnsSpec:
    server = f"{place.host}:{place.port}" if place.host else ""
    return DnsSpec(
        "dpi.example",
        RecordType.TXT,
        server,
        transport,
        expect=("v=spf1 -all",),
        timeouts=timeouts,
    )
