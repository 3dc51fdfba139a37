"""What `constat doctor` finds, and what it leaves alone."""

import pytest

from collector.record.interventions import NamedIntervention
from collector.register.diagnosis import (
    Facts,
    Fault,
    Finding,
    Lag,
    OpenIntervention,
    Unstamped,
    Watched,
    diagnose,
)
from collector.store.documents import UnsoundContent
from collector.store.fleet import AgentState
from probes.model.instant import DAY, HOUR, MILLISECOND, MINUTE, SECOND
from probes.model.measurement import VantageKind

NOW = 1_000 * HOUR
WELL = AgentState(
    tenant="CH",
    agent="ab" * 16,
    vantage="accueil-03",
    kind="workstation",
    version="0.1.0",
    state="active",
    enrolled_at_us=NOW - 10 * HOUR,
    batches=7,
    received_at_us=NOW - SECOND,
    offset_us=3 * SECOND,
    error_us=4 * MILLISECOND,
    estimated=True,
    depth=0,
    lost=0,
)


def _found(*agents: AgentState) -> list[Finding]:
    return diagnose(Facts(NOW, agents, [], []), 15 * MINUTE)


def test_an_agent_that_is_well_is_not_mentioned() -> None:
    assert _found(WELL) == []


@pytest.mark.parametrize(
    ("agent", "fault", "amount"),
    [
        (WELL._replace(received_at_us=NOW - HOUR), Fault.SILENT, HOUR),
        (WELL._replace(received_at_us=None), Fault.NEVER_SENT, 10 * HOUR),
        (WELL._replace(state="frozen"), Fault.FROZEN, 7),
        (WELL._replace(lost=12), Fault.LOST, 12),
        (WELL._replace(estimated=False, error_us=5 * SECOND), Fault.UNESTIMATED, 5 * SECOND),
        (WELL._replace(error_us=SECOND + 1), Fault.WIDE, SECOND + 1),
        (WELL._replace(offset_us=-MINUTE - 1), Fault.OFFSET, -MINUTE - 1),
    ],
)
def test_what_is_wrong_with_an_agent_is_found_with_how_much(
    agent: AgentState, fault: Fault, amount: int
) -> None:
    assert _found(agent) == [Finding(fault, "CH", "accueil-03", amount)]


@pytest.mark.parametrize(
    "agent",
    [
        WELL._replace(received_at_us=NOW - 15 * MINUTE),
        WELL._replace(received_at_us=None, enrolled_at_us=NOW - MINUTE),
        WELL._replace(state="revoked", received_at_us=None, lost=3, error_us=HOUR),
        WELL._replace(error_us=SECOND, offset_us=MINUTE),
    ],
    ids=["just heard", "just enrolled", "revoked", "at the limit"],
)
def test_what_is_as_it_should_be_is_left_alone(agent: AgentState) -> None:
    assert _found(agent) == []


def test_a_service_that_only_workstations_measure_is_found() -> None:
    services = [
        Watched("CH", "dpi", frozenset({VantageKind.WORKSTATION})),
        Watched("CH", "gap", frozenset({VantageKind.WORKSTATION, VantageKind.SERVER})),
        Watched("CH", "pacs", frozenset({VantageKind.EXTERNAL})),
        Watched("CH", "labo", frozenset()),
    ]
    found = diagnose(Facts(NOW, [], services, []), MINUTE)
    assert [(finding.fault, finding.subject) for finding in found] == [
        (Fault.NO_ALWAYS_ON, "dpi"),
        (Fault.NO_ALWAYS_ON, "labo"),
    ]


def test_a_projector_that_is_behind_is_found_and_one_that_works_is_not() -> None:
    found = diagnose(Facts(NOW, [], [], [Lag("CH", 101), Lag("CH-AUTRE", 100)]), MINUTE)
    assert found == [Finding(Fault.LAGGING, "CH", "projector", 101)]


def test_an_agent_silent_for_longer_than_its_spool_keeps_is_found_with_how_much_longer() -> None:
    silent = WELL._replace(received_at_us=NOW - 7 * DAY)
    assert _found(silent) == [Finding(Fault.SILENT, "CH", "accueil-03", 7 * DAY)]
    assert _found(silent._replace(received_at_us=NOW - 7 * DAY - HOUR)) == [
        Finding(Fault.SILENT, "CH", "accueil-03", 7 * DAY + HOUR),
        Finding(Fault.BEYOND_SPOOL, "CH", "accueil-03", HOUR),
    ]


def test_a_document_whose_bytes_are_not_what_was_sealed_is_found() -> None:
    documents = [
        UnsoundContent("CH", "MAJ-1", "ab" * 32, 18, is_missing=False),
        UnsoundContent("CH", "MAJ-2", "cd" * 32, 20, is_missing=True),
    ]
    assert diagnose(Facts(NOW, [], [], [], documents=documents), MINUTE) == [
        Finding(Fault.BYTES_MISSING, "CH", "MAJ-2 cdcdcdcdcdcdcdcd", 20),
        Finding(Fault.BYTES_CHANGED, "CH", "MAJ-1 abababababababab", 18),
    ]


def test_findings_come_by_kind() -> None:
    agents = [WELL._replace(lost=1), WELL._replace(received_at_us=NOW - HOUR)]
    assert [finding.fault for finding in _found(*agents)] == [Fault.SILENT, Fault.LOST]


@pytest.mark.parametrize(
    ("due_us", "found"),
    [
        (NOW - HOUR, []),
        (NOW + HOUR, []),
        (NOW - HOUR - 1, [Finding(Fault.UNSTAMPED, "CH", "log", HOUR + 1)]),
    ],
)
def test_a_stamp_is_overdue_after_an_hour(due_us: int, found: list[Finding]) -> None:
    assert diagnose(Facts(NOW, [], [], [], [Unstamped("CH", due_us)]), 15 * MINUTE) == found


def test_an_intervention_that_nobody_ended_within_a_day_is_found() -> None:
    def opened(name: str, ago_us: int, end_us: int | None = None) -> OpenIntervention:
        made = NamedIntervention(name, 1, NOW, "ops", "ab", "x", "principal", NOW - ago_us, end_us)
        return OpenIntervention("CH", made)

    left = [opened("INT-1", 24 * HOUR), opened("INT-2", 24 * HOUR + 1), opened("INT-3", HOUR)]
    assert diagnose(Facts(NOW, [], [], [], [], left), MINUTE) == [
        Finding(Fault.INTERVENTION_OPEN, "CH", "INT-2", 24 * HOUR + 1)
    ]
