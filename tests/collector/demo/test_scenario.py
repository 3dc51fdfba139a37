import pytest

from collector.demo.scenario import SCENARIOS, Act, Scenario, Ward

every_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)


def instant_of(scenario: Scenario, act: Act, ward: Ward | None = None) -> float:
    (instant,) = (step.at_s for step in scenario.steps if (step.act, step.ward) == (act, ward))
    return instant


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
def test_version_1_stops_before_its_data_are_migrated_and_version_2_starts_after(
    scenario: Scenario,
) -> None:
    acts = [step.act for step in scenario.steps]
    assert acts.index(Act.STOP) < acts.index(Act.MIGRATE) < acts.index(Act.START)


@every_scenario
def test_each_workstation_loses_the_service_and_gets_it_back_at_its_own_instant(
    scenario: Scenario,
) -> None:
    back = {instant_of(scenario, Act.RESTORE, ward) for ward in Ward}
    lost = {step.at_s for step in scenario.steps if step.act in {Act.CUT, Act.SHOW_MAINTENANCE}}
    assert len(back) == len(lost) == len(Ward)


@every_scenario
def test_the_outage_planned_is_clear_of_the_limit_by_five_seconds_at_least(
    scenario: Scenario,
) -> None:
    lost_by_all = max(
        step.at_s for step in scenario.steps if step.act in {Act.CUT, Act.SHOW_MAINTENANCE}
    )
    back = min(instant_of(scenario, Act.RESTORE, ward) for ward in Ward)
    margin = scenario.terms.limit_s - (back - lost_by_all)
    assert abs(margin) > 3
    assert (margin < 0) == (scenario.expected.duration != "compliant")


def test_only_the_killed_agent_makes_inconclusive_differ_from_breach() -> None:
    def others(name: str) -> list[object]:
        agent_acts = {Act.KILL_AGENT, Act.RESTART_AGENT}
        return [step for step in SCENARIOS[name].steps if step.act not in agent_acts]

    assert others("inconclusive") == others("breach")
    assert SCENARIOS["inconclusive"].terms == SCENARIOS["breach"].terms


def test_an_agent_killed_stays_dead_until_the_service_is_back() -> None:
    scenario = SCENARIOS["inconclusive"]
    first_back = min(instant_of(scenario, Act.RESTORE, ward) for ward in Ward)
    killed = instant_of(scenario, Act.KILL_AGENT, Ward.THEATRE)
    restarted = instant_of(scenario, Act.RESTART_AGENT, Ward.THEATRE)
    assert killed < first_back < restarted


def test_short_notice_differs_from_compliant_by_the_notice_asked_alone() -> None:
    short, compliant = SCENARIOS["short-notice"], SCENARIOS["compliant"]
    assert short.steps == compliant.steps
    assert short.expected.duration == compliant.expected.duration == "compliant"
    assert short.expected.notice == "short"
