"""What a grpc probe reports of servers that do not serve, or do not answer as they must."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from h2.connection import H2Connection
from h2.errors import ErrorCodes

from probes.model.failure import Failure, Operation
from probes.model.grpc_target import GrpcSpec
from probes.model.measurement import Outcome
from probes.registry import kinds
from tests.probes.clocks import run
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.certificates import authority
from tests.servers.grpc import (
    CONTINUATION,
    ENDED_WELL,
    GOAWAY,
    HEAD,
    HEADERS,
    SETTINGS,
    UP,
    WHOLE,
    answer_bytes,
    answering,
    frame,
    goaway,
    prefixed,
    replying,
    saying,
)
from tests.servers.listening import reset, serving
from tests.servers.web import PATIENT, page

GRPC = kinds()["grpc"]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


def _status(code: str) -> tuple[tuple[str, str], ...]:
    return (("grpc-status", code), ("grpc-message", PATIENT))


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_does_not_serve(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(b"\x08\x02")))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_does_not_know_whether_it_serves(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(b"")))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_watches_no_such_service(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(b"\x08\x03")))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def its_status_is_that_it_is_unavailable(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(None, _status("14")))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_answers_with_nothing_but_a_status(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(None, None, HEAD + _status("5")))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_serves_and_then_says_that_it_was_overloaded(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(UP), _status("8")))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_leaves_without_taking_the_call(_: World) -> AsyncIterator[Place]:
    async with serving(saying(frame(SETTINGS), goaway(0, 0))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_asks_for_calm(_: World) -> AsyncIterator[Place]:
    async with serving(saying(frame(SETTINGS), goaway(1, 11))) as port:
        yield Place(port)


@meets(Failure.NOT_SERVING, Operation.ASSERT)
async def it_refuses_the_call(_: World) -> AsyncIterator[Place]:
    talk = answering(lambda server: server.reset_stream(1, ErrorCodes.REFUSED_STREAM))
    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.AUTHENTICATION_FAILED, Operation.ASSERT)
async def it_wants_to_know_who_asks(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(None, None, HEAD + _status("16")))) as port:
        yield Place(port)


@meets(Failure.AUTHENTICATION_FAILED, Operation.ASSERT)
async def it_lets_others_ask(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(None, None, HEAD + _status("7")))) as port:
        yield Place(port)


@meets(Failure.QUERY_FAILED, Operation.ASSERT)
async def it_has_no_health_service(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(None, None, HEAD + _status("12")))) as port:
        yield Place(port)


@meets(Failure.QUERY_FAILED, Operation.ASSERT)
async def it_fails_within_itself(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(UP), _status("13")))) as port:
        yield Place(port)


@meets(Failure.QUERY_FAILED, Operation.ASSERT)
async def it_breaks_the_call_off_after_the_message(_: World) -> AsyncIterator[Place]:
    def answer(server: H2Connection) -> None:
        server.send_headers(1, list(HEAD))
        server.send_data(1, prefixed(UP))
        server.reset_stream(1, ErrorCodes.INTERNAL_ERROR)

    async with serving(answering(answer)) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_STATUS, Operation.ASSERT)
async def a_proxy_says_that_nothing_is_behind_it(_: World) -> AsyncIterator[Place]:
    head = ((":status", "503"), ("content-type", "text/html"))
    async with serving(answering(replying(PATIENT.encode(), None, head))) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_STATUS, Operation.ASSERT)
async def a_proxy_says_so_with_a_status_that_claims_all_is_well(_: World) -> AsyncIterator[Place]:
    head = ((":status", "502"), *HEAD[1:])
    async with serving(answering(replying(prefixed(UP), ENDED_WELL, head))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def a_web_application_answers_every_path(_: World) -> AsyncIterator[Place]:
    head = ((":status", "200"), ("content-type", "text/html"))
    async with serving(answering(replying(PATIENT.encode(), None, head))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def it_speaks_grpc_for_browsers(_: World) -> AsyncIterator[Place]:
    head = ((":status", "200"), ("content-type", "application/grpc-web"))
    async with serving(answering(replying(prefixed(UP), ENDED_WELL, head))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def its_http_status_is_a_word(_: World) -> AsyncIterator[Place]:
    head = ((":status", PATIENT), *HEAD[1:])
    async with serving(answering(replying(prefixed(UP), ENDED_WELL, head))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def its_message_is_compressed(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(UP, flag=1)))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def its_message_has_no_prefix(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(UP))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def its_message_is_no_status(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(PATIENT.encode())))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def it_answers_twice(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(UP) * 2))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def it_ends_well_without_a_message(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(None, None, HEAD + ENDED_WELL))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def a_proxy_loses_the_status_behind_the_message(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(UP), None))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def its_status_is_before_the_message_and_not_behind(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(UP), None, HEAD + ENDED_WELL))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def its_status_is_none_of_those_there_are(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(UP), _status("17")))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def it_ends_with_two_statuses(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(UP), ENDED_WELL + _status("14")))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def it_does_not_like_how_we_speak(_: World) -> AsyncIterator[Place]:
    async with serving(saying(frame(SETTINGS), goaway(1, 1))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def it_leaves_with_a_code_that_is_none(_: World) -> AsyncIterator[Place]:
    async with serving(saying(frame(SETTINGS), goaway(1, 99))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.FIRST_BYTE)
async def its_farewell_is_too_short(_: World) -> AsyncIterator[Place]:
    async with serving(saying(frame(SETTINGS), frame(GOAWAY, b"\0\0\0\0"))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.FIRST_BYTE)
async def it_speaks_http_of_another_time(_: World) -> AsyncIterator[Place]:
    async with serving(saying(page(status="400 Bad Request"))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.FIRST_BYTE)
async def it_wants_tls(_: World) -> AsyncIterator[Place]:
    async with serving(saying(bytes.fromhex("15 0303 0002 02 46"))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.FIRST_BYTE)
async def its_frame_is_longer_than_we_allow(_: World) -> AsyncIterator[Place]:
    async with serving(saying(frame(SETTINGS), frame(HEADERS, bytes(16_385), stream=1))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.FIRST_BYTE)
async def its_headers_are_garbage(_: World) -> AsyncIterator[Place]:
    garbage = frame(HEADERS, b"\xff" * 40, flags=0x05, stream=1)
    async with serving(saying(frame(SETTINGS) + garbage)) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.FIRST_BYTE)
async def it_continues_what_it_never_began(_: World) -> AsyncIterator[Place]:
    continued = frame(CONTINUATION, b"", flags=0x04, stream=1)
    async with serving(saying(frame(SETTINGS) + continued)) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.TLS)
async def it_agrees_on_no_protocol_inside_tls(world: World) -> AsyncIterator[Place]:
    async with serving(answering(WHOLE), authority().server(world.folder)) as port:
        yield Place(port, tls=world.trusted())


@meets(Failure.RESPONSE_TRUNCATED, Operation.FIRST_BYTE)
async def it_closes_within_its_settings(_: World) -> AsyncIterator[Place]:
    async with serving(saying(b"\0\0", stay=False)) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TRUNCATED, Operation.TRANSFER)
async def it_closes_before_the_status(_: World) -> AsyncIterator[Place]:
    async with serving(saying(answer_bytes(WHOLE)[:-3], stay=False)) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TRUNCATED, Operation.ASSERT)
async def its_message_is_shorter_than_it_says(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(UP, length=3)))) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TRUNCATED, Operation.ASSERT)
async def its_message_ends_within_the_prefix(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(b"\0\0\0"))) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.FIRST_BYTE)
async def it_says_hello_and_closes(_: World) -> AsyncIterator[Place]:
    async with serving(saying(frame(SETTINGS), stay=False)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.FIRST_BYTE)
async def it_says_hello_and_resets(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(SETTINGS))
        await writer.drain()
        await reader.readuntil(frame(SETTINGS, flags=1))  # until its settings are acknowledged
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.TRANSFER, transfer_ms=50)
async def it_falls_silent_before_the_status(_: World) -> AsyncIterator[Place]:
    async with serving(saying(answer_bytes(WHOLE)[:-3])) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.FIRST_BYTE, first_byte_ms=50)
async def it_only_ever_says_hello(_: World) -> AsyncIterator[Place]:
    async with serving(saying(frame(SETTINGS))) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TOO_LARGE, Operation.TRANSFER)
async def it_announces_a_message_of_a_gigabyte(_: World) -> AsyncIterator[Place]:
    async with serving(answering(replying(prefixed(UP, length=1 << 30)))) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TOO_LARGE, Operation.FIRST_BYTE)
async def it_talks_without_end(_: World) -> AsyncIterator[Place]:
    async with serving(saying(frame(SETTINGS) * 20_000)) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TOO_LARGE, Operation.FIRST_BYTE)
async def its_headers_unpack_to_more_than_anybody_needs(_: World) -> AsyncIterator[Place]:
    def answer(server: H2Connection) -> None:
        many = [("x-a", "a" * 3_000)] * 40  # a byte each but the first, by the table of HPACK
        server.send_headers(1, [*HEAD, *many], end_stream=True)

    async with serving(answering(answer)) as port:
        yield Place(port)


@pytest.mark.parametrize("situation", SITUATIONS + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        spec = GrpcSpec(place.host, place.port, tls=place.tls, timeouts=situation.timeouts)
        seen = await run(GRPC, spec)

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    assert {situation.failure for situation in SITUATIONS + ANSWERS} == GRPC.produces
