"""What `constat doctor` finds wrong: pure, from what the database said and the hour it is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from collector.record.interventions import NamedIntervention
from collector.record.silence import SPOOL_KEEPS_US
from collector.record.stamped import LATE_AFTER_US
from collector.store.documents import UnsoundContent
from collector.store.fleet import AgentState
from probes.model.instant import MINUTE, SECOND
from probes.model.measurement import VantageKind

WIDEST_ERROR_US: Final = SECOND
LARGEST_OFFSET_US: Final = MINUTE
LONGEST_LAG: Final = 100

_DIGITS_SHOWN: Final = 16
_ALWAYS_ON: Final = frozenset({VantageKind.SERVER, VantageKind.EXTERNAL})


class Fault(StrEnum):
    """The kinds of findings."""

    SILENT = "agent_silent"
    BEYOND_SPOOL = "agent_silent_beyond_spool"
    NEVER_SENT = "agent_never_sent"
    FROZEN = "agent_frozen"
    LOST = "measurements_lost"
    UNESTIMATED = "clock_unestimated"
    WIDE = "clock_error_large"
    OFFSET = "clock_offset_large"
    NO_ALWAYS_ON = "no_always_on_vantage"
    LAGGING = "projector_lagging"
    UNSTAMPED = "stamp_overdue"
    INTERVENTION_OPEN = "intervention_open"
    BYTES_MISSING = "document_missing"
    BYTES_CHANGED = "document_changed"


class Finding(NamedTuple):
    """One thing to look at: where, what, and how much (microseconds or a count)."""

    fault: Fault
    hospital: str
    subject: str
    amount: int


class Watched(NamedTuple):
    """A service, and the kinds of the vantage points that measure it."""

    hospital: str
    service: str
    kinds: frozenset[VantageKind]


class Lag(NamedTuple):
    """How many entries of a hospital's log wait for the projector."""

    hospital: str
    entries: int


class Unstamped(NamedTuple):
    """A log that an authority has or had stamped, and since when the next stamp is due."""

    hospital: str
    due_us: int


class OpenIntervention(NamedTuple):
    """A person's intervention that nobody has ended."""

    hospital: str
    intervention: NamedIntervention


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database said at an instant."""

    now_us: int
    agents: Sequence[AgentState]
    services: Sequence[Watched]
    lags: Sequence[Lag]
    unstamped: Sequence[Unstamped] = ()
    interventions: Sequence[OpenIntervention] = ()
    documents: Sequence[UnsoundContent] = ()


def diagnose(facts: Facts, silent_after_us: int) -> list[Finding]:
    """Return the findings, by kind in the order of `Fault`, then as the facts came."""
    found = [
        *_of_agents(facts.agents, facts.now_us, silent_after_us),
        *_of_services(facts.services),
        *_of_lags(facts.lags),
        *_of_stamps(facts.unstamped, facts.now_us),
        *_of_interventions(facts.interventions, facts.now_us),
        *_of_documents(facts.documents),
    ]
    order = list(Fault)
    return sorted(found, key=lambda finding: order.index(finding.fault))


def _of_agents(
    agents: Iterable[AgentState], now_us: int, silent_after_us: int
) -> Iterator[Finding]:
    for agent in agents:
        if agent.state == "frozen":
            yield Finding(Fault.FROZEN, agent.tenant, agent.vantage, agent.batches)
        if agent.state != "active":
            continue
        if agent.received_at_us is None:
            age_us = now_us - agent.enrolled_at_us
            if age_us > silent_after_us:
                yield Finding(Fault.NEVER_SENT, agent.tenant, agent.vantage, age_us)
            continue
        silence_us = now_us - agent.received_at_us
        if silence_us > silent_after_us:
            yield Finding(Fault.SILENT, agent.tenant, agent.vantage, silence_us)
        if silence_us > SPOOL_KEEPS_US:
            beyond_us = silence_us - SPOOL_KEEPS_US
            yield Finding(Fault.BEYOND_SPOOL, agent.tenant, agent.vantage, beyond_us)
        yield from _of_clock(agent)
        if agent.lost:
            yield Finding(Fault.LOST, agent.tenant, agent.vantage, agent.lost)


def _of_clock(agent: AgentState) -> Iterator[Finding]:
    # A clock that is far off costs nothing but trust; one that is not known widens every bound.
    error_us, offset_us = agent.error_us or 0, agent.offset_us or 0
    if not agent.estimated:
        yield Finding(Fault.UNESTIMATED, agent.tenant, agent.vantage, error_us)
        return
    if error_us > WIDEST_ERROR_US:
        yield Finding(Fault.WIDE, agent.tenant, agent.vantage, error_us)
    if abs(offset_us) > LARGEST_OFFSET_US:
        yield Finding(Fault.OFFSET, agent.tenant, agent.vantage, offset_us)


def _of_services(services: Iterable[Watched]) -> Iterator[Finding]:
    """Workstations sleep at night: something that does not must watch every service too."""
    for watched in services:
        if not watched.kinds & _ALWAYS_ON:
            yield Finding(Fault.NO_ALWAYS_ON, watched.hospital, watched.service, 0)


def _of_lags(lags: Iterable[Lag]) -> Iterator[Finding]:
    for lag in lags:
        if lag.entries > LONGEST_LAG:
            yield Finding(Fault.LAGGING, lag.hospital, "projector", lag.entries)


def _of_stamps(unstamped: Iterable[Unstamped], now_us: int) -> Iterator[Finding]:
    for log in unstamped:
        overdue_us = now_us - log.due_us
        if overdue_us > LATE_AFTER_US:
            yield Finding(Fault.UNSTAMPED, log.hospital, "log", overdue_us)


def _of_interventions(interventions: Iterable[OpenIntervention], now_us: int) -> Iterator[Finding]:
    for hospital, intervention in interventions:
        if intervention.is_overdue(now_us):
            open_us = now_us - intervention.start_us
            yield Finding(Fault.INTERVENTION_OPEN, hospital, intervention.id, open_us)


def _of_documents(documents: Iterable[UnsoundContent]) -> Iterator[Finding]:
    for tenant, window_id, digest, size, is_missing in documents:
        fault = Fault.BYTES_MISSING if is_missing else Fault.BYTES_CHANGED
        yield Finding(fault, tenant, f"{window_id} {digest[:_DIGITS_SHOWN]}", size)
