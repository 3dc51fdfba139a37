from pathlib import Path

import pytest

from agent.config import read_config
from collector.demo.hospital import CHECK, HOSPITAL, write_agent, write_catalogue, write_settings
from collector.demo.scenario import SCENARIOS, Scenario, Ward
from collector.record.catalogue import ItemKey, ItemKind, hospital_of, read_catalogue, service_of
from collector.settings import read_settings


def test_the_settings_are_of_a_collector_that_takes_any_free_port(tmp_path: Path) -> None:
    write_settings(tmp_path / "collector" / "constat.yaml", 2525)
    settings = read_settings(tmp_path / "collector" / "constat.yaml")
    assert (settings.host, settings.port, settings.dsn) == ("127.0.0.1", 0, None)
    assert settings.post.mail is not None
    assert (settings.post.mail.host, settings.post.mail.port) == ("127.0.0.1", 2525)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_the_catalogue_holds_the_terms_of_the_scenario(scenario: Scenario, tmp_path: Path) -> None:
    write_catalogue(tmp_path / "catalogue.yaml", scenario.terms)
    items = read_catalogue(tmp_path / "catalogue.yaml")[HOSPITAL]
    contract = hospital_of(items[ItemKey(ItemKind.HOSPITAL, HOSPITAL)]).contract
    assert contract is not None
    assert contract.max_downtime == {"strategic": scenario.terms.limit_s * 1_000_000}
    assert contract.notice.amount == scenario.terms.notice_amount
    assert contract.notice.unit == scenario.terms.notice_unit.value


def test_the_check_that_counts_is_the_one_the_agents_run(tmp_path: Path) -> None:
    write_catalogue(tmp_path / "catalogue.yaml", SCENARIOS["compliant"].terms)
    items = read_catalogue(tmp_path / "catalogue.yaml")[HOSPITAL]
    service = service_of(items[ItemKey(ItemKind.SERVICE, "dpi")])
    write_agent(tmp_path / "agent.yaml", Ward.THEATRE, "http://127.0.0.1:1", 2)
    (check,) = read_config(tmp_path / "agent.yaml").checks
    assert list(service.checks) == [check.name] == [CHECK]
    assert service.checks[CHECK].interval == check.cadence.interval_us


def test_an_agent_knows_its_own_path_alone(tmp_path: Path) -> None:
    write_agent(tmp_path / "bloc" / "agent.yaml", Ward.THEATRE, "http://127.0.0.1:1", 45_678)
    config = read_config(tmp_path / "bloc" / "agent.yaml")
    assert config.vantage == "bloc-02"
    assert [check.spec.url for check in config.checks] == ["http://127.0.0.1:45678/"]
    assert config.state_dir == tmp_path / "bloc" / "state"
