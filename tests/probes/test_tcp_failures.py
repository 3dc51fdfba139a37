"""Every failure a tcp probe can report, from a situation in which it is the truth."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from probes.model.target import TcpSpec, Timeouts
from probes.registry import kinds
from tests.probes.clocks import run
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.listening import Talk, fall_silent, reset, serving
from tests.servers.web import PATIENT

TCP = kinds()["tcp"]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


@meets(Failure.MARKER_MISSING, Operation.ASSERT)
async def another_service_answers_and_closes(_: World) -> AsyncIterator[Place]:
    async with serving(_say(f"SSH-2.0 {PATIENT}\r\n")) as port:
        yield Place(port)


@meets(Failure.MARKER_MISSING, Operation.ASSERT, transfer_ms=30)
async def another_service_answers_and_waits(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"SSH-2.0 {PATIENT}\r\n".encode())
        await fall_silent(reader)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.MARKER_MISSING, Operation.ASSERT)
async def another_service_never_ends(_: World) -> AsyncIterator[Place]:
    async with serving(_say(PATIENT * 10_000)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.TRANSFER)
async def it_resets_after_half_a_word(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(b"22")
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@pytest.mark.parametrize("situation", SITUATIONS + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        seen = await run(TCP, _spec(place, situation.timeouts))

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    assert {situation.failure for situation in SITUATIONS + ANSWERS} == TCP.produces


def _spec(place: Place, timeouts: Timeouts) -> TcpSpec:
    return TcpSpec(
        place.host, place.port, tls=place.tls, send="EHLO\r\n", expect="220 ", timeouts=timeouts
    )


def _say(text: str) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(text.encode())
        await writer.drain()

    return talk
