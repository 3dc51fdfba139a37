"""Echo requests and what comes back for them (RFC 792, RFC 4443): bytes out, bytes in, no socket.

An answer counts when its kind, its identifier, its number and all of its content are those of a
request of ours. The content begins with random bytes and the number again, so that no other ping of
this host, and no answer to an earlier one, can be taken for it.
"""

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple


class _Kinds(NamedTuple):
    """The types of an echo and its reply."""

    request: int
    reply: int


@dataclass(frozen=True, slots=True)
class Echo:
    """The echoes of one probe: `identifier` and `token` are theirs alone."""

    identifier: int
    token: bytes
    v6: bool = False

    def request(self, number: int) -> bytes:
        """Return the request of a number, whole; over IPv6 the system fills in the checksum."""
        unsummed = self._packet(self._kinds.request, 0, number)
        return unsummed if self.v6 else self._packet(self._kinds.request, summed(unsummed), number)

    def answered(self, packet: bytes) -> int | None:
        """Return the number of the request that a packet answers; None when it is none of ours."""
        number = self._number(packet, self._kinds.reply)
        if number is None or packet[_HEADER.size :] != self._content(number):
            return None
        return number

    def refused(self, packet: bytes) -> int | None:
        """Return the number of our request that an error quotes, cut short perhaps, or None."""
        number = self._number(packet, self._kinds.request)
        if number is None or not self._content(number).startswith(packet[_HEADER.size :]):
            return None
        return number

    @property
    def _kinds(self) -> _Kinds:
        return _V6 if self.v6 else _V4

    def _content(self, number: int) -> bytes:
        head = self.token + number.to_bytes(2)
        return head + bytes(range(_CONTENT - len(head)))

    def _packet(self, kind: int, checksum: int, number: int) -> bytes:
        return _HEADER.pack(kind, 0, checksum, self.identifier, number) + self._content(number)

    def _number(self, packet: bytes, kind: int) -> int | None:
        if len(packet) < _HEADER.size:
            return None
        its_kind, code, _, identifier, number = map(int, _HEADER.unpack_from(packet))
        ours = its_kind == kind and code == 0 and identifier == self.identifier
        return number if ours else None


def without_ip_header(packet: bytes) -> bytes:
    """Return what an IPv4 packet carries (RFC 791, section 3.1); nothing when it is none."""
    if not packet or packet[0] >> 4 != 4:  # noqa: PLR2004 - the version
        return b""
    return packet[(packet[0] & 0xF) * 4 :]


def summed(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


_HEADER: Final = struct.Struct("!BBHHH")
_CONTENT: Final = 56  # as ping sends by default
_V4: Final = _Kinds(8, 0)
_V6: Final = _Kinds(128, 129)
