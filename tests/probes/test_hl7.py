"""What an hl7 probe takes for an interface engine that takes our messages."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.hl7_message import Message
from probes.model.failure import Failure, Operation
from probes.model.hl7_target import Acknowledgement, FieldPath, Hl7Spec
from probes.model.measurement import Outcome
from probes.model.target import Regex
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.hl7 import acknowledging, control_id, engine, heard
from tests.servers.listening import nobody, reset, serving
from tests.servers.web import PATIENT

HL7 = kinds()["hl7"]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)
SECRET = PATIENT.encode()


@meets(Failure.APPLICATION_ERROR, Operation.ASSERT)
async def it_answers_that_the_application_failed(_: World) -> AsyncIterator[Place]:
    async with serving(engine(acknowledging("AE", b"ERR|" + SECRET))) as port:
        yield Place(port)


@meets(Failure.APPLICATION_REJECT, Operation.ASSERT)
async def it_rejects_the_message(_: World) -> AsyncIterator[Place]:
    async with serving(engine(acknowledging("AR", b"ERR|" + SECRET))) as port:
        yield Place(port)


@meets(Failure.APPLICATION_REJECT, Operation.ASSERT)
async def it_does_not_even_take_the_message(_: World) -> AsyncIterator[Place]:
    async with serving(engine(acknowledging("CR"))) as port:
        yield Place(port)


@meets(Failure.MISMATCHED_REPLY, Operation.ASSERT)
async def it_acknowledges_the_message_of_another(_: World) -> AsyncIterator[Place]:
    def answer(message: bytes) -> bytes:
        return acknowledging("AA")(message).replace(control_id(message), SECRET)

    async with serving(engine(answer)) as port:
        yield Place(port)


@meets(Failure.MISMATCHED_REPLY, Operation.ASSERT)
async def it_acknowledges_no_message_in_particular(_: World) -> AsyncIterator[Place]:
    async with serving(engine(lambda _: b"\x0bMSH|^~\\&|x\rMSA|AA\r\x1c\r")) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def it_answers_with_a_message_that_is_no_acknowledgement(_: World) -> AsyncIterator[Place]:
    async with serving(
        engine(lambda _: b"\x0bMSH|^~\\&|x\rPID|1||" + SECRET + b"\r\x1c\r")
    ) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def its_code_is_none(_: World) -> AsyncIterator[Place]:
    async with serving(engine(acknowledging("OK"))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.ASSERT)
async def it_answers_with_an_empty_block(_: World) -> AsyncIterator[Place]:
    async with serving(engine(lambda _: b"\x0b\x1c\r")) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.TRANSFER)
async def a_web_server_answers(_: World) -> AsyncIterator[Place]:
    async with serving(engine(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n" + SECRET)) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.TRANSFER)
async def it_answers_without_its_frame(_: World) -> AsyncIterator[Place]:
    async with serving(engine(lambda message: acknowledging("AA")(message)[1:-2])) as port:
        yield Place(port)


@meets(Failure.RESPONSE_TRUNCATED, Operation.TRANSFER)
async def it_closes_within_a_block(_: World) -> AsyncIterator[Place]:
    talk = engine(lambda message: acknowledging("AA")(message)[:-1], stay=False)
    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.TRANSFER, transfer_ms=50)
async def it_falls_silent_within_a_block(_: World) -> AsyncIterator[Place]:
    async with serving(engine(lambda message: acknowledging("AA")(message)[:-2])) as port:
        yield Place(port)


@meets(Failure.CONNECTION_RESET, Operation.TRANSFER)
async def it_resets_within_a_block(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(b"\x0bMSH")
        await writer.drain()
        await asyncio.sleep(0)
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def it_found_nothing(_: World) -> AsyncIterator[Place]:
    async with serving(engine(acknowledging("AA", b"QAK|1|NF"))) as port:
        yield Place(port)


@meets(Failure.BAD_CONFIGURATION, Operation.SCHEDULE)
async def the_message_file_holds_no_message(world: World) -> AsyncIterator[Place]:
    (world.folder / "message.hl7").write_text("MSH|^~\\&|no id\n")
    async with serving(engine(acknowledging("AA"))) as port:
        yield Place(port)


@pytest.mark.parametrize("situation", SITUATIONS + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        file = world.folder / "message.hl7"
        spec = Hl7Spec(
            place.host,
            place.port,
            tls=place.tls,
            expect={"QAK-2": "OK"},
            message_file=str(file) if os.path.exists(file) else "",  # noqa: PTH110 - or not ours
            timeouts=situation.timeouts,
        )
        seen = await run(HL7, spec)

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    assert {situation.failure for situation in SITUATIONS + ANSWERS} == HL7.produces


@pytest.mark.parametrize("code", ["AA", "CA"])
async def test_an_engine_that_accepts_is_up_and_shows_its_version(code: str) -> None:
    async with serving(engine(acknowledging(code))) as port:
        seen = await run(HL7, Hl7Spec("127.0.0.1", port, version="MSH-3"))

    assert (seen.outcome, seen.version) == (Outcome.UP, "EAI 7.2")
    assert seen.detail == f"{code} from 127.0.0.1:{port}"


async def test_a_refusal_that_a_site_takes_for_a_sign_of_life_is_degraded() -> None:
    async with serving(engine(acknowledging("AE"))) as port:
        spec = Hl7Spec("127.0.0.1", port, degraded=(Acknowledgement.AE,))
        seen = await run(HL7, spec)

    assert (seen.outcome, seen.detail) == (Outcome.DEGRADED, f"AE from 127.0.0.1:{port}")


async def test_a_slow_engine_is_degraded() -> None:
    async with serving(engine(acknowledging("AA"))) as port:
        spec = Hl7Spec("127.0.0.1", port, degraded_after_ms=5)
        seen = await HL7.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("more than 5")


@pytest.mark.parametrize("expect", ["OK", Regex("^OK$")])
async def test_a_field_of_the_answer_holds_what_is_expected(expect: str | Regex) -> None:
    async with serving(engine(acknowledging("AA", b"QAK|1|OK"))) as port:
        seen = await run(HL7, Hl7Spec("127.0.0.1", port, expect={"QAK-2": expect}))

    assert seen.outcome is Outcome.UP


async def test_every_message_has_an_id_of_its_own_and_speaks_of_no_patient() -> None:
    messages: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        messages.append(await heard(reader))
        writer.write(acknowledging("AA")(messages[-1]))

    async with serving(talk) as port:
        for _ in range(2):
            await run(HL7, Hl7Spec("127.0.0.1", port, receiving_application="DPI"))

    first, second = (Message(message) for message in messages)
    assert first.field(FieldPath("MSH", 10)) != second.field(FieldPath("MSH", 10))
    assert first.field(FieldPath("MSH", 5)) == b"DPI"
    assert [segment[:3] for segment in messages[0].split(b"\r")] == [b"MSH", b"NCK", b""]
    assert first.field(FieldPath("NCK", 1)) == first.field(FieldPath("MSH", 7))


async def test_a_message_is_read_from_its_file_with_a_fresh_id(tmp_path: Path) -> None:
    file = tmp_path / "query.hl7"
    file.write_text("MSH|^~\\&|A|B|C|D|{now}||QBP^Q22|{control_id}|P|2.5\nQPD|Q22|1\n")
    messages: list[bytes] = []

    def answer(message: bytes) -> bytes:
        messages.append(message)
        return acknowledging("AA")(message)

    async with serving(engine(answer)) as port:
        seen = await run(HL7, Hl7Spec("127.0.0.1", port, message_file=str(file)))

    assert seen.outcome is Outcome.UP
    assert messages[0].endswith(b"\rQPD|Q22|1\r")
    assert len(control_id(messages[0])) == 20


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, 120), max_size=8))
def test_an_answer_is_the_same_however_its_bytes_are_cut(cuts: list[int]) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = acknowledging("AA")(await heard(reader))
        places = sorted({0, len(answer), *(cut for cut in cuts if cut < len(answer))})
        for first, last in itertools.pairwise(places):
            writer.write(answer[first:last])
            await writer.drain()
            await asyncio.sleep(0)

    async def meet() -> Outcome:
        async with serving(talk) as port:
            return (await run(HL7, Hl7Spec("127.0.0.1", port))).outcome

    assert asyncio.run(meet()) is Outcome.UP


@settings(max_examples=100, deadline=None)
@given(answer=st.binary(max_size=200))
def test_no_garbage_is_taken_for_an_acknowledgement(answer: bytes) -> None:
    async def meet() -> Outcome:
        async with serving(engine(lambda _: answer, stay=False)) as port:
            return (await run(HL7, Hl7Spec("127.0.0.1", port))).outcome

    assert asyncio.run(meet()) is Outcome.DOWN


@asynccontextmanager
async def their_engine(code: str) -> AsyncIterator[int]:
    """Run the MLLP server of python-hl7, which makes its acknowledgements itself."""

    async def converse(reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        message = await reader.readmessage()
        writer.writemessage(message.create_ack(code))
        await writer.drain()
        writer.close()

    server = await start_hl7_server(converse, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def test_the_server_of_another_library_is_up_degraded_and_down() -> None:
    async with their_engine("AA") as port:
        up = await run(HL7, Hl7Spec("127.0.0.1", port))
    async with their_engine("AE") as port:
        down = await run(HL7, Hl7Spec("127.0.0.1", port))
        degraded = await run(HL7, Hl7Spec("127.0.0.1", port, degraded=(Acknowledgement.AE,)))
    with nobody() as port:
        dead = await run(HL7, Hl7Spec("127.0.0.1", port))

    assert up.outcome is Outcome.UP
    assert (down.outcome, down.failure) == (Outcome.DOWN, Failure.APPLICATION_ERROR)
    assert degraded.outcome is Outcome.DEGRADED
    assert (dead.outcome, dead.failure) == (Outcome.DOWN, Failure.CONNECTION_REFUSED)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"port": 0}, "port: 0 is not a port"),
        ({"message_type": "ack"}, "message_type: 'ack' is not one"),
        ({"segments": ["PID"]}, "segments: 'PID' is not a segment"),
        ({"sending_application": "a|b"}, "sending_application: 'a|b' holds a separator"),
        ({"accept": []}, "accept: is empty"),
        ({"accept": ["ZZ"]}, "Invalid enum value 'ZZ'"),
        ({"degraded": ["AA"]}, "degraded: AA is in accept too"),
        ({"expect": {"QAK": "OK"}}, "expect: 'QAK' is not a field"),
        ({"expect": {"QAK-2": " "}}, "expect: an empty text"),
        ({"version": "PID-5"}, "version: PID-5 is no field of MSH or SFT"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_fault_of_a_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"host": "eai.example", "port": 2575} | options, Hl7Spec)

    assert str(raised.value).startswith(fault)
