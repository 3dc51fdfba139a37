"""README and docs: what they show is what happens, what they link to exists."""

import re
import shlex
from pathlib import Path

import click
import pytest

from agent.cli.main import constat_agent
from agent.cli.probe import checks_of, probe
from agent.config_check import make_checks
from agent.strict_yaml import load
from collector.settings import read_settings
from probes.kind import Kind
from probes.registry import kinds
from tests.docs.console import KINDS, README, ROOT, commands_in, output_of, refreshed

KIND_PAGES = sorted(KINDS.glob("*.md"))
_YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")]


def test_the_readme_shows_what_its_commands_print() -> None:
    document = README.read_text("utf-8")
    assert commands_in(document)
    assert refreshed(document, output_of) == document


@pytest.mark.parametrize("path", KIND_PAGES, ids=lambda path: path.stem)
def test_the_page_of_a_kind_shows_its_options_and_a_check_that_can_be_run(path: Path) -> None:
    document = path.read_text("utf-8")
    assert commands_in(document)[-1] == f"constat-agent kinds {path.stem}"
    assert refreshed(document, output_of) == document
    checks = [check for block in _YAML.findall(document) for check in load(block).items()]
    assert checks
    for name, options in checks:
        for check in make_checks(name, options, ROOT):
            assert check.kind.name == path.stem


def test_the_settings_of_time_stamps_are_read_as_the_manual_shows_them(tmp_path: Path) -> None:
    [block] = _YAML.findall((ROOT / "docs/horodatage.md").read_text("utf-8"))
    file = tmp_path / "constat.yaml"
    file.write_text(block, "utf-8")
    assert read_settings(file).timestamps is not None


def test_every_kind_has_a_page_and_no_page_is_of_another() -> None:
    assert [path.stem for path in KIND_PAGES] == list(kinds())


@pytest.mark.parametrize("kind", kinds().values(), ids=lambda kind: kind.name)
def test_the_example_of_a_kind_is_a_command_line_that_is_understood(kind: Kind) -> None:
    target, *rest = shlex.split(kind.example)
    program = click.Context(constat_agent, **constat_agent.context_settings)
    given = probe.make_context("probe", [kind.name, target, *rest], program).params
    (check,) = checks_of(kind.name, target, given["marker"], given["timeout"], given["given"])
    assert check.kind is kind


def test_the_readme_opens_with_the_two_commands() -> None:
    first = README.read_text("utf-8").split("```")[1]
    assert re.findall(r"^make \w+", first, re.MULTILINE) == ["make demo", "make test"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert missing == []
