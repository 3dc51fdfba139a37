"""The state of a running agent at one instant: what `status` shows and `/metrics` exports."""

from dataclasses import dataclass
from typing import NamedTuple

from agent.check import Check
from agent.clock import Reading
from agent.cursors import Cursor
from agent.offset import Estimate, clock_reading
from agent.push import Condition, Pusher
from agent.recorder import History
from agent.self_check import SelfCheck
from agent.vantage import Standing
from probes.model.instant import SECOND
from probes.model.measurement import Outcome


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What is on the disk: samples no collector has, samples lost for want of room."""

    samples: int
    lost: int
    batches: int
    used_bytes: int
    scarce: bool


@dataclass(frozen=True, slots=True)
class CollectorState:
    """How it goes with one collector; the offset is its clock minus our wall clock."""

    name: str
    url: str
    condition: Condition
    reason: str
    batch: int
    acknowledged_at_us: int | None
    failed_attempts: int
    offset_us: int | None
    error_us: int | None


@dataclass(frozen=True, slots=True)
class CheckState:
    """What was last measured of one check; instants are by our wall clock."""

    name: str
    kind: str
    outcome: Outcome | None
    failure: str
    operation: str
    detail: str
    version: str
    since_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class SelfCheckState:
    """What the references last said of the vantage point's own network, and how often each thing.

    `withheld` counts the failures that were recorded as unknown for it.
    """

    standing: Standing
    last_us: int
    rounds: dict[Standing, int]
    withheld: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything of one agent."""

    vantage: str
    tenant: str
    agent: str
    agent_version: str
    config: str
    boot_id: str
    started_at_us: int
    taken_at_us: int
    running: int
    spool: SpoolState
    collectors: tuple[CollectorState, ...]
    checks: tuple[CheckState, ...]
    references: tuple[CheckState, ...] = ()
    self_check: SelfCheckState | None = None


class Delivery(NamedTuple):
    """A collector and what brings batches to it."""

    name: str
    url: str
    pusher: Pusher


def collector_state(
    delivery: Delivery, cursor: Cursor, estimate: Estimate | None, now: Reading
) -> CollectorState:
    """Return how it goes with a collector."""
    pusher = delivery.pusher
    at_us = None
    if pusher.acknowledged_s is not None:
        at_us = now.wall_us - now.monotonic_us + int(pusher.acknowledged_s * SECOND)
    return CollectorState(
        name=delivery.name,
        url=delivery.url,
        condition=pusher.standing.condition,
        reason=pusher.standing.reason,
        batch=cursor.batch,
        acknowledged_at_us=at_us,
        failed_attempts=pusher.failed_attempts,
        offset_us=clock_reading(now, estimate).offset_us if estimate else None,
        error_us=estimate.error_us if estimate else None,
    )


def check_state(check: Check, history: History, now: Reading) -> CheckState:
    """Return what was last measured of a check."""
    boot_us = now.wall_us - now.boottime_us
    return CheckState(
        name=check.name,
        kind=check.kind.name,
        outcome=history.outcome,
        failure=history.failure or "",
        operation=history.operation or "",
        detail=history.detail,
        version=history.version or "",
        since_us=boot_us + history.since_us,
        last_us=boot_us + history.last_us,
    )


def self_check_state(self_check: SelfCheck, now: Reading) -> SelfCheckState | None:
    """Return what the references said; None when no round of them is over."""
    if self_check.last is None:
        return None
    return SelfCheckState(
        standing=self_check.last.network,
        last_us=now.wall_us - now.boottime_us + self_check.last.end_us,
        rounds=dict(self_check.rounds),
        withheld=self_check.withheld,
    )
