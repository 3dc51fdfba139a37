"""The collector's own figures, in the conventions of Prometheus."""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


@dataclass(slots=True)
class Telemetry:
    """What ingest and projection count; each instance has a registry of its own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    batches: Counter = field(init=False)
    measurements: Counter = field(init=False)
    commit_batches: Histogram = field(init=False)
    commit_seconds: Histogram = field(init=False)
    waiting: Gauge = field(init=False)
    projected: Counter = field(init=False)
    projection_seconds: Histogram = field(init=False)
    projection_lag: Gauge = field(init=False)

    def __post_init__(self) -> None:
        """Register the figures."""
        registry = self.registry
        self.batches = Counter(
            "constat_ingest_batches",
            "Batches by what became of them: appended, repeated, or refused and why.",
            ["result"],
            registry=registry,
        )
        self.measurements = Counter(
            "constat_ingest_measurements", "Measurements made durable.", registry=registry
        )
        self.commit_batches = Histogram(
            "constat_ingest_commit_batches",
            "Batches in one transaction.",
            buckets=_SIZES,
            registry=registry,
        )
        self.commit_seconds = Histogram(
            "constat_ingest_commit_seconds",
            "Time one transaction of ingest took.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.waiting = Gauge(
            "constat_ingest_waiting_batches",
            "Batches that wait for the next transaction.",
            registry=registry,
        )
        self.projected = Counter(
            "constat_projection_entries", "Entries of the log projected.", registry=registry
        )
        self.projection_seconds = Histogram(
            "constat_projection_seconds",
            "Time one transaction of the projector took.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.projection_lag = Gauge(
            "constat_projection_lag_entries",
            "Entries of the log that wait for the projector.",
            registry=registry,
        )
