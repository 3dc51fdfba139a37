"""The hl7 probe: sends a message to an interface engine and reads the acknowledgement.

An open port says nothing of what is behind an engine, and neither does an acknowledgement of
somebody else's message: the answer must name our control id. `AE` and `AR` mean that it lives and
refuses, which is no service to whoever sent an order. Of an answer only codes are told.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Final, NamedTuple

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, slowness, unreadable
from probes.hl7_message import Message, NoMessageError
from probes.kind import Kind, host_and_port
from probes.mllp import BrokenFrameError, FrameReader, framed
from probes.model.failure import Failure, Operation
from probes.model.hl7_target import Acknowledgement, FieldPath, Hl7Spec
from probes.model.measurement import Observation, Outcome
from probes.pattern import found, quoted
from probes.transport import Connection, dial
from probes.version import shown_version

PRODUCES: Final = transport.PRODUCES | {
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.MISMATCHED_REPLY,
    Failure.APPLICATION_ERROR,
    Failure.APPLICATION_REJECT,
    Failure.UNEXPECTED_VALUE,
}


async def probe(spec: Hl7Spec, deadline: int, clock: Clock) -> Observation:
    """Probe an engine once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    reader = FrameReader()
    try:
        async with attempt:
            control_id = token_hex(_CONTROL_ID_BYTES)
            peer, frame = await _exchange(spec, _message(spec, control_id), attempt, reader)
        answer = _answer(frame, control_id)
    except ProbeError as error:
        return attempt.failed(_cut_short(error, reader))
    version = _version(spec, answer.message)
    flaw = _flaw(spec, answer)
    if flaw is not None:
        failure, reason = flaw
        return Observation.failed(
            failure,
            Operation.ASSERT,
            f"from {peer}: {reason}",
            version=version,
            phases=attempt.phases,
        )
    slow = slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if slow or answer.code in spec.degraded else Outcome.UP
    detail = f"{answer.code} from {peer}" + (f": {slow}" if slow else "")
    return Observation(outcome, detail=detail, version=version, phases=attempt.phases)


class _Answer(NamedTuple):
    """The acknowledgement of our message: its code, and the whole it stands in."""

    code: Acknowledgement
    message: Message


def _message(spec: Hl7Spec, control_id: str) -> bytes:
    """Return the message with a fresh id and the time in their places."""
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S+0000")
    if spec.message_file:
        written = _written(spec.message_file)
        written = written.replace(b"{control_id}", control_id.encode())
        return written.replace(b"{now}", now.encode())
    header = "|".join(
        (
            "MSH",
            "^~\\&",
            spec.sending_application,
            spec.sending_facility,
            spec.receiving_application,
            spec.receiving_facility,
            now,
            "",
            spec.message_type,
            control_id,
            spec.processing_id,
            spec.hl7_version,
            *[""] * 5,
            "UNICODE UTF-8",
        )
    )
    text = "\r".join((header, *spec.segments, ""))
    return text.replace("{control_id}", control_id).replace("{now}", now).encode()


def _written(path: str) -> bytes:
    """Return a message from its file, a line a segment."""
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    lines = [line.rstrip() for line in re.split(rb"[\r\n]+", text) if line.strip()]
    if not lines or not lines[0].startswith(b"MSH") or b"{control_id}" not in lines[0]:
        detail = f"{path} does not hold a message whose MSH has {{control_id}} as its id"
        raise ProbeError(Failure.BAD_CONFIGURATION, detail, Operation.SCHEDULE)
    return b"".join(line + b"\r" for line in lines)


async def _exchange(
    spec: Hl7Spec, message: bytes, attempt: Attempt, reader: FrameReader
) -> tuple[str, bytes]:
    """Return the address that answered, and the first block it sent."""
    connection = await dial(spec.target, spec.tls, attempt)
    try:
        attempt.begin(Operation.SEND)
        await connection.send(framed(message))
        attempt.begin(Operation.FIRST_BYTE)
        return connection.peer, await _block(connection, attempt, reader)
    finally:
        connection.close()


async def _block(connection: Connection, attempt: Attempt, reader: FrameReader) -> bytes:
    while True:
        data = await connection.receive()
        if not data:
            what = "cut short" if reader.begun else "closed without an answer"
            failure = Failure.RESPONSE_TRUNCATED if reader.begun else Failure.CONNECTION_CLOSED
            raise ProbeError(failure, what)
        if not reader.begun:
            attempt.begin(Operation.TRANSFER)
        reader.feed(data)
        try:
            frame = reader.frame()
        except BrokenFrameError as error:
            raise ProbeError(Failure.PROTOCOL_ERROR, f"no MLLP: {error}") from None
        if frame is not None:
            return frame


def _cut_short(error: ProbeError, reader: FrameReader) -> ProbeError:
    """Return an error that tells half an answer from none."""
    if error.failure is not Failure.TIMEOUT or not reader.begun:
        return error
    return ProbeError(error.failure, f"{error.detail}; a block without its end came")


def _answer(frame: bytes, control_id: str) -> _Answer:
    try:
        message = Message(frame)
    except NoMessageError as error:
        raise _no_acknowledgement(str(error)) from None
    if not message.has("MSA"):
        raise _no_acknowledgement("it has no MSA")
    if message.field(_ACKNOWLEDGED) != control_id.encode():
        detail = "it acknowledges another message than ours"
        raise ProbeError(Failure.MISMATCHED_REPLY, detail, Operation.ASSERT)
    try:
        code = Acknowledgement(message.field(_CODE).decode("ascii", "replace"))
    except ValueError:
        raise _no_acknowledgement("its code is none") from None
    return _Answer(code, message)


def _no_acknowledgement(reason: str) -> ProbeError:
    return ProbeError(
        Failure.PROTOCOL_ERROR, f"the answer is no acknowledgement: {reason}", Operation.ASSERT
    )


def _flaw(spec: Hl7Spec, answer: _Answer) -> tuple[Failure, str] | None:
    if answer.code not in spec.accept and answer.code not in spec.degraded:
        return _REFUSALS.get(answer.code, Failure.UNEXPECTED_VALUE), f"it answered {answer.code}"
    for path, pattern in spec.expect.items():
        if not found(pattern, _read(answer.message.field(FieldPath.read(path)))):
            return Failure.UNEXPECTED_VALUE, f"{path} lacks {quoted(pattern)}"
    return None


def _read(value: bytes) -> str:
    """Return a field as text: UTF-8 when it can be, else Latin-1, as sites without MSH-18 mean."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _version(spec: Hl7Spec, message: Message) -> str | None:
    if not spec.version:
        return None
    return shown_version(_read(message.field(FieldPath.read(spec.version))))


_CONTROL_ID_BYTES: Final = 10  # MSH-10 has at most 20 characters
_CODE: Final = FieldPath("MSA", 1)
_ACKNOWLEDGED: Final = FieldPath("MSA", 2)
_REFUSALS: Final = {
    Acknowledgement.AE: Failure.APPLICATION_ERROR,
    Acknowledgement.CE: Failure.APPLICATION_ERROR,
    Acknowledgement.AR: Failure.APPLICATION_REJECT,
    Acknowledgement.CR: Failure.APPLICATION_REJECT,
}

KIND: Final = Kind(
    "hl7", Hl7Spec, probe, PRODUCES, host_and_port(2575), "eai.example:2575 -o version=MSH-3"
)
