"""What a dicom probe takes for an application that answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.dicom_association import EchoReader, NoDicomError, PduReader, read_acceptance
from probes.model.dicom_target import DicomSpec
from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, run, ticking_clock
from tests.probes.situations import SITUATIONS, Place, Situation, World, entering
from tests.servers.dicom import (
    ABORT,
    accepting,
    answering,
    application,
    echo,
    heard,
    orthanc,
    rejection,
    storescp,
)
from tests.servers.listening import nobody, reset, serving
from tests.servers.web import PATIENT

DICOM = kinds()["dicom"]
# Until it is connected and secured; what comes then is an association.
_FIRST = (Operation.SCHEDULE, Operation.RESOLVE, Operation.CONNECT, Operation.TLS)
BEFORE = [each for each in SITUATIONS if each.operation in _FIRST]
ANSWERS: list[Situation] = []
meets = entering(ANSWERS)


def meeting(failure: Failure, operation: Operation, data: bytes, name: str, *, stay: bool) -> None:
    """Enter the situation of an application that answers a request with some bytes."""

    async def it_answers(_: World) -> AsyncIterator[Place]:
        async with serving(answering(data, stay=stay)) as port:
            yield Place(port)

    it_answers.__name__ = name
    meets(failure, operation)(it_answers)


_REJECTED = Failure.ASSOCIATION_REJECTED
for _failure, _operation, _data, _name, _stay in (
    (_REJECTED, Operation.ASSERT, rejection(1, 3), "it_does_not_know_our_title", True),
    (_REJECTED, Operation.ASSERT, rejection(1, 7), "it_has_another_title", True),
    (_REJECTED, Operation.ASSERT, rejection(1, 99), "it_rejects_for_no_known_reason", True),
    (Failure.NOT_SERVING, Operation.ASSERT, rejection(3, 1), "it_is_congested", True),
    (Failure.NOT_SERVING, Operation.ASSERT, rejection(3, 2), "it_is_at_its_limit", True),
    (Failure.CONNECTION_CLOSED, Operation.NEGOTIATE, ABORT, "it_aborts", True),
    (Failure.CONNECTION_CLOSED, Operation.NEGOTIATE, b"", "it_closes_without_a_word", False),
    (Failure.RESPONSE_TRUNCATED, Operation.NEGOTIATE, b"\x02\0\0\0\0\xb0x", "half_a_pdu", False),
    (Failure.PROTOCOL_ERROR, Operation.NEGOTIATE, b"HTTP/1.1 400\r\n", "a_web_server", True),
    (Failure.PROTOCOL_ERROR, Operation.NEGOTIATE, b"\x02\0\x7f\xff\xff\xff", "no_end", True),
    (Failure.PROTOCOL_ERROR, Operation.NEGOTIATE, b"\x02\0\0\0\0\x04junk", "junk_inside", True),
    (Failure.PROTOCOL_ERROR, Operation.NEGOTIATE, b"\x03\0\0\0\0\0", "no_reason_inside", True),
    (Failure.PROTOCOL_ERROR, Operation.NEGOTIATE, echo(), "an_echo_before_its_time", True),
):
    meeting(_failure, _operation, _data, _name, stay=_stay)


@meets(Failure.CONNECTION_RESET, Operation.NEGOTIATE)
async def it_resets_without_a_word(_: World) -> AsyncIterator[Place]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        reset(writer)

    async with serving(talk) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.NEGOTIATE, negotiate_ms=30)
async def it_says_nothing(_: World) -> AsyncIterator[Place]:
    async with serving(answering(b"")) as port:
        yield Place(port)


@meets(Failure.TIMEOUT, Operation.FIRST_BYTE, first_byte_ms=30)
async def it_accepts_and_says_no_more(_: World) -> AsyncIterator[Place]:
    async with serving(accepting()) as port:
        yield Place(port)


@meets(Failure.UNEXPECTED_VALUE, Operation.ASSERT)
async def it_offers_no_verification(_: World) -> AsyncIterator[Place]:
    async with serving(accepting(result=3)) as port:
        yield Place(port)


@meets(Failure.MISMATCHED_REPLY, Operation.ASSERT)
async def it_answers_another_message(_: World) -> AsyncIterator[Place]:
    async with serving(accepting(echo(answers=7))) as port:
        yield Place(port)


@meets(Failure.QUERY_FAILED, Operation.ASSERT)
async def it_refuses_the_echo(_: World) -> AsyncIterator[Place]:
    async with serving(accepting(echo(status=0x0122))) as port:
        yield Place(port)


@meets(Failure.PROTOCOL_ERROR, Operation.FIRST_BYTE)
async def its_answer_has_no_end(_: World) -> AsyncIterator[Place]:
    # A presentation data value of 4 000 bytes of a command, never marked as the last.
    part = b"\x01\x01" + bytes(3_998)
    fragment = len(part).to_bytes(4, "big") + part
    pdu = b"\x04\x00" + len(fragment).to_bytes(4, "big") + fragment
    async with serving(accepting(pdu * 10)) as port:
        yield Place(port)


@meets(Failure.CONNECTION_CLOSED, Operation.FIRST_BYTE)
async def it_aborts_in_place_of_an_echo(_: World) -> AsyncIterator[Place]:
    async with serving(accepting(ABORT)) as port:
        yield Place(port)


@pytest.mark.parametrize("situation", BEFORE + ANSWERS, ids=lambda situation: situation.name)
async def test_it_reports_what_is_true(situation: Situation, world: World) -> None:
    async with situation.arrange(world) as place:
        spec = DicomSpec(place.host, "PACS", place.port, tls=place.tls, timeouts=situation.timeouts)
        seen = await run(DICOM, spec)

    assert (seen.failure, seen.operation) == (situation.failure, situation.operation)
    assert (seen.outcome is Outcome.UNKNOWN) == situation.failure.of_instrument
    assert PATIENT not in repr(seen)


def test_every_failure_it_declares_is_met_and_no_other() -> None:
    assert {situation.failure for situation in BEFORE + ANSWERS} == DICOM.produces


async def test_an_application_that_answers_the_echo_is_up() -> None:
    with application() as port:
        seen = await run(DICOM, DicomSpec("127.0.0.1", "PACS", port))

    assert (seen.outcome, seen.detail) == (Outcome.UP, f"echo from 127.0.0.1:{port}")
    assert (seen.version or "").startswith("PYNETDICOM_")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"require_called_aet": True}, "called AE title not recognised"),
        ({"require_calling_aet": ["MODALITY"]}, "calling AE title not recognised"),
    ],
)
async def test_a_title_that_is_not_known_is_named(options: dict[str, Any], words: str) -> None:
    with application(**options) as port:
        seen = await run(DICOM, DicomSpec("127.0.0.1", "OTHER", port))

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.ASSOCIATION_REJECTED)
    assert seen.detail == f"association rejected: {words}"


async def test_a_slow_application_is_degraded() -> None:
    with application() as port:
        spec = DicomSpec("127.0.0.1", "PACS", port, degraded_after_ms=5)
        seen = await DICOM.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED


@given(
    pdus=st.lists(st.binary(max_size=40), max_size=4),
    cuts=st.lists(st.integers(0, 200), max_size=8),
)
def test_pdus_come_out_as_they_went_in_however_the_bytes_are_cut(
    pdus: list[bytes], cuts: list[int]
) -> None:
    sent = [b"\x04\x00" + len(data).to_bytes(4, "big") + data for data in pdus]
    whole = b"".join(sent)
    reader, came = PduReader(), []
    for first, last in pairwise(sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})):
        reader.feed(whole[first:last])
        while (pdu := reader.pdu()) is not None:
            came.append(pdu.data)
    assert came == sent
    assert not reader.begun


@given(content=st.binary(max_size=200))
def test_no_garbage_is_taken_for_an_acceptance_or_an_echo(content: bytes) -> None:
    data = len(content).to_bytes(4, "big") + content
    with suppress(NoDicomError):
        assert not read_acceptance(b"\x02\x00" + data).verification
    with suppress(NoDicomError):
        assert EchoReader().take(b"\x04\x00" + data) is None


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=120))
def test_whatever_is_answered_no_garbage_is_an_application(data: bytes) -> None:
    async def meet() -> Outcome:
        async with serving(answering(data, stay=False)) as port:
            return (await run(DICOM, DicomSpec("127.0.0.1", "PACS", port))).outcome

    assert asyncio.run(meet()) is Outcome.DOWN


@pytest.mark.servers
async def test_dcmtk_is_up_degraded_when_slow_and_down_when_dead() -> None:
    with storescp("PACS") as port:
        spec = DicomSpec("127.0.0.1", "PACS", port)
        up = await run(DICOM, spec)
        slow = DicomSpec("127.0.0.1", "PACS", port, degraded_after_ms=5)
        degraded = await DICOM.probe(slow, AMPLE_US, ticking_clock(step_us=10_000))
    dead = await run(DICOM, spec)

    assert up.outcome is Outcome.UP
    assert (up.version or "").startswith("OFFIS_DCMTK_")
    assert degraded.outcome is Outcome.DEGRADED
    assert (dead.outcome, dead.failure) == (Outcome.DOWN, Failure.CONNECTION_REFUSED)


@pytest.mark.servers
async def test_orthanc_answers_who_calls_it_by_its_title_and_rejects_the_others(
    tmp_path: Path,
) -> None:
    with orthanc(tmp_path, "ORTHANC") as port:
        up = await run(DICOM, DicomSpec("127.0.0.1", "ORTHANC", port))
        other = await run(DICOM, DicomSpec("127.0.0.1", "AUTRE", port))

    assert up.outcome is Outcome.UP
    assert (other.outcome, other.failure) == (Outcome.DOWN, Failure.ASSOCIATION_REJECTED)
    assert "called AE title not recognised" in other.detail


async def test_a_rejection_is_told_from_a_dead_port() -> None:
    with nobody() as port:
        dead = await run(DICOM, DicomSpec("127.0.0.1", "PACS", port))

    assert dead.failure is Failure.CONNECTION_REFUSED


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"port": 0}, "port: 0 is not a port"),
        ({"called_ae": ""}, "called_ae: '' is no AE title"),
        ({"called_ae": "A" * 17}, "called_ae: 'AAAAAAAAAAAAAAAAA' is no AE title"),
        ({"called_ae": "A\\B"}, "called_ae: 'A\\\\B' is no AE title"),
        ({"calling_ae": " A"}, "calling_ae: ' A' is no AE title"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_fault_of_a_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"host": "pacs.example", "called_ae": "PACS"} | options, DicomSpec)

    assert str(raised.value).startswith(fault)
