"""The manuals show commands that are understood, and name the files and codes there are."""

import re
import shlex
from pathlib import Path

import click
import pytest

from collector.cli.main import constat
from collector.errors import ExitCode
from collector.witness import folder, record
from tests.docs.console import ROOT

MANUALS = [ROOT / "docs/temoin.md"]


def _commands(document: str) -> list[str]:
    blocks = re.findall(r"^ *```\n(.*?)^ *```$", document, re.MULTILINE | re.DOTALL)
    joined = "".join(blocks).replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines()]


def _understood(line: str) -> click.Context:
    program, *words = shlex.split(line)
    assert program == "constat"
    command: click.Command = constat
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, line
        command = found
    return command.make_context(line, words, click.Context(constat, **constat.context_settings))


@pytest.mark.parametrize("path", MANUALS, ids=lambda path: path.stem)
def test_every_command_of_a_manual_is_understood(path: Path) -> None:
    commands = _commands(path.read_text("utf-8"))
    assert commands
    for line in commands:
        assert _understood(line).params


def test_the_manual_of_the_witness_names_its_files() -> None:
    document = (ROOT / "docs/temoin.md").read_text("utf-8")
    listed = set(re.findall(r"^\| `(\S+)` \|", document, re.MULTILINE))
    assert listed == {
        folder.KEY_FILE,
        folder.VERIFIER_FILE,
        folder.DATABASE_FILE,
        record.RECORD_FILE,
        record.HALT_FILE,
    }
    assert f"sort avec le code {ExitCode.BREACH}" in document
    assert f"sort avec le code {ExitCode.REFUSED}" in document
