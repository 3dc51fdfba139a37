"""DER (ITU-T X.690), read strictly and written: one value has one sequence of bytes.

Refused: lengths that are indefinite or longer than needed, tags of more than one byte, integers and
object identifiers padded in front, sets out of order, and anything left over. What a structure
means belongs to whoever reads it, tag by tag.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
UTF8_STRING: Final = 0x0C
GENERALIZED_TIME: Final = 0x18
SEQUENCE: Final = 0x30
SET: Final = 0x31

_LONG_TAG: Final = 0x1F
_LONG_LENGTH: Final = 0x80
_MOST_LENGTH_BYTES: Final = 4


class DerError(ValueError):
    """Bytes that are not the DER of what was expected."""


class Element(NamedTuple):
    """One value: its tag, its content, and the bytes of the whole."""

    tag: int
    body: bytes
    whole: bytes


class Reader:
    """The elements of a content, taken one after another; `what` names it in errors."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._at = 0
        self._what = what

    def take(self, tag: int) -> Element:
        """Return the next element, which must have this tag."""
        element = self.optional(tag)
        if element is None:
            raise DerError(f"{self._what}: expected a tag {tag:#04x} at byte {self._at}")
        return element

    def optional(self, tag: int) -> Element | None:
        """Return the next element if it has this tag, else None."""
        if self.at_end or self._data[self._at] != tag:
            return None
        return self._next()

    def open(self, tag: int, what: str) -> "Reader":
        """Return a reader of the next element's content."""
        return Reader(self.take(tag).body, what)

    def rest(self) -> list[Element]:
        """Return all elements that are left."""
        elements = []
        while not self.at_end:
            elements.append(self._next())
        return elements

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self._at == len(self._data)

    def end(self) -> None:
        """Refuse anything that is left."""
        if not self.at_end:
            raise DerError(f"{self._what}: {len(self._data) - self._at} bytes too many")

    def _next(self) -> Element:
        start, data = self._at, self._data
        tag = self._byte()
        if tag & _LONG_TAG == _LONG_TAG:
            raise DerError(f"{self._what}: a tag of more than one byte at byte {start}")
        length = self._length()
        body = data[self._at : self._at + length]
        if len(body) != length:
            raise DerError(f"{self._what}: cut short at byte {len(data)}")
        self._at += length
        return Element(tag, body, data[start : self._at])

    def _length(self) -> int:
        first = self._byte()
        if first < _LONG_LENGTH:
            return first
        count = first - _LONG_LENGTH
        if not 0 < count <= _MOST_LENGTH_BYTES:
            raise DerError(f"{self._what}: a length of {count} bytes at byte {self._at}")
        length = int.from_bytes(bytes(self._byte() for _ in range(count)))
        if length < _LONG_LENGTH or length.bit_length() <= 8 * (count - 1):
            raise DerError(f"{self._what}: a length longer than needed at byte {self._at}")
        return length

    def _byte(self) -> int:
        if self.at_end:
            raise DerError(f"{self._what}: cut short at byte {self._at}")
        self._at += 1
        return self._data[self._at - 1]


def read_integer(body: bytes) -> int:
    """Return the integer of a content in its shortest form."""
    number = int.from_bytes(body, signed=True)
    if body != _integer_body(number):
        raise DerError(f"an integer of {len(body)} bytes is not in its shortest form")
    return number


def read_oid(body: bytes) -> str:
    """Return the dotted form of an object identifier."""
    arcs, arc, fresh = [], 0, True
    for byte in body:
        if fresh and byte == _LONG_LENGTH:
            raise DerError("an object identifier is padded")
        arc = arc << 7 | byte & 0x7F
        fresh = byte < _LONG_LENGTH
        if fresh:
            arcs.append(arc)
            arc = 0
    if not fresh or not arcs:
        raise DerError("an object identifier is cut short")
    root = min(arcs[0] // 40, 2)
    return ".".join(map(str, [root, arcs[0] - 40 * root, *arcs[1:]]))


def read_set(body: bytes, what: str) -> list[Element]:
    """Return the members of a SET OF, which must be in order and distinct."""
    members = Reader(body, what).rest()
    if any(one.whole >= other.whole for one, other in pairwise(members)):
        raise DerError(f"{what}: the members are not in their order")
    return members


def write(tag: int, *parts: bytes) -> bytes:
    """Return the element of a tag with these contents."""
    body = b"".join(parts)
    size = len(body)
    if size < _LONG_LENGTH:
        return bytes([tag, size]) + body
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, _LONG_LENGTH | len(length)]) + length + body


def write_integer(number: int) -> bytes:
    """Return the element of an integer."""
    return write(INTEGER, _integer_body(number))


def write_oid(dotted: str) -> bytes:
    """Return the element of an object identifier."""
    first, second, *others = map(int, dotted.split("."))
    return write(OBJECT_IDENTIFIER, *map(_arc, [40 * first + second, *others]))


def write_set(members: Iterable[bytes], tag: int = SET) -> bytes:
    """Return a SET OF of these elements, in its order."""
    return write(tag, *sorted(members))


def _integer_body(number: int) -> bytes:
    magnitude = number if number >= 0 else ~number
    return number.to_bytes(magnitude.bit_length() // 8 + 1, signed=True)


def _arc(arc: int) -> bytes:
    groups = [arc & 0x7F]
    while arc := arc >> 7:
        groups.append(_LONG_LENGTH | arc & 0x7F)
    return bytes(reversed(groups))
