"""What the agent's YAML file may say: one frozen dataclass for each of its sections.

Each refuses, when it is made, what it alone can see to be wrong, by a `ValueError` that begins with
the name of the key.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import urlsplit

from msgspec import Meta

from probes.model.instant import DAY, HOUR, MILLISECOND, SECOND, format_duration, parse_duration
from probes.model.measurement import VantageKind

_LONGEST_DEFAULT_TIMEOUT_US: Final = 10 * SECOND
_GAPS: Final = 3  # rules, section 3: max_gap is three intervals unless said otherwise
_LEAST_INTERVAL_US: Final = SECOND
_LEAST_BURST_INTERVAL_US: Final = 200 * MILLISECOND
_LEAST_KEEP_DAYS: Final = 7
_LEAST_SPOOL_BYTES: Final = 1 << 20
_LONGEST_NAME: Final = 100

Duration: TypeAlias = Annotated[
    str,
    Meta(
        examples=["PT10S"],
        extra_json_schema={"pattern": r"^P(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?([\d.]+S)?)?$"},
    ),
]


@dataclass(frozen=True, slots=True)
class CollectorConfig:
    """A collector to which every batch is sent. `ca_file` holds the authorities trusted (PEM)."""

    url: str
    name: str = ""
    ca_file: str = ""

    def __post_init__(self) -> None:
        """Refuse what batches cannot be sent to."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url: {self.url!r} is not an http or https URL")
        if parts.username or parts.query or parts.fragment:
            raise ValueError(f"url: {self.url!r} holds more than a host and a path")


@dataclass(frozen=True, slots=True)
class MetricsConfig:
    """Where Prometheus may ask for the agent's metrics; only this machine unless said otherwise."""

    listen: str = "127.0.0.1:9469"

    def __post_init__(self) -> None:
        """Refuse what cannot be listened on."""
        _ = self.address

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port."""
        host, colon, port = self.listen.rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004 - RFC 9293
            raise ValueError(f"listen: {self.listen!r} is not HOST:PORT, as in 127.0.0.1:9469")
        return host.strip("[]"), int(port)


@dataclass(frozen=True, slots=True)
class SpoolConfig:
    """How much is kept on disk for collectors that cannot be reached.

    Room is made for `keep_days` of all checks; `max_bytes` sets another limit.
    """

    keep_days: int = 7
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        """Refuse a spool that could not bridge a long week-end."""
        if self.keep_days < _LEAST_KEEP_DAYS:
            raise ValueError(f"keep_days: {self.keep_days} is less than {_LEAST_KEEP_DAYS}")
        if self.max_bytes is not None and self.max_bytes < _LEAST_SPOOL_BYTES:
            raise ValueError(f"max_bytes: {self.max_bytes} is less than {_LEAST_SPOOL_BYTES}")


@dataclass(frozen=True, slots=True)
class BurstConfig:
    """How often, and for how long, a check probes after a change; `duration: PT0S` is never."""

    interval: Duration = "PT1S"
    duration: Duration = "PT60S"

    def __post_init__(self) -> None:
        """Refuse a storm of probes."""
        if self.interval_us < _LEAST_BURST_INTERVAL_US:
            raise ValueError(f"interval: {self.interval} is less than PT0.2S")
        if self.duration_us > HOUR:
            raise ValueError(f"duration: {self.duration} is more than PT1H")

    @property
    def interval_us(self) -> int:
        """The time between two probes of a burst."""
        return _microseconds("interval", self.interval)

    @property
    def duration_us(self) -> int:
        """How long a burst lasts."""
        return _microseconds("duration", self.duration)


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """What every check says, whatever its kind.

    `interval` is the time between two probes. Two measurements further apart than `max_gap` (three
    intervals) leave a gap in the evidence. A probe ends within `timeout`: 10 s, or the interval if
    that is shorter.
    """

    kind: str
    interval: Duration = "PT10S"
    max_gap: Duration | None = None
    timeout: Duration | None = None
    burst: BurstConfig | None = None

    def __post_init__(self) -> None:
        """Refuse times that contradict each other."""
        if not _LEAST_INTERVAL_US <= self.interval_us <= DAY:
            raise ValueError(f"interval: {self.interval} is not PT1S to PT24H")
        if self.timeout_us <= 0:
            raise ValueError("timeout: a probe needs some time")
        if self.max_gap_us < 2 * self.interval_us:
            raise ValueError(f"max_gap: {self.max_gap} is less than two intervals")
        longest_us = self.max_gap_us - self.interval_us
        if self.timeout_us > longest_us:
            raise ValueError(
                f"timeout: {self.timeout} would leave gaps in the evidence of a target that hangs;"
                f" here at most {format_duration(longest_us)}, max_gap less one interval"
            )

    @property
    def interval_us(self) -> int:
        """The time between two probes."""
        return _microseconds("interval", self.interval)

    @property
    def max_gap_us(self) -> int:
        """The longest time between two measurements that belong together."""
        if self.max_gap is None:
            return _GAPS * self.interval_us
        return _microseconds("max_gap", self.max_gap)

    @property
    def timeout_us(self) -> int:
        """The longest a probe may last."""
        if self.timeout is None:
            return min(_LONGEST_DEFAULT_TIMEOUT_US, self.interval_us)
        return _microseconds("timeout", self.timeout)


@dataclass(frozen=True, slots=True)
class AgentFile:
    """What one agent does: where it stands, what it checks, and whom it tells.

    `references` are checks too, of no service: those across the network (the gateway, a resolver, a
    peer) show that this vantage point has one, so that its loss is not taken for a service's.
    """

    vantage: str
    state_dir: str
    checks: dict[str, dict[str, Any]]
    references: dict[str, dict[str, Any]] = field(default_factory=dict)
    kind: VantageKind = VantageKind.WORKSTATION
    collectors: tuple[CollectorConfig, ...] = ()
    metrics: MetricsConfig | None = None
    spool: SpoolConfig = field(default_factory=SpoolConfig)
    burst: BurstConfig = field(default_factory=BurstConfig)

    def __post_init__(self) -> None:
        """Refuse names that no report could print, and an agent that has nothing to do."""
        require_name("vantage", self.vantage)
        if not self.checks:
            raise ValueError("checks: is empty; an agent needs something to check")
        for name in self.checks:
            require_name("checks", name)
        for name in self.references:
            require_name("references", name)
        urls = [collector.url for collector in self.collectors]
        if len(set(urls)) != len(urls):
            raise ValueError("collectors: a URL is given twice")


def require_name(key: str, name: str) -> None:
    """Raise `ValueError` unless a text can name a check or a vantage point in every report."""
    if not name or len(name) > _LONGEST_NAME:
        raise ValueError(f"{key}: {name!r} has not 1 to {_LONGEST_NAME} characters")
    if not all(letter.isalnum() or letter in "._-" for letter in name):
        raise ValueError(f"{key}: {name!r} has more than letters, digits, '.', '_' and '-'")


def _microseconds(key: str, duration: str) -> int:
    try:
        return parse_duration(duration)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
