"""The agent's metrics as Prometheus reads them, on a registry of their own.

Nothing is kept here: a scrape reads the tally and a snapshot. Histograms are by kind of check and
not by check: with a thousand checks they would be the largest thing in the agent's memory, and the
collector keeps the latency of every check anyway.
"""

import sys
from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from agent.push import Condition
from agent.snapshot import Snapshot
from agent.tally import Histogram, Tally
from probes.model.instant import SECOND
from probes.model.measurement import Outcome

_PREFIX: Final = "constat_agent"


def exposition_of(tally: Tally, snapshot: Snapshot) -> bytes:
    """Return all metrics in the text format."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(_Agent(tally, snapshot))
    return generate_latest(registry)


class _Agent(Collector):
    def __init__(self, tally: Tally, snapshot: Snapshot) -> None:
        self._tally = tally
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        yield _build_info(self._snapshot)
        yield from _checks(self._tally, self._snapshot)
        yield from _times(self._tally)
        yield from _spool(self._snapshot)
        yield from _collectors(self._snapshot)


def _build_info(snapshot: Snapshot) -> Metric:
    family = _gauge("build_info", "What runs here, as labels; always 1.", "version", "python")
    python = ".".join(map(str, sys.version_info[:3]))
    family.add_metric([snapshot.agent_version, python], 1)
    return family


def _checks(tally: Tally, snapshot: Snapshot) -> Iterator[Metric]:
    probes = _counter("probes", "Probes run, by their outcome.", "check", "outcome")
    for (check, outcome), count in sorted(tally.probes.items()):
        probes.add_metric([check, outcome], count)
    yield probes
    missed = _counter("missed_slots", "Probes not run when they were due.", "check")
    for check, slots in sorted(tally.missed_slots.items()):
        missed.add_metric([check], slots)
    yield missed
    available = _gauge(
        "check_available",
        "1 if the last probe found the target up or degraded, 0 if down.",
        "check",
    )
    for state in snapshot.checks:
        if state.outcome is not None and state.outcome is not Outcome.UNKNOWN:
            available.add_metric([state.name], state.outcome is not Outcome.DOWN)
    yield available
    yield _gauge_of("probes_running", "Probes running now.", snapshot.running)


def _times(tally: Tally) -> Iterator[Metric]:
    duration = _histogram("probe_duration_seconds", "How long probes lasted.", "kind")
    for kind, seconds in tally.seconds.items():
        _add(duration, [kind], seconds)
    yield duration
    phases = _histogram(
        "probe_phase_duration_seconds", "How long each step of a probe lasted.", "kind", "phase"
    )
    for (kind, phase), seconds in tally.phases.items():
        if any(seconds.counts):
            _add(phases, [kind, phase.removesuffix("_us")], seconds)
    yield phases
    delay = _histogram("probe_start_delay_seconds", "How late probes started.")
    _add(delay, [], tally.start_delay)
    yield delay
    lag = _histogram("event_loop_lag_seconds", "How late the event loop's heartbeat was.")
    _add(lag, [], tally.loop_lag)
    yield lag


def _spool(snapshot: Snapshot) -> Iterator[Metric]:
    spool = snapshot.spool
    yield _gauge_of("spool_samples", "Measurements some collector does not have.", spool.samples)
    yield _gauge_of("spool_used_bytes", "What the spool takes up on disk.", spool.used_bytes)
    yield _gauge_of("spool_scarce", "1 while only changes are kept for want of room.", spool.scarce)
    lost = _counter("spool_lost_samples", "Measurements dropped for want of room.")
    lost.add_metric([], spool.lost)
    yield lost
    sealed = _counter("batches_sealed", "Batches sealed since the spool was made.")
    sealed.add_metric([], spool.batches)
    yield sealed


def _collectors(snapshot: Snapshot) -> Iterator[Metric]:
    label = "collector"
    batch = _gauge("acknowledged_batch", "The last batch the collector has.", label)
    at = _gauge("last_acknowledgement_timestamp_seconds", "When it took a batch.", label)
    failures = _counter("push_failures", "Batches it did not take when they were sent.", label)
    served = _gauge("collector_served", "1 if it took the last batch, 0 if not.", label)
    offset = _gauge("clock_offset_seconds", "Its clock minus ours.", label)
    error = _gauge("clock_error_seconds", "The bound on the error of that offset.", label)
    for state in snapshot.collectors:
        name = [state.name]
        batch.add_metric(name, state.batch)
        failures.add_metric(name, state.failed_attempts)
        served.add_metric(name, state.condition is Condition.SERVED)
        if state.acknowledged_at_us is not None:
            at.add_metric(name, state.acknowledged_at_us / SECOND)
        if state.offset_us is not None and state.error_us is not None:
            offset.add_metric(name, state.offset_us / SECOND)
            error.add_metric(name, state.error_us / SECOND)
    yield from (batch, at, failures, served, offset, error)


def _counter(name: str, documentation: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"{_PREFIX}_{name}", documentation, labels=labels)


def _gauge(name: str, documentation: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", documentation, labels=labels)


def _gauge_of(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{_PREFIX}_{name}", documentation, value=value)


def _histogram(name: str, documentation: str, *labels: str) -> HistogramMetricFamily:
    return HistogramMetricFamily(f"{_PREFIX}_{name}", documentation, labels=labels)


def _add(family: HistogramMetricFamily, labels: list[str], histogram: Histogram) -> None:
    family.add_metric(labels, histogram.buckets(), histogram.sum_us / SECOND)
