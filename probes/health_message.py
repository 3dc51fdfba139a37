"""The messages of the gRPC health protocol: protobuf in and out, never a socket.

Only what `grpc.health.v1` needs, strictly: one status at most, of those there are, and nothing that
is cut or of another type. Fields of a later version are stepped over, as protobuf promises.
"""

from enum import IntEnum
from typing import Final


class ServingStatus(IntEnum):
    """What a server can say of a service (`HealthCheckResponse.ServingStatus`)."""

    UNKNOWN = 0
    SERVING = 1
    NOT_SERVING = 2
    SERVICE_UNKNOWN = 3


class NoStatusError(ValueError):
    """What came is no answer to a health check; the reason never holds any of it."""


def question(service: str) -> bytes:
    """Return the request about a service; an empty name means the whole server."""
    name = service.encode()
    return bytes((_SERVICE_TAG,)) + _varint(len(name)) + name if name else b""


def status_in(message: bytes) -> ServingStatus:
    """Return the status in an answer; one that is absent is `UNKNOWN`, protobuf's default."""
    status: int | None = None
    place = 0
    while place < len(message):
        tag, place = _number(message, place)
        if tag >> _TYPE_BITS != _STATUS_FIELD:
            place = _behind(message, tag, place)
            continue
        if tag != _STATUS_TAG or status is not None:
            raise NoStatusError("its status is of another type or there twice")
        status, place = _number(message, place)
    try:
        return ServingStatus(status or 0)
    except ValueError:
        raise NoStatusError("its status is none of the protocol's") from None


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > _LOW_BITS:
        digits.append(number & _LOW_BITS | _MORE)
        number >>= 7
    return bytes((*digits, number))


def _number(message: bytes, place: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place behind it."""
    number = 0
    for position, digit in enumerate(message[place : place + _LONGEST_VARINT]):
        number |= (digit & _LOW_BITS) << 7 * position
        if not digit & _MORE:
            return number, place + position + 1
    raise NoStatusError("a number without its end")


def _behind(message: bytes, tag: int, place: int) -> int:
    """Return the place behind a field of no interest, which must be there whole."""
    if not _MORE_THAN_NO_FIELD <= tag <= _GREATEST_TAG:
        raise NoStatusError("a field without a number")
    wire_type = tag & _TYPE_MASK
    if wire_type == _VARINT:
        return _number(message, place)[1]
    if wire_type == _COUNTED:
        length, place = _number(message, place)
    elif wire_type in _FIXED:
        length = _FIXED[wire_type]
    else:
        raise NoStatusError("a field of a type that is none")
    if length > len(message) - place:
        raise NoStatusError("a field that is cut")
    return place + length


_TYPE_BITS: Final = 3
_TYPE_MASK: Final = 0x07
_VARINT: Final = 0
_COUNTED: Final = 2
_FIXED: Final = {1: 8, 5: 4}  # bytes; groups (3 and 4) are of no proto3
_MORE_THAN_NO_FIELD: Final = 1 << _TYPE_BITS
_GREATEST_TAG: Final = (1 << 32) - 1
_SERVICE_TAG: Final = 1 << _TYPE_BITS | _COUNTED
_STATUS_FIELD: Final = 1
_STATUS_TAG: Final = _STATUS_FIELD << _TYPE_BITS | _VARINT
_MORE: Final = 0x80
_LOW_BITS: Final = 0x7F
_LONGEST_VARINT: Final = 10
