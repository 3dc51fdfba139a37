"""The agent's metrics, as Prometheus names them.

Nothing is kept here: a scrape reads the tally and a snapshot. Histograms are by kind of check and
not by check: with a thousand checks they would be the largest thing in the agent's memory, and the
collector keeps the latency of every check anyway.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from agent.exposition import Exposition
from agent.push import Condition
from agent.snapshot import Snapshot
from agent.tally import Tally
from agent.vantage import Standing
from probes.model.instant import SECOND
from probes.model.measurement import Outcome

_SELF: Final = Path("/proc/self")


def metrics_of(tally: Tally, snapshot: Snapshot) -> bytes:
    """Return all metrics in the text format."""
    text = Exposition()
    _build(text, snapshot)
    _checks(text, tally, snapshot)
    _vantage(text, snapshot)
    _times(text, tally)
    _spool(text, snapshot)
    _collectors(text, snapshot)
    with suppress(OSError):  # where there is no /proc
        _process(text, snapshot)
    return text.encode()


def _build(text: Exposition, snapshot: Snapshot) -> None:
    text.family("constat_agent_build_info", "gauge", "What runs here, as labels; always 1.")
    python = ".".join(map(str, sys.version_info[:3]))
    text.sample(1, version=snapshot.agent_version, python=python)


def _checks(text: Exposition, tally: Tally, snapshot: Snapshot) -> None:
    text.family("constat_agent_probes_total", "counter", "Probes run, by their outcome.")
    for (check, outcome), count in sorted(tally.probes.items()):
        text.sample(count, check=check, outcome=outcome)
    text.family("constat_agent_missed_slots_total", "counter", "Probes not run when due.")
    for check, slots in sorted(tally.missed_slots.items()):
        text.sample(slots, check=check)
    text.family(
        "constat_agent_check_available", "gauge", "1 if the target was last up or degraded, else 0."
    )
    for state in snapshot.checks:
        if state.outcome is not None and state.outcome is not Outcome.UNKNOWN:
            text.sample(state.outcome is not Outcome.DOWN, check=state.name)
    text.family("constat_agent_probes_running", "gauge", "Probes running now.")
    text.sample(snapshot.running)


def _vantage(text: Exposition, snapshot: Snapshot) -> None:
    text.family("constat_agent_reference_answers", "gauge", "1 if it was last up or degraded.")
    for state in snapshot.references:
        if state.outcome is not None and state.outcome is not Outcome.UNKNOWN:
            text.sample(state.outcome is not Outcome.DOWN, reference=state.name)
    found = snapshot.self_check
    text.family("constat_agent_vantage_online", "gauge", "1 if the last round had an answer.")
    if found is not None and found.standing is not Standing.UNCLEAR:
        text.sample(found.standing is Standing.ONLINE)
    text.family(
        "constat_agent_reference_rounds_total", "counter", "Rounds of references, by what they say."
    )
    for standing in Standing:
        text.sample(found.rounds.get(standing, 0) if found else 0, standing=standing)
    text.family(
        "constat_agent_withheld_failures_total", "counter", "Failures that may have been our own."
    )
    text.sample(found.withheld if found else 0)


def _times(text: Exposition, tally: Tally) -> None:
    text.family("constat_agent_probe_duration_seconds", "histogram", "How long probes lasted.")
    for kind, times in tally.seconds.items():
        text.histogram(times, kind=kind)
    text.family(
        "constat_agent_probe_phase_duration_seconds", "histogram", "How long each step lasted."
    )
    for (kind, phase), times in tally.phases.items():
        if any(times.counts):
            text.histogram(times, kind=kind, phase=phase.removesuffix("_us"))
    text.family("constat_agent_probe_start_delay_seconds", "histogram", "How late probes started.")
    text.histogram(tally.start_delay)
    text.family("constat_agent_event_loop_lag_seconds", "histogram", "How late its beats were.")
    text.histogram(tally.loop_lag)


def _spool(text: Exposition, snapshot: Snapshot) -> None:
    spool = snapshot.spool
    text.family("constat_agent_spool_samples", "gauge", "Measurements some collector lacks.")
    text.sample(spool.samples)
    text.family("constat_agent_spool_used_bytes", "gauge", "What the spool takes up on disk.")
    text.sample(spool.used_bytes)
    text.family("constat_agent_spool_scarce", "gauge", "1 while only changes are kept.")
    text.sample(spool.scarce)
    text.family(
        "constat_agent_spool_lost_samples_total", "counter", "Measurements there was no room for."
    )
    text.sample(spool.lost)
    text.family("constat_agent_batches_sealed_total", "counter", "Batches sealed in this spool.")
    text.sample(spool.batches)


def _collectors(text: Exposition, snapshot: Snapshot) -> None:
    states = snapshot.collectors
    text.family("constat_agent_acknowledged_batch", "gauge", "The last batch a collector has.")
    for state in states:
        text.sample(state.batch, collector=state.name)
    text.family(
        "constat_agent_last_acknowledgement_timestamp_seconds", "gauge", "When it took a batch."
    )
    for state in states:
        if state.acknowledged_at_us is not None:
            text.sample(state.acknowledged_at_us / SECOND, collector=state.name)
    text.family(
        "constat_agent_push_failures_total", "counter", "Batches sent that it did not take."
    )
    for state in states:
        text.sample(state.failed_attempts, collector=state.name)
    text.family("constat_agent_collector_served", "gauge", "1 if it took what was last sent.")
    for state in states:
        text.sample(state.condition is Condition.SERVED, collector=state.name)
    text.family("constat_agent_clock_offset_seconds", "gauge", "Its clock minus ours.")
    for state in states:
        if state.offset_us is not None:
            text.sample(state.offset_us / SECOND, collector=state.name)
    text.family("constat_agent_clock_error_seconds", "gauge", "The bound on that offset's error.")
    for state in states:
        if state.error_us is not None:
            text.sample(state.error_us / SECOND, collector=state.name)


def _process(text: Exposition, snapshot: Snapshot) -> None:
    """Write what every Prometheus client says of its process."""
    used = os.times()
    text.family("process_cpu_seconds_total", "counter", "User and system CPU time.")
    text.sample(used.user + used.system)
    resident_pages = int((_SELF / "statm").read_text("ascii").split()[1])
    text.family("process_resident_memory_bytes", "gauge", "Resident memory size.")
    text.sample(resident_pages * os.sysconf("SC_PAGE_SIZE"))
    text.family("process_open_fds", "gauge", "Number of open file descriptors.")
    text.sample(sum(1 for _ in (_SELF / "fd").iterdir()))
    text.family("process_start_time_seconds", "gauge", "When the process was started.")
    text.sample(snapshot.started_at_us / SECOND)
