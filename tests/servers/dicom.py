"""DICOM applications: real ones of Debian, pynetdicom's, and ones that answer as a test says."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.dimse_messages import C_ECHO_RSP
from pynetdicom.dimse_primitives import C_ECHO
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ, P_DATA_TF
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from tests.servers.listening import Talk, fall_silent
from tests.servers.real import free_port, real, running

ABORT = b"\x07\x00\x00\x00\x00\x04\x00\x00\x02\x00"


@contextmanager
def storescp(title: str) -> Iterator[int]:
    """Run dcmtk's storage application under a title; give the port."""
    port = free_port()
    with running(real("storescp"), "--aetitle", title, str(port), port=port):
        yield port


@contextmanager
def orthanc(folder: Path, title: str) -> Iterator[int]:
    """Run Orthanc, which answers only who calls it by its title; give the port."""
    port, web = free_port(), free_port()
    conf = folder / "orthanc.json"
    settings = {
        "Name": "Tests",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "DicomAet": title,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowEcho": True,
        "DicomPort": port,
        "HttpPort": web,
        "Plugins": [],
    }
    conf.write_text(json.dumps(settings))
    with running(real("Orthanc"), conf, port=port):
        yield port


@contextmanager
def application(status: int = 0x0000, **options: Any) -> Iterator[int]:  # noqa: ANN401
    """Run pynetdicom's own application; `options` are attributes of its entity."""
    entity = AE(ae_title="PACS")
    entity.add_supported_context(Verification)
    for name, value in options.items():
        setattr(entity, name, value)
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_ECHO, lambda _: status)]
    )
    assert server is not None
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


def rejection(source: int, reason: int) -> bytes:
    """Return an A-ASSOCIATE-RJ."""
    return bytes((3, 0, 0, 0, 0, 4, 0, 1, source, reason))


def acceptance(request: bytes, result: int = 0) -> bytes:
    """Return what accepts a request, and its one context with a result."""
    asked: Any = A_ASSOCIATE_RQ()
    asked.decode(request)
    agreed: Any = asked.to_primitive()
    [context] = agreed.presentation_context_definition_list
    context.transfer_syntax = context.transfer_syntax[:1]
    context.result = result
    answer = A_ASSOCIATE()
    answer.application_context_name = agreed.application_context_name
    answer.calling_ae_title, answer.called_ae_title = "CONSTAT", "PACS"
    answer.result, answer.result_source = 0, 1
    answer.presentation_context_definition_results_list = [context]
    answer.user_information = agreed.user_information
    pdu = A_ASSOCIATE_AC()
    pdu.from_primitive(answer)
    return pdu.encode()


def echo(answers: int = 1, status: int = 0) -> bytes:
    """Return the PDUs of a C-ECHO-RSP to a message."""
    said = C_ECHO()
    said.MessageIDBeingRespondedTo, said.Status = answers, status
    said.AffectedSOPClassUID = "1.2.840.10008.1.1"
    message = C_ECHO_RSP()
    message.primitive_to_message(said)
    sent = b""
    for part in message.encode_msg(1, 16_384):
        pdu = P_DATA_TF()
        pdu.from_primitive(part)
        sent += pdu.encode()
    return sent


async def heard(reader: asyncio.StreamReader) -> bytes:
    """Return the next PDU."""
    head = await reader.readexactly(6)
    return head + await reader.readexactly(int.from_bytes(head[2:], "big"))


def accepting(*answers: bytes, result: int = 0, stay: bool = True) -> Talk:
    """Return the conversation of one that accepts, then answers each PDU with the next bytes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(acceptance(await heard(reader), result))
        for answer in answers:
            await writer.drain()
            await heard(reader)
            writer.write(answer)
        await writer.drain()
        if stay:
            await fall_silent(reader)

    return talk


def answering(data: bytes, *, stay: bool = True) -> Talk:
    """Return the conversation of one that answers a request with some bytes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(data)
        await writer.drain()
        if stay:
            await fall_silent(reader)

    return talk
