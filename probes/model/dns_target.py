"""What a dns check asks whom, and which records must come back.

See `probes.model.target` for what every spec promises. Records are compared in one plain form:
addresses as they are usually written, names in lower case without the last dot, numbers before
names (`10 mail.ch-exemple.example`), texts whole.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from probes.model.target import (
    Family,
    Target,
    Timeouts,
    address_family,
    ascii_host,
    require_host,
    require_threshold,
)


class RecordType(StrEnum):
    """The types of record a check may ask for."""

    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    MX = "MX"
    PTR = "PTR"
    SRV = "SRV"
    TXT = "TXT"


class Transport(StrEnum):
    """What carries the question."""

    UDP = "udp"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class DnsSpec:
    """Asks a name server for the records of a name, and compares them.

    `type` is A, AAAA, CNAME, MX, PTR, SRV or TXT; a PTR check may name an IP address. `server` is
    HOST or HOST:PORT; without it the system's name servers are asked, one after the other, as a
    program on this host would. Over UDP an answer too long for it is fetched by TCP; `transport`
    `tcp` asks by TCP at once. `expect` lists all the records there must be and no other, `contains`
    some that must be among them; `any_record: true` accepts whatever records there are. Records
    are written as `10.1.2.3`, `pacs.example`, `10 mail.example` (MX) or `0 5 5060 sip.example`
    (SRV). The name is asked for as it stands: no search list is tried.
    """

    name: str
    type: RecordType = RecordType.A
    server: str = ""
    transport: Transport = Transport.UDP
    family: Family = Family.ANY
    expect: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    any_record: bool = False
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse a check that asserts nothing, or records that cannot be."""
        require_host("name", self.name.rstrip("."))
        if address_family(self.name) is not Family.ANY and self.type is not RecordType.PTR:
            raise ValueError(f"name: {self.name} is an address; only a PTR check may name one")
        if self.server:
            parse_server(self.server, self.family)
        given = (bool(self.expect), bool(self.contains), self.any_record)
        if sum(given) != 1:
            raise ValueError(
                "expect: give one of expect, contains or any_record: true;"
                " an answer alone proves too little"
            )
        for option in ("expect", "contains"):
            for record in getattr(self, option):
                _require_record(option, self.type, record)
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    @property
    def asked_name(self) -> str:
        """The name as it is asked for; of an address, the one in the reverse tree."""
        if address_family(self.name) is not Family.ANY:
            return ip_address(self.name).reverse_pointer
        return ascii_host(self.name.rstrip("."))

    @property
    def wanted(self) -> frozenset[str]:
        """The records expected, in the form they are compared in."""
        return frozenset(plain_record(self.type, each) for each in self.expect or self.contains)


def parse_server(text: str, family: Family = Family.ANY) -> Target:
    """Return the place a name server is at; `ValueError` begins with the field."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        host, port = text, str(_PORT)
    if not port.isdecimal():
        raise ValueError(f"server: {text!r} is not HOST or HOST:PORT")
    try:
        return Target(host.strip("[]"), int(port), family)
    except ValueError as error:
        raise ValueError(f"server: {text!r}: {error}") from None


def plain_record(kind: RecordType, record: str) -> str:
    """Return a record in the form it is compared in; `ValueError` when it is none of its type."""
    return _PLAIN[kind](record)


def _require_record(option: str, kind: RecordType, record: str) -> None:
    try:
        plain_record(kind, record)
    except ValueError:
        raise ValueError(f"{option}: {record!r} is not a record of type {kind}") from None


def _name(text: str) -> str:
    name = ascii_host(text.strip().removesuffix("."))
    if name:
        require_host("name", name)
    return name


def _numbers_and_name(numbers: int) -> Callable[[str], str]:
    def plain(text: str) -> str:
        *before, name = text.split()
        if len(before) != numbers:
            raise ValueError(text)
        return " ".join([*(str(int(number)) for number in before), _name(name)])

    return plain


def _whole(text: str) -> str:
    if not text:
        raise ValueError(text)
    return text


_PORT: Final = 53
_PLAIN: Final[Mapping[RecordType, Callable[[str], str]]] = {
    RecordType.A: lambda text: str(IPv4Address(text)),
    RecordType.AAAA: lambda text: str(IPv6Address(text)),
    RecordType.CNAME: _name,
    RecordType.MX: _numbers_and_name(1),
    RecordType.PTR: _name,
    RecordType.SRV: _numbers_and_name(3),
    RecordType.TXT: _whole,
}
