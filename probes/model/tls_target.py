"""What a tls check expects of the handshake and of the certificates in it.

See `probes.model.target` for what every spec promises.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from probes.model.target import Family, Target, Timeouts, Tls, require_threshold


class TlsVersion(StrEnum):
    """The versions of TLS a check may insist on; what is older is never agreed to."""

    V1_2 = "TLSv1.2"
    V1_3 = "TLSv1.3"


@dataclass(frozen=True, slots=True)
class TlsSpec:
    """Shakes hands and verifies the certificates: trusted, for this host, and valid today.

    With fewer than `degraded_before_days` left to the certificate, or to an authority in its chain,
    the target is degraded; 0 never warns. `min_version` is the oldest TLS that may be agreed on
    (`TLSv1.2` or `TLSv1.3`), `alpn` the one protocol offered in the handshake, which the target
    must take (`h2`). Nothing is asked inside: where a protocol has a kind of its own, that kind
    with `tls` proves more.
    """

    host: str
    port: int = 443
    family: Family = Family.ANY
    tls: Tls = field(default_factory=Tls)
    min_version: TlsVersion = TlsVersion.V1_2
    alpn: str = ""
    degraded_before_days: int = 14
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse what no handshake can hold."""
        Target(self.host, self.port, self.family)
        if self.alpn and _PROTOCOL.fullmatch(self.alpn) is None:
            raise ValueError(f"alpn: {self.alpn!r} is not the name of a protocol, as h2")
        if not 0 <= self.degraded_before_days <= _MOST_DAYS:
            raise ValueError(
                f"degraded_before_days: {self.degraded_before_days} is not 0 to {_MOST_DAYS}"
            )
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    @property
    def target(self) -> Target:
        """The place to dial."""
        return Target(self.host, self.port, self.family)


_PROTOCOL: Final = re.compile(r"[!-~]{1,255}", re.ASCII)  # RFC 7301, section 3.1: 1 to 255 bytes
_MOST_DAYS: Final = 3_650
