"""`constat evidence` and `constat verify`, as they are typed."""

import asyncio
import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from collector.cli.main import run
from collector.store.pool import open_pool
from tests.collector.bundles import upgraded
from tests.collector.conftest import Clock
from tests.collector.report.test_as_pdf import read, text_of
from tests.collector.store.agents import LOG_KEY, TENANT

WINDOW = "MAJ-2026-0001"


@pytest.fixture
def options(collector_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A database with a closed window, and the options that say where it is."""
    clock = Clock("2026-11-09T12:00:00Z")

    async def fill() -> None:
        async with open_pool(collector_dsn, size=4) as pool:
            await upgraded(pool, clock, batches=9)

    asyncio.run(fill())
    key = tmp_path / "log.key"
    key.write_text(LOG_KEY.seed.hex() + "\n")
    key.chmod(0o600)
    monkeypatch.chdir(tmp_path)
    return ["--dsn", collector_dsn, "--key", str(key)]


def test_a_bundle_is_exported_and_verified_with_pinned_keys(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["evidence", "keys", "--hospital", TENANT, *options]) == 0
    (tmp_path / "pinned.json").write_text(capsys.readouterr().out)
    assert run(["evidence", "export", WINDOW, *options]) == 0
    assert capsys.readouterr().out.startswith(f"{WINDOW}: {WINDOW}.constat (")
    code = run(["verify", f"{WINDOW}.constat", "--keys", "pinned.json"])
    said = capsys.readouterr().out
    assert code in {0, 4}
    assert " 1  intégrité   ✓ archive" in said
    assert "15  recalcul    ✓ report" in said
    assert "preuve recevable" in said
    assert "aucune clé connue" not in said
    assert "sans témoin" in said


def test_a_bundle_holds_the_report_as_a_document_with_the_same_figures_in_it(
    options: list[str], tmp_path: Path
) -> None:
    assert run(["evidence", "export", WINDOW, "--lang", "en", *options]) == 0
    with ZipFile(tmp_path / f"{WINDOW}.constat") as bundle:
        pdf, figures = bundle.read("rapport.pdf"), bundle.read("report.json")
    assert read(pdf).attachments == {"report.json": [figures]}
    assert "Update report" in text_of(pdf, slice(1))
    assert "the collector's log" in text_of(pdf)


def test_the_object_says_what_the_lines_say(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["evidence", "export", WINDOW, *options])
    bundle = tmp_path / f"{WINDOW}.constat"
    capsys.readouterr()
    run(["verify", str(bundle), "-o", "json"])
    stated = json.loads(capsys.readouterr().out)
    assert (stated["schema"], stated["sound"], stated["pinned"]) == (
        "constat.verification/1",
        True,
        False,
    )
    assert {stated["integrity"], stated["completeness"], stated["recomputation"]} == {"holds"}
    assert stated["report"]["window"] == WINDOW

    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(data)
    assert run(["verify", str(bundle), "-o", "json"]) == 7
    stated = json.loads(capsys.readouterr().out)
    assert (stated["sound"], stated["integrity"], stated["completeness"]) == (
        False,
        "fails",
        "not reached",
    )


def test_a_bundle_is_never_written_over_another_file(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "there.constat").write_text("kept")
    assert run(["evidence", "export", WINDOW, "--out", "there.constat", *options]) == 2
    assert "there.constat exists already" in capsys.readouterr().err
    assert (tmp_path / "there.constat").read_text() == "kept"
    assert run(["evidence", "export", WINDOW, "--out", "no/such/folder", *options]) == 2
    assert run(["evidence", "export", "MAJ-0", *options]) == 5
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["verify", "nowhere.constat"], 5, "there is no such file"),
        (["verify", "x.constat", "--keys", "nowhere.json"], 5, "there is no such file"),
        (["verify", "x.constat", "--keys", "x.constat"], 2, "cannot read x.constat: not JSON"),
        (["verify", "x.constat"], 7, ""),
    ],
)
def test_what_cannot_be_verified_is_said_in_one_line(  # noqa: PLR0913, PLR0917 - fixtures
    arguments: list[str],
    code: int,
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.constat").write_text("no bundle")
    assert run(arguments) == code
    said = capsys.readouterr()
    assert line in said.err
    assert said.err.count("\n") <= 1
