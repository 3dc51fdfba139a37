"""docker-compose.yml and its Dockerfile, held to the program as far as that goes without Docker."""

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from agent.cli.main import constat_agent
from agent.config import read_config
from collector.cli.main import constat
from collector.settings import read_settings

ROOT: Final = Path(__file__).parents[1]
COMPOSE_TEXT: Final = (ROOT / "docker-compose.yml").read_text()
COMPOSE: Final[dict[str, Any]] = yaml.safe_load(COMPOSE_TEXT)
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text()
SERVICES: Final[dict[str, dict[str, Any]]] = COMPOSE["services"]
OURS: Final = ("collector", "agent")
PROGRAMS: Final = {"constat": constat, "constat-agent": constat_agent}


def _commands() -> list[list[str]]:
    """Every command of ours that the two files give, in whatever form they give it."""
    told = [json.loads(array) for array in re.findall(r"(?:CMD|ENTRYPOINT) (\[.*\])", DOCKERFILE)]
    healthchecks = [words for words in told if words[0] == "constat-agent" and len(words) > 1]
    defaults = [[*words, *told[index + 1]] for index, words in enumerate(told) if len(words) == 1]
    in_comments = re.findall(r"collector (constat .*?)(?: \|)?$", COMPOSE_TEXT, re.MULTILINE)
    in_agent = re.findall(r"-T agent (.*)$", COMPOSE_TEXT, re.MULTILINE)
    in_shell = re.findall(r"exec (constat .*)$", COMPOSE_TEXT, re.MULTILINE)
    written = [*in_comments, *(f"constat-agent {words}" for words in in_agent), *in_shell]
    return [*healthchecks, *defaults, *map(shlex.split, written)]


@pytest.mark.parametrize("words", _commands(), ids=" ".join)
def test_a_command_is_one_of_ours_with_options_it_has(words: list[str]) -> None:
    command: click.Command | None = PROGRAMS[words[0]]
    arguments = words[1:]
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), arguments.pop(0))
    assert command is not None
    command.make_context(words[0], arguments)


def test_no_command_is_overlooked() -> None:
    assert {" ".join(words[:2]) for words in _commands()} == {
        "constat up",
        "constat apply",
        "constat token",
        "constat-agent run",
        "constat-agent enrol",
        "constat-agent status",
    }


def test_the_settings_it_mounts_are_right() -> None:
    settings = read_settings(ROOT / "docs/examples/compose/constat.yaml")
    agent = read_config(ROOT / "docs/examples/compose/agent.yaml")
    volumes = [volume for name in OURS for volume in SERVICES[name]["volumes"]]
    assert f"collector:{settings.data_dir}" in volumes
    assert f"agent:{agent.state_dir}" in volumes
    assert agent.collectors[0].url == f"http://collector:{settings.port}"
    assert settings.dsn is not None
    assert "@database/" in settings.dsn


@pytest.mark.parametrize("name", OURS)
def test_a_service_of_ours_may_do_next_to_nothing(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


def test_the_images_run_as_a_user_by_number() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert "USER root" not in DOCKERFILE


def test_only_the_collector_is_reached_and_only_from_this_machine() -> None:
    ports = {name: service.get("ports") for name, service in SERVICES.items()}
    assert ports == {
        "database": None,
        "collector": ["${CONSTAT_LISTEN:-127.0.0.1}:8443:8443"],
        "agent": None,
    }


def test_a_secret_is_a_file_and_never_a_value() -> None:
    assert list(COMPOSE["secrets"].values()) == [{"file": "./secrets/database_password"}]
    for service in SERVICES.values():
        for name in service.get("environment", {}):
            assert "PASSWORD" not in name or name.endswith("_FILE")


def test_the_image_of_the_database_is_pinned() -> None:
    assert re.fullmatch(r"timescale/timescaledb:\d+\.\d+\.\d+-pg\d+", SERVICES["database"]["image"])


def test_every_volume_that_is_named_is_declared() -> None:
    used = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service["volumes"]
        if isinstance(volume, str)
    }
    assert used == set(COMPOSE["volumes"])


def test_what_a_service_waits_for_has_a_health_to_wait_for() -> None:
    with_health = {name for name, service in SERVICES.items() if "healthcheck" in service}
    stages = re.split(r"^FROM .* AS ", DOCKERFILE, flags=re.MULTILINE)[1:]
    with_health |= {stage.split()[0] for stage in stages if "HEALTHCHECK" in stage}
    waited_for = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert waited_for <= with_health


def test_every_package_is_built_into_the_images() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    for package in packages:
        assert f"COPY {package} {package}\n" in DOCKERFILE
        assert f"!{package}" in allowed
