"""What an ssh check expects of the identification of a server.

See `probes.model.target` for what every spec promises.
"""

from dataclasses import dataclass, field

from probes.model.target import (
    Family,
    Pattern,
    Target,
    Timeouts,
    require_pattern,
    require_threshold,
)


@dataclass(frozen=True, slots=True)
class SshSpec:
    r"""Exchanges identifications with an SSH server, which must speak version 2 of the protocol.

    The software version it shows (`OpenSSH_9.2p1`) is recorded. `expect` is what its identification
    must hold besides: a literal or a regex, as in `{regex: "OpenSSH_\\d+"}`. Nothing is asked after
    that: neither keys nor a login.
    """

    host: str
    port: int = 22
    family: Family = Family.ANY
    expect: Pattern | None = None
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse what cannot be dialled, and what every identification holds."""
        Target(self.host, self.port, self.family)
        if self.expect is not None:
            require_pattern("expect", self.expect)
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    @property
    def target(self) -> Target:
        """The place to dial."""
        return Target(self.host, self.port, self.family)
