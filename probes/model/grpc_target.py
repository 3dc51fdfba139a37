"""Which service a grpc check asks about, and where.

See `probes.model.target` for what every spec promises.
"""

from dataclasses import dataclass, field
from typing import Final

from probes.model.target import Family, Target, Timeouts, Tls, require_threshold


@dataclass(frozen=True, slots=True)
class GrpcSpec:
    """Asks a gRPC server whether it serves, by the standard health protocol: `SERVING` is up.

    `service` is the name of one service, as `dossier.v1.Patients`; without it the question is of
    the server as a whole. With `tls` the conversation is inside TLS, where the server must agree
    on `h2`; without it HTTP/2 is spoken at once (prior knowledge).
    """

    host: str
    port: int
    family: Family = Family.ANY
    tls: Tls | None = None
    service: str = ""
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse what cannot be dialled, and what is no name of a service."""
        Target(self.host, self.port, self.family)
        if not self.service.isprintable() or " " in self.service:
            raise ValueError(f"service: {self.service!r} is not a name, as in dossier.v1.Patients")
        if len(self.service) > _LONGEST_NAME:
            raise ValueError(f"service: is longer than {_LONGEST_NAME} characters")
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    @property
    def target(self) -> Target:
        """The place to dial."""
        return Target(self.host, self.port, self.family)


_LONGEST_NAME: Final = 255
