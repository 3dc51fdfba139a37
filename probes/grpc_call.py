"""One unary call of gRPC over HTTP/2: h2 reads the protocol and never sees a socket.

Frames are cut here and given to h2 one by one: so a frame that is cut short is told from none, and
a server that leaves in good order (GOAWAY) may still answer, which h2 alone would refuse. An answer
is taken whole or not at all: its head, one message, and the status behind it. Of all it holds only
numbers are told: texts, names and details stay here.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from enum import IntEnum
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from probes.attempt import Attempt, ProbeError
from probes.model.failure import Failure, Operation
from probes.model.release import RELEASE
from probes.transport import Connection

if TYPE_CHECKING:
    from h2.events import Event


class GrpcStatus(IntEnum):
    """The codes a call can end with (gRPC: status codes)."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class Request(NamedTuple):
    """What is asked of whom: the path is `/package.Service/Method`."""

    scheme: str
    authority: str
    path: str
    message: bytes


class Reply(NamedTuple):
    """How a call ended, and the message it brought; none unless it ended well."""

    status: GrpcStatus
    message: bytes


class GrpcCall:
    """A call over a connection that is used for nothing else.

    Made before the attempt begins: what it imports, the first time, is not the target's time.
    """

    def __init__(self) -> None:
        from h2.config import H2Configuration  # noqa: PLC0415 - only where gRPC is probed
        from h2.connection import H2Connection  # noqa: PLC0415
        from h2.settings import SettingCodes  # noqa: PLC0415

        self._http = H2Connection(H2Configuration(client_side=True))
        self._http.local_settings[SettingCodes.ENABLE_PUSH] = 0
        self._http.local_settings.acknowledge()
        self._frames = _Frames()
        self._head: dict[bytes, bytes] | None = None
        self._body: bytearray | None = None
        self._trailers: dict[bytes, bytes] | None = None
        self._ended = False

    async def ask(self, request: Request, connection: Connection, attempt: Attempt) -> Reply:
        """Send a request with one message and return what it is answered."""
        head = [
            (":method", "POST"),
            (":scheme", request.scheme),
            (":path", request.path),
            (":authority", request.authority),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", f"constat-agent/{RELEASE}"),
        ]
        self._http.initiate_connection()
        self._http.send_headers(_STREAM, head)
        self._http.send_data(_STREAM, framed(request.message), end_stream=True)
        attempt.begin(Operation.SEND)
        await connection.send(self._http.data_to_send())
        attempt.begin(Operation.FIRST_BYTE)
        while not self._ended:
            await self._hear(connection, attempt)
        return self._reply()

    async def _hear(self, connection: Connection, attempt: Attempt) -> None:
        """Take the next frame, and acknowledge what must be."""
        while (frame := self._frames.next()) is None:
            data = await connection.receive()
            if not data:
                raise self._closed()
            self._frames.feed(data)
        if frame[_TYPE_AT] == _GOAWAY:
            _require_good_order(frame)
            return
        for event in self._read(frame):
            self._take(event, attempt)
        if owed := self._http.data_to_send():
            # Who has closed after its last word takes none: what it said is still read.
            with suppress(ConnectionError):
                await connection.send(owed)

    def _read(self, frame: bytes) -> "list[Event]":
        from h2.exceptions import DenialOfServiceError, H2Error  # noqa: PLC0415

        try:
            return self._http.receive_data(frame)
        except DenialOfServiceError:
            raise ProbeError(Failure.RESPONSE_TOO_LARGE, "its headers are too long") from None
        except H2Error:
            raise ProbeError(Failure.PROTOCOL_ERROR, "it breaks the rules of HTTP/2") from None

    def _take(self, event: "Event", attempt: Attempt) -> None:
        from h2 import events  # noqa: PLC0415

        if isinstance(event, events.ResponseReceived):
            attempt.begin(Operation.TRANSFER)
            self._head = _fields(event.headers)
            _require_grpc(self._head)
        elif isinstance(event, events.DataReceived):
            self._body = (self._body or bytearray()) + event.data
            _require_prefix(self._body)
            self._http.acknowledge_received_data(event.flow_controlled_length or 0, _STREAM)
        elif isinstance(event, events.TrailersReceived):
            self._trailers = _fields(event.headers)
        elif isinstance(event, events.StreamReset):
            raise _broken_off("RST_STREAM", int(event.error_code or 0))
        elif isinstance(event, events.StreamEnded):
            self._ended = True

    def _closed(self) -> ProbeError:
        if self._head is not None or self._frames.cut:
            return ProbeError(Failure.RESPONSE_TRUNCATED, "cut short")
        return ProbeError(Failure.CONNECTION_CLOSED, "closed without an answer")

    def _reply(self) -> Reply:
        # Who answers nothing but a status has it in the head ("Trailers-Only").
        last = self._head if self._trailers is None and self._body is None else self._trailers
        written = (last or {}).get(b"grpc-status")
        if written is None:
            raise _no_answer("it has no status")
        if _STATUS.fullmatch(written) is None or int(written) not in _STATUSES:
            raise _no_answer("its status is none of gRPC's")
        status = GrpcStatus(int(written))
        return Reply(status, self._message() if status is GrpcStatus.OK else b"")

    def _message(self) -> bytes:
        body = bytes(self._body or b"")
        if not body:
            raise _no_answer("it has no message")
        length = int.from_bytes(body[1:_PREFIX_BYTES], "big")
        message = body[_PREFIX_BYTES:]
        if len(body) < _PREFIX_BYTES or len(message) < length:
            detail = "a message that is cut"
            raise ProbeError(Failure.RESPONSE_TRUNCATED, detail, Operation.ASSERT)
        if len(message) > length:
            raise _no_answer("it has more than one message")
        return message


