"""The dicom probe: associates with an application, asks for an echo, and takes leave.

A rejected association is told from a dead port: the application lives and does not want us, mostly
because it does not know a title. Congestion and limits are its way to say that it cannot serve now.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Final, TypeVar

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.dicom_association import (
    Accepted,
    Echo,
    EchoReader,
    NoDicomError,
    Pdu,
    PduReader,
    PduType,
    echo_request,
    read_acceptance,
    release_request,
    request,
)
from probes.kind import Kind, host_and_port, package
from probes.model.dicom_target import DicomSpec
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.transport import Connection, dial
from probes.version import shown_version

_Read = TypeVar("_Read")
PRODUCES: Final = transport.PRODUCES | {
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.MISMATCHED_REPLY,
    Failure.ASSOCIATION_REJECTED,
    Failure.NOT_SERVING,
    Failure.QUERY_FAILED,
    Failure.UNEXPECTED_VALUE,
}


async def probe(spec: DicomSpec, deadline: int, clock: Clock) -> Observation:
    """Probe an application once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    conversation = _Conversation(spec, attempt)
    try:
        async with attempt:
            peer, accepted = await conversation.hold()
    except ProbeError as error:
        return attempt.failed(error)
    slow = slowness(attempt.elapsed_us, spec.degraded_after_ms)
    outcome = Outcome.DEGRADED if slow else Outcome.UP
    detail = f"echo from {peer}" + (f": {slow}" if slow else "")
    version = shown_version(accepted.implementation)
    return Observation(outcome, detail=detail, version=version, phases=attempt.phases)


class _Conversation:
    """What is said between an application and one that only wants to know whether it is there."""

    _connection: Connection

    def __init__(self, spec: DicomSpec, attempt: Attempt) -> None:
        self._spec = spec
        self._attempt = attempt
        self._reader = PduReader()

    async def hold(self) -> tuple[str, Accepted]:
        """Associate and be answered; return who answered, and what it agreed to."""
        spec = self._spec
        asked = request(spec.calling_ae, spec.called_ae)
        self._connection = await dial(spec.target, spec.tls, self._attempt)
        try:
            accepted = await self._associate(asked)
            await self._echo()
            await self._connection.send(release_request())
            return self._connection.peer, accepted
        finally:
            self._connection.close()

    async def _associate(self, asked: bytes) -> Accepted:
        self._attempt.begin(Operation.SEND)
        await self._connection.send(asked)
        pdu = await self._pdu(Operation.NEGOTIATE)
        if pdu.kind is PduType.REJECTED:
            raise _rejection(pdu.data)
        if pdu.kind is not PduType.ACCEPTED:
            raise ProbeError(Failure.PROTOCOL_ERROR, "neither accepted nor rejected")
        accepted = _readable(partial(read_acceptance, pdu.data))
        if not accepted.verification:
            detail = "it associates, but not for verification"
            raise ProbeError(Failure.UNEXPECTED_VALUE, detail, Operation.ASSERT)
        return accepted

    async def _echo(self) -> None:
        self._attempt.begin(Operation.SEND)
        await self._connection.send(echo_request())
        reader, echo = EchoReader(), None
        while echo is None:
            pdu = await self._pdu(Operation.FIRST_BYTE)
            if pdu.kind is not PduType.DATA:
                raise ProbeError(Failure.PROTOCOL_ERROR, "no answer to the echo")
            echo = _readable(partial(reader.take, pdu.data))
        _require_success(echo)

    async def _pdu(self, operation: Operation) -> Pdu:
        self._attempt.begin(operation)
        while True:
            pdu = _readable(self._reader.pdu)
            if pdu is not None:
                if pdu.kind is PduType.ABORTED:
                    raise ProbeError(Failure.CONNECTION_CLOSED, "it aborted the association")
                return pdu
            data = await self._connection.receive()
            if not data:
                cut = self._reader.begun
                failure = Failure.RESPONSE_TRUNCATED if cut else Failure.CONNECTION_CLOSED
                raise ProbeError(failure, "closed before it had answered")
            self._reader.feed(data)


def _readable(read: Callable[[], _Read]) -> _Read:
    try:
        return read()
    except NoDicomError as error:
        raise ProbeError(Failure.PROTOCOL_ERROR, f"no DICOM: {error}") from None


def _require_success(echo: Echo) -> None:
    if not echo.answers_ours:
        detail = "it answers another message than ours"
        raise ProbeError(Failure.MISMATCHED_REPLY, detail, Operation.ASSERT)
    if echo.status:
        detail = f"it answered the echo with status 0x{echo.status:04X}"
        raise ProbeError(Failure.QUERY_FAILED, detail, Operation.ASSERT)


def _rejection(data: bytes) -> ProbeError:
    """Return what a rejection means (DICOM PS3.8, table 9-21)."""
    if len(data) < _REJECTION:
        return ProbeError(Failure.PROTOCOL_ERROR, "no DICOM: a rejection without its reason")
    _, source, reason = data[7:10]
    words = _REASONS.get((source, reason), "no reason given")
    failure = Failure.NOT_SERVING if source == _LOAD else Failure.ASSOCIATION_REJECTED
    return ProbeError(failure, f"association rejected: {words}", Operation.ASSERT)


def _lacking(spec: DicomSpec) -> str:
    """Return what is missing; what is there is loaded now, for it takes longer than a probe may."""
    if missing := package("pynetdicom", "dicom")(spec):
        return missing
    import_module("pynetdicom.dimse_messages")
    return ""


_REJECTION: Final = 10
_LOAD: Final = 3
_REASONS: Final = {
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognised",
    (1, 7): "called AE title not recognised",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}

KIND: Final = Kind(
    "dicom",
    DicomSpec,
    probe,
    PRODUCES,
    host_and_port(104),
    "pacs.example:11112 -o called_ae=PACS",
    _lacking,
)
