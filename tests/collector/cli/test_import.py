"""Importing measurements: whole or not at all, marked, and never a way to win a window."""

import json
from pathlib import Path

import pytest

from collector.errors import ExitCode
from collector.evidence.folder import write_measurements_file
from collector.store.pool import open_pool
from probes.model.failure import Failure, Operation
from probes.model.instant import MINUTE, SECOND, parse_instant
from probes.model.measurement import Measurement, Outcome
from tests.collector.cli.conftest import Shell
from tests.collector.store.agents import Sender, columns
from tests.collector.test_assess import measured
from tests.postgres import in_own_loop

START = parse_instant("2026-11-14T22:00:00+01:00")
IMPORT = ("import", "measurements")
HOSPITAL = ("--hospital", "CH-EXEMPLE")


def _measurements(vantage: str = "poste-importe", count: int = 240) -> list[Measurement]:
    """Forty minutes by ten seconds, down for the second ten; odd microseconds, odd clocks."""

    def one(index: int) -> Measurement:
        start = START + 10 * SECOND * index + index % 7
        down = 60 <= index < 120
        return Measurement(
            start_us=start,
            duration_us=1_234 + index,
            outcome=Outcome.DOWN if down else Outcome.UP,
            vantage=vantage,
            check="dpi-login",
            clock_error_us=index % 3 * 17,
            failure=Failure.CONNECTION_REFUSED if down else None,
            operation=Operation.CONNECT if down else None,
        )

    return [one(index) for index in range(count)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_measurements_file(tmp_path, _measurements())
    return tmp_path / "measurements.ndjson"


def _announced(shell: Shell) -> str:
    plan = ("--start", "2026-11-14T22:00", "--for", "PT40M", "--id", "MAJ-1")
    assert shell("window", "announce", *HOSPITAL, "--service", "dpi", *plan) == ExitCode.DONE
    for step in (("start", "--at", "2026-11-14T22:00"), ("finish", "--at", "2026-11-14T22:40")):
        assert shell("window", step[0], "MAJ-1", *step[1:]) == ExitCode.DONE
    assert shell("window", "close", "MAJ-1") == ExitCode.DONE
    return "MAJ-1"


def test_a_window_announced_afterwards_is_judged_by_what_was_imported(
    shell: Shell, file: Path, tmp_path: Path
) -> None:
    assert shell(*IMPORT, str(file), *HOSPITAL) == ExitCode.DONE
    assert shell.out == f"{file}: 240 measurements imported for CH-EXEMPLE, in 1 entry\n"
    window = _announced(shell)
    assert shell("window", "show", window, "-o", "json") == ExitCode.BREACH  # told too late
    shown = json.loads(shell.out)
    # dpi-hl7 was never measured: only dpi-login's failures prove anything.
    [outage] = shown["outages"]
    assert outage["proven"][0]["end_us"] - outage["proven"][0]["start_us"] > 9 * MINUTE
    assert [(v["vantage"], v["imported"], v["measured"]) for v in shown["vantages"]] == [
        ("poste-importe", True, 240)
    ]
    assert shell("window", "show", window) == ExitCode.BREACH
    assert "poste-importe (importé)" in shell.out
    assert shell("window", "export", window, str(tmp_path / "audit")) == ExitCode.DONE
    assert shell("assess", str(tmp_path / "audit"), "-o", "json") == ExitCode.BREACH
    judged = json.loads(shell.out)
    assert {key: shown[key] for key in judged} == judged
    exported = (tmp_path / "audit/measurements.ndjson").read_bytes()
    assert exported == file.read_bytes()


def test_what_is_imported_after_a_window_opened_does_not_count_for_it(
    shell: Shell, file: Path
) -> None:
    window = _announced(shell)
    assert shell(*IMPORT, str(file), *HOSPITAL) == ExitCode.DONE
    shell("window", "show", window, "-o", "json")
    shown = json.loads(shell.out)
    assert shown["panel"]["members"] == []
    assert [(v["vantage"], v["counts"]) for v in shown["vantages"]] == [("poste-importe", False)]
    assert shown["outages"] == []


def test_a_bad_line_is_told_by_file_and_line_and_nothing_is_imported(
    shell: Shell, file: Path
) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    lines[6] = lines[6].replace(b'"up"', b'"uup"')
    file.write_bytes(b"".join(lines))
    assert shell(*IMPORT, str(file), *HOSPITAL) == ExitCode.USAGE
    told = shell.err.splitlines()[-1]
    assert told.startswith(f"constat: {file}:7: outcome: 'uup' is not one of")
    assert told.endswith("; nothing was imported")
    shell("doctor", "-o", "json")
    assert json.loads(shell.out)["server"]["entries"] == 10  # the catalogue's


def test_the_same_file_is_not_taken_twice(shell: Shell, file: Path) -> None:
    assert shell(*IMPORT, str(file), *HOSPITAL, "--author", "C. Martin") == ExitCode.DONE
    assert shell(*IMPORT, str(file), *HOSPITAL) == ExitCode.REFUSED
    assert "this file was imported before, by C. Martin at " in shell.err


def test_what_an_agent_signed_is_never_mixed_with_an_import(
    shell: Shell, file: Path, collector_dsn: str
) -> None:
    async def populate() -> None:
        async with open_pool(collector_dsn, size=4) as pool:
            sender = Sender(vantage="poste-importe")
            await measured(pool, sender, (columns("U" * 9, check="dpi-login"),))

    in_own_loop(populate())
    assert shell(*IMPORT, str(file), *HOSPITAL) == ExitCode.REFUSED
    assert "the vantage point poste-importe has an agent here" in shell.err


LINE = '{{"vantage":"a","kind":"{}","check":"{}","start_us":1,"duration_us":0,"outcome":"up"}}\n'


@pytest.mark.parametrize(
    ("spoiled", "complaint"),
    [
        ("", "there is no measurement in it"),
        (
            LINE.format("server", "x"),
            "no service of CH-EXEMPLE has the check x; there are: dpi-hl7, dpi-login, gap-login",
        ),
        (
            LINE.format("workstation", "dpi-login") + LINE.format("server", "dpi-login"),
            "the vantage point a is both workstation and server",
        ),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_whole(
    shell: Shell, tmp_path: Path, spoiled: str, complaint: str
) -> None:
    file = tmp_path / "spoiled.ndjson"
    file.write_text(spoiled)
    assert shell(*IMPORT, str(file), *HOSPITAL) == ExitCode.USAGE
    assert shell.err.endswith(f"constat: {file}: {complaint}; nothing was imported\n")


def test_a_file_that_is_not_there_is_said_so(shell: Shell) -> None:
    assert shell(*IMPORT, "none.ndjson", *HOSPITAL) == ExitCode.USAGE
    assert "cannot read none.ndjson: No such file" in shell.err


def test_a_hospital_nobody_knows_is_not_found(shell: Shell, file: Path) -> None:
    assert shell(*IMPORT, str(file), "--hospital", "X") == ExitCode.NOT_FOUND