def framed(message: bytes) -> bytes:
    """Return a message as it goes over the stream: not compressed, its length, itself."""
    return b"\0" + len(message).to_bytes(_LENGTH_BYTES, "big") + message


class _Frames:
    """Takes bytes as they come and gives one whole frame after the other (RFC 9113, section 4)."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._came = 0
        self._introduced = False

    @property
    def cut(self) -> bool:
        """Whether a part of a frame has come."""
        return len(self._waiting) > 0

    def feed(self, data: bytes) -> None:
        """Take what came; there is an end to what is taken."""
        self._came += len(data)
        if self._came > _LONGEST_ANSWER:
            detail = f"an answer of more than {_LONGEST_ANSWER} bytes"
            raise ProbeError(Failure.RESPONSE_TOO_LARGE, detail)
        self._waiting += data

    def next(self) -> bytes | None:
        """Return the next whole frame; None until it is there."""
        if len(self._waiting) <= _TYPE_AT:
            return None
        length = int.from_bytes(self._waiting[:_TYPE_AT], "big")
        # The first is SETTINGS (section 3.4): whoever speaks something else is found out here.
        if not self._introduced and self._waiting[_TYPE_AT] != _SETTINGS:
            raise ProbeError(Failure.PROTOCOL_ERROR, "what came is no HTTP/2")
        if length > _LONGEST_FRAME:
            raise ProbeError(Failure.PROTOCOL_ERROR, f"a frame of more than {_LONGEST_FRAME} bytes")
        if len(self._waiting) < _HEAD_BYTES + length:
            return None
        self._introduced = True
        frame = bytes(self._waiting[: _HEAD_BYTES + length])
        del self._waiting[: _HEAD_BYTES + length]
        return frame


def _fields(headers: Iterable[tuple[Any, ...]]) -> dict[bytes, bytes]:
    """Return headers by name; one that is there twice holds both, as RFC 9110 (5.3) reads it."""
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


def _require_grpc(head: dict[bytes, bytes]) -> None:
    status = head.get(b":status", b"")
    if _HTTP_STATUS.fullmatch(status) is None:
        raise _no_answer("its HTTP status is none")
    if status != b"200":
        detail = f"it answered with the HTTP status {status.decode()}"
        raise ProbeError(Failure.UNEXPECTED_STATUS, detail, Operation.ASSERT)
    if _CONTENT_TYPE.fullmatch(head.get(b"content-type", b"")) is None:
        raise _no_answer("its content is not application/grpc")


def _require_prefix(body: bytearray) -> None:
    """Refuse what announces a message that nobody asked for, before it comes."""
    if body and body[0] != 0:
        compressed = body[0] == 1
        raise _no_answer("its message is compressed" if compressed else "its message has no prefix")
    length = int.from_bytes(body[1:_PREFIX_BYTES], "big") if len(body) >= _PREFIX_BYTES else 0
    if max(length, len(body)) > _LONGEST_MESSAGE:
        detail = f"a message of more than {_LONGEST_MESSAGE} bytes"
        raise ProbeError(Failure.RESPONSE_TOO_LARGE, detail)


def _require_good_order(frame: bytes) -> None:
    """Raise unless a GOAWAY lets our call end (RFC 9113, section 6.8)."""
    if len(frame) < _HEAD_BYTES + _LEAVE.size:
        raise ProbeError(Failure.PROTOCOL_ERROR, "it breaks the rules of HTTP/2")
    last, reason = _LEAVE.unpack_from(frame, _HEAD_BYTES)
    if reason != _NO_ERROR:
        raise _broken_off("GOAWAY", reason)
    if last & _ID_BITS < _STREAM:
        detail = "it takes no more calls: GOAWAY NO_ERROR"
        raise ProbeError(Failure.NOT_SERVING, detail, Operation.ASSERT)


def _broken_off(what: str, code: int) -> ProbeError:
    """Return the error of a call that is ended by a code of HTTP/2 in place of an answer."""
    from h2.errors import ErrorCodes  # noqa: PLC0415

    # Any 32 bits can stand there, and be letters: only a code that there is is told.
    name = ErrorCodes(code).name if code in list(ErrorCodes) else "with a code that is none"
    failure = _ENDINGS.get(name, Failure.PROTOCOL_ERROR)
    return ProbeError(failure, f"it broke off: {what} {name}", Operation.ASSERT)


def _no_answer(reason: str) -> ProbeError:
    detail = f"the answer is none of gRPC: {reason}"
    return ProbeError(Failure.PROTOCOL_ERROR, detail, Operation.ASSERT)


_STREAM: Final = 1  # the first of a client
_ID_BITS: Final = 0x7FFF_FFFF
_LENGTH_BYTES: Final = 4
_PREFIX_BYTES: Final = 5  # compressed or not, and the length
_LONGEST_MESSAGE: Final = 4_096
_LONGEST_ANSWER: Final = 1 << 17
_LONGEST_FRAME: Final = 1 << 14  # RFC 9113, section 6.5.2: what we did not ask to be raised
_HEAD_BYTES: Final = 9
_TYPE_AT: Final = 3
_SETTINGS: Final = 0x04
_GOAWAY: Final = 0x07
_LEAVE: Final = Struct(">II")  # the last call that is taken, and why
_NO_ERROR: Final = 0
# RFC 9113, section 7; any other says that one of both does not speak HTTP/2 as the other does.
_ENDINGS: Final = {
    "INTERNAL_ERROR": Failure.QUERY_FAILED,
    "CANCEL": Failure.QUERY_FAILED,
    "REFUSED_STREAM": Failure.NOT_SERVING,
    "ENHANCE_YOUR_CALM": Failure.NOT_SERVING,
}
_STATUSES: Final = frozenset(GrpcStatus)
_STATUS: Final = re.compile(rb"0|[1-9][0-9]?")
_HTTP_STATUS: Final = re.compile(rb"[1-9][0-9]{2}")
_CONTENT_TYPE: Final = re.compile(rb"application/grpc(\+proto)?([ \t]*;.*)?", re.IGNORECASE)
