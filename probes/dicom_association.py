"""An association from our side: what is sent and what came, as bytes, never a socket.

pynetdicom makes and reads the PDUs (DICOM PS3.8, section 9.3) and the messages inside them (PS3.7,
section 9.3.5). What it cannot read is no DICOM, whatever it raises.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final, NamedTuple, TypeVar
from warnings import catch_warnings, simplefilter

from probes.model.release import RELEASE

LONGEST_PDU: Final = 1 << 17
_HEAD: Final = 6
_LONGEST_ECHO: Final = 16_384  # a C-ECHO-RSP has less than 200 bytes
_SHORTEST_ACCEPTANCE: Final = 74  # PS3.8, table 9-17: up to its first variable item
_LONGEST_RECEIVED: Final = 16_384
_VERIFICATION: Final = "1.2.840.10008.1.1"
_CONTEXT_NAME: Final = "1.2.840.10008.3.1.1.1"
_IMPLICIT_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
_CONTEXT_ID: Final = 1
_MESSAGE_ID: Final = 1
# A UID made of a random UUID (PS3.5, annex B.2), ours for good.
_IMPLEMENTATION: Final = "2.25.204317640829911375126409836125084219377"
_Read = TypeVar("_Read")


class NoDicomError(ValueError):
    """What came is no DICOM; the reason never holds any of it."""


class PduType(IntEnum):
    """What a PDU is (PS3.8, table 9-11 to 9-26)."""

    ACCEPTED = 2
    REJECTED = 3
    DATA = 4
    ABORTED = 7


class Pdu(NamedTuple):
    """One PDU, whole."""

    kind: PduType
    data: bytes


class Accepted(NamedTuple):
    """What an application agreed to: whether to be asked for an echo, and what it calls itself."""

    verification: bool
    implementation: str


class Echo(NamedTuple):
    """An answer to a C-ECHO: its status, and the message it answers."""

    status: int
    answers_ours: bool


class PduReader:
    """Takes bytes as they come and gives one PDU after the other."""

    def __init__(self) -> None:
        self._came = bytearray()

    @property
    def begun(self) -> bool:
        """Whether a part of a PDU has come."""
        return len(self._came) > 0

    def feed(self, data: bytes) -> None:
        """Take what came."""
        self._came += data

    def pdu(self) -> Pdu | None:
        """Return the next whole PDU; None until it is there. `NoDicomError` for what is none."""
        if not self._came:
            return None
        if self._came[0] not in _KNOWN:
            raise NoDicomError("not a PDU")
        if len(self._came) < _HEAD:
            return None
        length = int.from_bytes(self._came[2:_HEAD], "big")
        if length > LONGEST_PDU:
            raise NoDicomError(f"a PDU of more than {LONGEST_PDU} bytes")
        if len(self._came) < _HEAD + length:
            return None
        data = bytes(self._came[: _HEAD + length])
        del self._came[: _HEAD + length]
        return Pdu(PduType(data[0]), data)


def request(calling: str, called: str) -> bytes:
    """Return the A-ASSOCIATE-RQ that asks for verification."""
    from pynetdicom.pdu import A_ASSOCIATE_RQ  # noqa: PLC0415 - half a second, and 20 MB
    from pynetdicom.pdu_primitives import (  # noqa: PLC0415
        A_ASSOCIATE,
        ImplementationClassUIDNotification,
        ImplementationVersionNameNotification,
        MaximumLengthNotification,
    )
    from pynetdicom.presentation import build_context  # noqa: PLC0415

    length = MaximumLengthNotification()
    length.maximum_length_received = _LONGEST_RECEIVED
    uid = ImplementationClassUIDNotification()
    uid.implementation_class_uid = _IMPLEMENTATION
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = f"CONSTAT_{RELEASE}"[:16]
    context = build_context(_VERIFICATION, _IMPLICIT_LITTLE_ENDIAN)
    context.context_id = _CONTEXT_ID
    asked = A_ASSOCIATE()
    asked.application_context_name = _CONTEXT_NAME
    asked.calling_ae_title, asked.called_ae_title = calling, called
    asked.user_information = [length, uid, version]
    asked.presentation_context_definition_list = [context]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(asked)
    return pdu.encode()


def echo_request() -> bytes:
    """Return the P-DATA-TF PDUs of a C-ECHO-RQ."""
    from pynetdicom.dimse_messages import C_ECHO_RQ  # noqa: PLC0415
    from pynetdicom.dimse_primitives import C_ECHO  # noqa: PLC0415
    from pynetdicom.pdu import P_DATA_TF  # noqa: PLC0415

    echo = C_ECHO()
    echo.MessageID, echo.AffectedSOPClassUID = _MESSAGE_ID, _VERIFICATION
    message = C_ECHO_RQ()
    message.primitive_to_message(echo)
    sent = b""
    for part in message.encode_msg(_CONTEXT_ID, _LONGEST_RECEIVED):
        pdu = P_DATA_TF()
        pdu.from_primitive(part)
        sent += pdu.encode()
    return sent


def release_request() -> bytes:
    """Return the A-RELEASE-RQ."""
    return b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00"


def read_acceptance(data: bytes) -> Accepted:
    """Return what an A-ASSOCIATE-AC says; `NoDicomError` when it cannot be read."""
    from pynetdicom.pdu import A_ASSOCIATE_AC  # noqa: PLC0415

    if len(data) < _SHORTEST_ACCEPTANCE:
        raise NoDicomError("an acceptance cut short")

    def read() -> Accepted:
        pdu: Any = A_ASSOCIATE_AC()
        pdu.decode(data)
        agreed = pdu.to_primitive()
        results = agreed.presentation_context_definition_results_list
        verification = any(each.context_id == _CONTEXT_ID and each.result == 0 for each in results)
        names = [
            getattr(item, "implementation_version_name", "") for item in agreed.user_information
        ]
        return Accepted(verification, next(filter(None, names), ""))

    return _understood(read)


class EchoReader:
    """Puts an answer together from the P-DATA-TF PDUs it comes in."""

    def __init__(self) -> None:
        from pynetdicom.dimse_messages import DIMSEMessage  # noqa: PLC0415

        self._message: Any = DIMSEMessage()
        self._taken = 0

    def take(self, data: bytes) -> Echo | None:
        """Take a PDU; return the answer once it is whole. `NoDicomError` for what is none."""
        from pynetdicom.pdu import P_DATA_TF  # noqa: PLC0415

        self._taken += len(data)
        if self._taken > _LONGEST_ECHO:
            raise NoDicomError("an answer to an echo without end")

        def read() -> Echo | None:
            pdu: Any = P_DATA_TF()
            pdu.decode(data)
            if not self._message.decode_msg(pdu.to_primitive()):
                return None
            command = self._message.command_set
            if command.CommandField != _C_ECHO_RSP:
                raise NoDicomError("a message that is no C-ECHO-RSP")
            return Echo(int(command.Status), int(command.MessageIDBeingRespondedTo) == _MESSAGE_ID)

        return _understood(read)


def _understood(read: Callable[[], _Read]) -> _Read:
    try:
        with catch_warnings():
            simplefilter("ignore")  # they quote what came, on standard error
            return read()
    except NoDicomError:
        raise
    except Exception:  # noqa: BLE001 - it answers garbage with whatever its parsers run into
        raise NoDicomError("a PDU that cannot be read") from None


_KNOWN: Final = frozenset(PduType)
_C_ECHO_RSP: Final = 0x8030
