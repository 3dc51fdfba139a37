"""Altering DER: one value of its tree is altered, and the lengths around it are made good."""

from random import Random
from typing import Final, NamedTuple

from tests.fuzz.mutation import alter_bytes

_CONSTRUCTED: Final = 0x20
_OCTET_STRING: Final = 0x04
_TAGS: Final = (1, 2, 3, 4, 5, 6, 12, 19, 23, 24, 48, 49, 0x80, 0x81, 0xA0, 0xA1, 0xA3, 0xBF, 0x1F)
_BODIES: Final = (
    *(
        b"",
        b"\x00",
        b"\x01",
        b"\xff",
        b"\x80",
        b"\x00\x01",
        b"\x7f" * 9,
        b"\x00" * 40,
        b"\xff" * 40,
    ),
    *(b"20261114210000Z", b"99991231235959.999999Z", b"00000101000000Z", b"20260230000000Z"),
    *(b"\x2a\x03\x04", b"\x2a\x80\x01", b"\x60\x86\x48\x01\x65\x03\x04\x02\x01", b"\x05\x00"),
)


class Value(NamedTuple):
    """One value of DER."""

    tag: int
    body: bytes

    def write(self) -> bytes:
        length = len(self.body)
        if length < 0x80:
            return bytes([self.tag, length]) + self.body
        size = (length.bit_length() + 7) // 8
        return bytes([self.tag, 0x80 | size]) + length.to_bytes(size, "big") + self.body


def alter_der(random: Random, data: bytes) -> bytes:
    """Return the DER with one of its values altered, or with bytes altered."""
    if random.random() < 0.2:
        return alter_bytes(random, data)
    return _altered(random, data)


def _altered(random: Random, data: bytes) -> bytes:
    """Return a content with one of its values altered, or one somewhere inside that value."""
    values = _values(data)
    if not values:
        return alter_bytes(random, data) if random.random() < 0.5 else random.choice(_BODIES)
    # The longer a value, the more there is in it to alter.
    [at] = random.choices(range(len(values)), [2 + len(value.body) for value in values])
    tag, body = values[at]
    if random.random() < (0.85 if _holds(tag) else 0.5):
        values[at] = Value(tag, _altered(random, body))
    else:
        _alter_among(random, values, at)
    return b"".join(value.write() for value in values)


def _alter_among(random: Random, values: list[Value], at: int) -> None:
    tag, body = values[at]
    match random.randrange(6):
        case 0:
            values[at] = Value(random.choice(_TAGS), body)
        case 1:
            del values[at]
        case 2:
            values.insert(at, values[at])
        case 3:
            random.shuffle(values)
        case 4:
            values[at] = random.choice(values)
        case _:
            values[at] = Value(tag, random.choice(_BODIES))


def _holds(tag: int) -> bool:
    return bool(tag & _CONSTRUCTED) or tag == _OCTET_STRING


def _values(data: bytes) -> list[Value]:
    """Return the values of which the bytes are the DER; none if they are not."""
    values, at = [], 0
    while at < len(data):
        if at + 2 > len(data):
            return []
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 2:
                return []
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        values.append(Value(tag, data[at : at + length]))
        at += length
    return values if at == len(data) else []
