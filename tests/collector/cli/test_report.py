"""`constat report`, on a real database with a real outage in it."""

import csv
import io
import json
from pathlib import Path

import pytest

from collector.cli import report_availability
from collector.errors import ExitCode
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.sealing import Sealer
from collector.settings import read_key
from collector.store.pool import open_pool
from probes.model.instant import parse_instant
from tests.collector.cli.conftest import CATALOGUE, Shell
from tests.collector.conftest import Clock
from tests.collector.report.test_as_pdf import faults, read, text_of
from tests.collector.store.agents import Sender, columns
from tests.collector.test_assess import measured
from tests.postgres import in_own_loop

NOW = "2026-11-16T10:00:00+01:00"


@pytest.fixture
def report(
    bare_shell: Shell,
    collector_dsn: str,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Shell:
    """A shell on a hospital that lost its service for 20 minutes of 9 November 2026."""
    monkeypatch.setattr(report_availability, "now_us", lambda: parse_instant(NOW))

    async def populate() -> None:
        async with open_pool(collector_dsn, size=4) as pool:
            sealer = Sealer(read_key(tmp_path / "log.key"), clock)
            await apply(pool, sealer, read_catalogue(CATALOGUE), "me")
            up = columns("U" * 360, check="dpi-login")
            down = columns("D" * 120, first_s=3_600, check="dpi-login")
            back = columns("U" * 600, first_s=4_800, check="dpi-login")
            await measured(pool, Sender(vantage="accueil-03"), (up,), (down,), (back,))

    in_own_loop(populate())
    return bare_shell


def availability(shell: Shell, *options: str) -> list[dict[str, str]]:
    """Run the command for CSV and return its rows."""
    command = ("report", "availability", "--hospital", "CH-EXEMPLE", "--service", "dpi")
    assert shell(*command, *options, "-o", "csv") == ExitCode.DONE
    return list(csv.DictReader(io.StringIO(shell.out)))


def test_months_of_this_year_are_what_is_printed_when_nothing_is_said(report: Shell) -> None:
    rows = availability(report)
    assert [row["period"] for row in rows] == [f"2026-{month:02d}" for month in range(1, 12)]
    october, november = rows[-2:]
    assert october["gross_observed_ppm"] == ""
    # Up 1 h and 1 h 40, down 20 min, each less a probe and clock errors: 160 of 180 min.
    assert 888_000 < int(november["gross_observed_ppm"]) < 890_000
    assert (november["is_over"], november["unannounced"]) == ("0", "1")


def test_the_days_on_which_the_clocks_change_have_25_and_23_hours(report: Shell) -> None:
    def hours(day: str) -> int:
        [row] = availability(report, "--period", "day", "--from", day, "--to", day)
        return int(row["gross_total_us"]) // 3_600_000_000

    assert hours("2026-10-25") == 25
    assert hours("2026-03-29") == 23
    assert hours("2026-10-24") == 24


def test_a_rolling_period_ends_when_it_is_told_to(report: Shell) -> None:
    [row] = availability(report, "--rolling", "P7D", "--ending", "2026-11-15T00:00")
    assert row["start"] == "2026-11-08T00:00:00+01:00"
    assert row["is_over"] == "1"
    [now] = availability(report, "--rolling", "P30D")
    assert now["end"] == NOW


def test_the_text_says_what_it_is_in_both_languages(report: Shell) -> None:
    command = ("report", "availability", "--hospital", "CH-EXEMPLE", "--period", "quarter")
    assert report(*command) == ExitCode.DONE
    assert "taux de disponibilité au sens de HOP'EN P2.2, méthode indiquée" in report.out
    assert "2026-T4 (en cours)" in report.out
    assert "Indisponibilités non annoncées : 1" in report.out
    assert report(*command, "--lang", "en") == ExitCode.DONE
    assert "Guaranteed level    99.900 % a month" in report.out
    assert "Penalties           no" in report.out
    assert report.out.count("Indicator") == 2


def test_json_is_a_list_with_the_exact_figures(report: Shell) -> None:
    assert report("report", "availability", "--service", "dpi", "-o", "json") == ExitCode.DONE
    [stated] = json.loads(report.out)
    assert stated["schema"] == "constat.availability/1"
    [outage] = stated["periods"][-1]["unannounced"]
    assert outage["proven_us"] <= outage["end_us"] - outage["start_us"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--rolling", "P1M"), "--rolling: 'P1M' is not an ISO 8601 duration"),
        (("--rolling", "P7D", "--period", "month"), "--rolling is one period"),
        (("--rolling", "P7D", "--ending", "2026-11-17T00:00"), "is still to come"),
        (("--ending", "2026-11-15T00:00"), "--ending is for --rolling"),
        (("--from", "14/11/2026"), "--from: '14/11/2026' is no date"),
        (("--from", "2026-11-20"), "--from: 2026-11-20 is after 2026-11-16"),
        (("--from", "2012-01-01"), "more than ten years"),
        (("--from", "2026-11-20", "--to", "2027-01-01"), ""),
    ],
)
def test_what_makes_no_period_is_told_in_one_line(
    report: Shell, options: tuple[str, ...], complaint: str
) -> None:
    code = report("report", "availability", *options)
    assert code == (ExitCode.USAGE if complaint else ExitCode.DONE)
    assert complaint in report.err


def test_a_service_nobody_has_is_not_found(report: Shell) -> None:
    assert report("report", "availability", "--service", "dip") == ExitCode.NOT_FOUND
    assert "no hospital has a service 'dip'" in report.err


def test_deliveries_are_printed_in_every_form(shell: Shell) -> None:
    announced = ("--start", "2026-11-28T22:00", "--for", "PT1H", "--version-to", "9.0")
    command = ("window", "announce", "--hospital", "CH-EXEMPLE", "--service", "dpi")
    assert shell(*command, *announced, "--version-kind", "major") == ExitCode.DONE
    asked = ("report", "deliveries", "--year", "2026", "--product", "dossier-patient")
    assert shell(*asked) == ExitCode.DONE
    assert "Limite annuelle (§4.1.7)  respectée" in shell.out
    assert "non comptée : non livrée" in shell.out
    assert shell(*asked, "-o", "csv") == ExitCode.DONE
    [row] = csv.DictReader(io.StringIO(shell.out))
    assert (row["kind"], row["counting"]) == ("major", "not_delivered")
    assert shell(*asked, "-o", "json") == ExitCode.DONE
    [stated] = json.loads(shell.out)
    assert stated["schema"] == "constat.deliveries/1"


def test_a_product_nobody_has_is_not_found(shell: Shell) -> None:
    assert shell("report", "deliveries", "--product", "x") == ExitCode.NOT_FOUND
    assert "there is no product 'x'" in shell.err


def test_availability_is_written_as_a_document_for_one_service(report: Shell) -> None:
    command = ("report", "availability", "--hospital", "CH-EXEMPLE", "--pdf", "taux.pdf")
    assert report(*command, "--service", "dpi") == ExitCode.DONE
    pdf = Path("taux.pdf").read_bytes()
    assert list(faults(pdf)) == []
    said = text_of(pdf)
    for part in ("Taux de disponibilité", "2026-11 (en cours)", "Niveau garanti", "Méthode"):
        assert part in said
    [figures] = read(pdf).attachments["availability.json"]
    assert json.loads(figures)["schema"] == "constat.availability/1"
    assert report(*command) == ExitCode.USAGE
    assert "--pdf is about one service, and there are 2" in report.err
