import pytest

from collector.demo.scenario import SCENARIOS, Act, Scenario, Upgrade, UpgradeStep, Ward, WardStep

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)


def instants_of(scenario: Scenario, *acts: Act) -> dict[Ward, float]:
    return {
        step.ward: step.at_s
        for step in scenario.steps
        if isinstance(step, WardStep) and step.act in acts
    }


def lost(scenario: Scenario) -> dict[Ward, float]:
    return instants_of(scenario, Act.CUT, Act.SHOW_MAINTENANCE)


def back(scenario: Scenario) -> dict[Ward, float]:
    return instants_of(scenario, Act.RESTORE)


def test_the_five_scenarios_are_there() -> None:
    assert set(SCENARIOS) == {
        "compliant", "breach", "short-notice", "inconclusive", "maintenance-page",
    }  # fmt: skip


@every_scenario
def test_the_steps_come_in_order_and_end_within_the_plan(scenario: Scenario) -> None:
    instants = [step.at_s for step in scenario.steps]
    assert instants == sorted(instants)
    assert instants[-1] < scenario.planned_s


@every_scenario
def test_version_1_stops_then_its_data_are_migrated_then_version_2_starts(
    scenario: Scenario,
) -> None:
    acts = [step.act for step in scenario.steps if isinstance(step, UpgradeStep)]
    assert acts == [Upgrade.STOP, Upgrade.MIGRATE, Upgrade.START]


@every_scenario
def test_each_workstation_loses_the_service_and_gets_it_back_at_its_own_instant(
    scenario: Scenario,
) -> None:
    for instants in (lost(scenario), back(scenario)):
        assert set(instants) == set(Ward)
        assert len(set(instants.values())) == len(Ward)


@every_scenario
def test_the_outage_planned_is_well_clear_of_the_limit(scenario: Scenario) -> None:
    outage_s = min(back(scenario).values()) - max(lost(scenario).values())
    margin_s = scenario.terms.limit_s - outage_s
    assert abs(margin_s) >= 4
    assert (margin_s < 0) == (scenario.expected.duration != "compliant")


def test_only_the_killed_agent_makes_inconclusive_differ_from_breach() -> None:
    def others(name: str) -> list[object]:
        agent_acts = {Act.KILL_AGENT, Act.RESTART_AGENT}
        return [step for step in SCENARIOS[name].steps if step.act not in agent_acts]

    assert others("inconclusive") == others("breach")
    assert SCENARIOS["inconclusive"].terms == SCENARIOS["breach"].terms


def test_an_agent_killed_stays_dead_until_the_service_is_back() -> None:
    scenario = SCENARIOS["inconclusive"]
    killed = instants_of(scenario, Act.KILL_AGENT)
    restarted = instants_of(scenario, Act.RESTART_AGENT)
    assert killed.keys() == restarted.keys() == {Ward.THEATRE}
    assert killed[Ward.THEATRE] < min(back(scenario).values()) < restarted[Ward.THEATRE]


def test_short_notice_differs_from_compliant_by_the_notice_asked_alone() -> None:
    short, compliant = SCENARIOS["short-notice"], SCENARIOS["compliant"]
    assert short.steps == compliant.steps
    assert short.expected.duration == compliant.expected.duration == "compliant"
    assert short.expected.notice == "short"
