"""What a check probes: one frozen spec per kind, checked when it is made.

A spec holds everything a probe needs and nothing it must look up, so that its text can be entered
in the log and read again years later. Secrets are never in it: it names the file that holds them.
Every fault is a `ValueError` whose text begins with the name of the field, so that whoever reads a
configuration can put the path of the check before it.

A spec without a **positive assertion** is refused: an open port or a status 200 says too little of
a service. So is a pattern that an empty page would satisfy.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Final, TypeAlias


class Family(StrEnum):
    """Which addresses of a name are dialled; nothing is ever raced (no happy eyeballs)."""

    ANY = "any"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


@dataclass(frozen=True, slots=True)
class Regex:
    r"""A regular expression of Python's `re`, searched anywhere, as in `{regex: "v\d+"}`.

    It runs on the capped body of a response, inside the agent's event loop and without a limit of
    its own: a pattern with nested repeats (`(a+)+$`) can stall the agent.
    """

    regex: str

    def __post_init__(self) -> None:
        """Refuse what is not a pattern, and a pattern that finds itself in nothing."""
        try:
            matches_nothing = re.search(self.regex, "") is not None
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"regex: {self.regex!r} is not a pattern: {error}") from None
        if matches_nothing:
            raise ValueError(f"regex: {self.regex!r} matches an empty text, so it proves nothing")


Pattern: TypeAlias = str | Regex


@dataclass(frozen=True, slots=True)
class Tls:
    """How the target proves who it is; its certificate is always verified.

    `ca_file` holds what is trusted in place of the system's authorities (PEM): authorities, or the
    target's own certificate. `server_name` is the name asked for and expected in the certificate
    when it is not the host that is dialled.
    """

    ca_file: str = ""
    server_name: str = ""

    def __post_init__(self) -> None:
        """Refuse a server name that no certificate can carry."""
        if self.server_name:
            require_host("server_name", self.server_name)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The longest each step may last, milliseconds; the check's own deadline bounds them all."""

    resolve_ms: int = 5_000
    connect_ms: int = 5_000
    tls_ms: int = 5_000
    negotiate_ms: int = 10_000
    send_ms: int = 5_000
    first_byte_ms: int = 10_000
    transfer_ms: int = 10_000

    def __post_init__(self) -> None:
        """Refuse a step that may last no time at all."""
        for name in self.__slots__:
            require_positive(name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class Target:
    """The place a probe dials: a host name or an IP address, and a TCP port."""

    host: str
    port: int
    family: Family = Family.ANY

    def __post_init__(self) -> None:
        """Refuse what cannot be dialled."""
        require_host("host", self.host)
        if not 1 <= self.port <= 65_535:  # noqa: PLR2004 - the range of RFC 9293
            raise ValueError(f"port: {self.port} is not a port")
        written_as = address_family(self.host)
        if Family.ANY not in (written_as, self.family) and written_as is not self.family:
            raise ValueError(f"family: {self.host} is no {self.family} address")


@dataclass(frozen=True, slots=True)
class TcpSpec:
    r"""Connects, says something if told to, and expects an answer.

    `expect` is what the target must say in its first 8 KiB: a literal (UTF-8), or a regex in which
    each character is one byte (Latin-1); `version` is such a regex too. `send` is text sent first
    (UTF-8), `send_hex` the same for bytes no text can hold. A bare connection proves little (a load
    balancer accepts for a service that is gone): it must be asked for by `connect_only`.
    """

    host: str
    port: int
    family: Family = Family.ANY
    tls: Tls | None = None
    send: str = ""
    send_hex: str = ""
    expect: Pattern | None = None
    connect_only: bool = False
    version: Regex | None = None
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse a check that asserts nothing, or two contrary things."""
        Target(self.host, self.port, self.family)
        if self.expect is None and not self.connect_only:
            raise ValueError(
                "expect: is missing; say what the target must answer,"
                " or set connect_only: true to accept a bare connection"
            )
        if self.expect is not None:
            require_pattern("expect", self.expect)
        if self.connect_only and (self.expect or self.send or self.send_hex or self.version):
            raise ValueError("connect_only: excludes send, send_hex, expect and version")
        if self.send and self.send_hex:
            raise ValueError("send_hex: excludes send")
        require_hex("send_hex", self.send_hex)
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    @property
    def target(self) -> Target:
        """The place to dial."""
        return Target(self.host, self.port, self.family)


def ascii_host(host: str) -> str:
    """Return a host name as it goes to the resolver: lower case, IDNA when it is not ASCII."""
    if host.isascii():
        return host.lower()
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise ValueError(f"{host!r} is not a host name: {error}") from None


def address_family(host: str) -> Family:
    """Return the family of an IP address; `any` for a name."""
    if ":" in host:
        return Family.IPV6
    return Family.IPV4 if _IPV4.fullmatch(host) else Family.ANY


_HOST: Final = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?", re.ASCII)
_IPV4: Final = re.compile(r"\d+(\.\d+){3}", re.ASCII)
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)  # RFC 9110, section 5.6.2
_LONGEST_HOST: Final = 253


def require_host(name: str, host: str) -> None:
    """Raise `ValueError` unless a text is a host name or an IP address."""
    try:
        plain = ascii_host(host)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if address_family(plain) is Family.ANY:
        fits = _HOST.fullmatch(plain) is not None and len(plain) <= _LONGEST_HOST
    else:
        fits = _is_address(plain)
    if not fits:
        raise ValueError(f"{name}: {host!r} is not a host name or an IP address")
    if any(len(label) > 63 for label in plain.split(".")):  # noqa: PLR2004 - RFC 1035, 2.3.4
        raise ValueError(f"{name}: {host!r} has a label of more than 63 characters")


def require_token(name: str, token: str) -> None:
    """Raise `ValueError` unless a text can be the name of a header."""
    if _TOKEN.fullmatch(token) is None:
        raise ValueError(f"{name}: {token!r} is not the name of a header")


def require_pointer(name: str, pointer: str) -> None:
    """Raise `ValueError` unless a text is a JSON Pointer to a member (RFC 6901)."""
    if not pointer.startswith("/"):
        raise ValueError(f"{name}: {pointer!r} is not a JSON Pointer, as in /status/database")


def require_patterns(name: str, patterns: Iterable[Pattern]) -> None:
    """Raise `ValueError` when one of several patterns is found in every page."""
    for pattern in patterns:
        require_pattern(name, pattern)


def require_pattern(name: str, pattern: Pattern) -> None:
    """Raise `ValueError` when a pattern is found in every page; a `Regex` checked itself."""
    if isinstance(pattern, str) and not pattern.strip():
        raise ValueError(f"{name}: an empty text is found in every page")


def require_positive(name: str, value: int) -> None:
    """Raise `ValueError` unless a number is more than 0."""
    if value <= 0:
        raise ValueError(f"{name}: {value} is not more than 0")


def require_threshold(name: str, value: int | None) -> None:
    """Raise `ValueError` unless a threshold is absent or more than 0."""
    if value is not None:
        require_positive(name, value)


def require_hex(name: str, value: str) -> None:
    """Raise `ValueError` unless a text is pairs of hexadecimal digits."""
    try:
        bytes.fromhex(value)
    except ValueError:
        raise ValueError(f"{name}: {value!r} is not hexadecimal") from None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
