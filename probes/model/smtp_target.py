"""What an smtp check expects of a mail server, and how far it goes with it.

See `probes.model.target` for what every spec promises.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from probes.model.target import (
    Family,
    Pattern,
    Regex,
    Target,
    Timeouts,
    Tls,
    require_pattern,
    require_threshold,
)


class Encryption(StrEnum):
    """How a conversation is to be inside TLS."""

    NONE = "none"
    OFFERED = "offered"
    REQUIRED = "required"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class SmtpSpec:
    r"""Is greeted by a mail server and greets it (EHLO); never sends mail.

    `encryption` says what becomes of TLS: `none` leaves it aside, `offered` does STARTTLS where the
    server offers it, `required` does it everywhere, `implicit` shakes hands first (port 465). The
    certificate is always verified. `expect` is what the server's greeting must hold: a literal, or
    a regex as in `{regex: "ESMTP Postfix"}`; `version` is a regex in it. `helo` is the name this
    vantage point gives itself; without it, its address.
    """

    host: str
    port: int = 25
    family: Family = Family.ANY
    encryption: Encryption = Encryption.NONE
    tls: Tls = field(default_factory=Tls)
    helo: str = ""
    expect: Pattern | None = None
    version: Regex | None = None
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse what cannot be dialled or said, and TLS options that are for nothing."""
        Target(self.host, self.port, self.family)
        if self.helo and _HELO.fullmatch(self.helo) is None:
            raise ValueError(f"helo: {self.helo!r} is not a host name, nor an address in brackets")
        if self.encryption is Encryption.NONE and self.tls != Tls():
            raise ValueError("tls: is for nothing with encryption none; require it, or offered")
        if self.expect is not None:
            require_pattern("expect", self.expect)
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    @property
    def target(self) -> Target:
        """The place to dial."""
        return Target(self.host, self.port, self.family)


# RFC 5321, section 4.1.2: a domain or an address literal.
_HELO: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Za-z.:]{2,60}\]")
