"""The shell completes ids from the database, and stays silent when there is none."""

import pytest
from click.shell_completion import ShellComplete

from collector.cli.main import constat
from tests.collector.cli.conftest import Shell


def _offered(*words: str) -> list[str]:
    *typed, incomplete = words
    shell = ShellComplete(constat, {}, "constat", "_CONSTAT_COMPLETE")
    return [item.value for item in shell.get_completions(typed, incomplete)]


def test_commands_are_offered_without_importing_any() -> None:
    assert _offered("wi") == ["window", "witness"]


def test_ids_of_the_register_are_offered(shell: Shell) -> None:
    when = ("--service", "dpi", "--start", "2099-11-14T22:00", "--for", "PT4H")
    shell("window", "announce", "--hospital", "CH-EXEMPLE", *when)
    assert _offered("window", "show", "M") == ["MAJ-2099-0001"]
    assert _offered("window", "start", "X") == []
    assert _offered("window", "announce", "--hospital", "") == ["CH-EXEMPLE"]
    assert _offered("window", "announce", "--service", "") == ["dpi", "gap"]
    assert _offered("window", "announce", "--group", "GHT") == ["GHT-EXEMPLE"]
    assert _offered("calendar", "p") == ["principal"]


def test_a_database_that_is_away_offers_nothing_and_says_nothing(
    bare_shell: Shell,  # noqa: ARG001 - a folder and an environment of its own
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CONSTAT_DSN", "postgresql://nobody@127.0.0.1:1/nothing")
    assert _offered("window", "show", "") == []
    monkeypatch.delenv("CONSTAT_DSN")
    assert _offered("window", "show", "") == []
    assert capsys.readouterr() == ("", "")
