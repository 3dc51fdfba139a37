"""What an icmp check pings, and how many of its echoes may be lost.

See `probes.model.target` for what every spec promises.
"""

from dataclasses import dataclass, field
from typing import Final

from probes.model.target import Family, Target, Timeouts, require_threshold


@dataclass(frozen=True, slots=True)
class IcmpSpec:
    """Pings a host: sends `count` echo requests, a fifth of a second apart, and counts the answers.

    One answer is enough to be available; when more than `max_loss_percent` of the echoes are lost
    the host is degraded, when all are it is down. An answer that comes more than
    `timeouts.first_byte_ms` after its request is lost. `degraded_after_ms` is about the mean round
    trip. Of a name with several addresses the first is pinged. An echo proves that a host's network
    works and nothing of its services: they have kinds of their own.
    """

    host: str
    family: Family = Family.ANY
    count: int = 3
    max_loss_percent: int = 0
    degraded_after_ms: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    def __post_init__(self) -> None:
        """Refuse what cannot be pinged, and a flood."""
        Target(self.host, 1, self.family)
        if not 1 <= self.count <= _MOST:
            raise ValueError(f"count: {self.count} is not 1 to {_MOST}")
        if not 0 <= self.max_loss_percent < 100:  # noqa: PLR2004 - all of them would be no answer
            raise ValueError(f"max_loss_percent: {self.max_loss_percent} is not 0 to 99")
        require_threshold("degraded_after_ms", self.degraded_after_ms)

    @property
    def target(self) -> Target:
        """The host; an echo has no port, so it stands for none."""
        return Target(self.host, 1, self.family)


_MOST: Final = 20
