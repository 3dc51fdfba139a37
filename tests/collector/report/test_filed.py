"""What was filed on a window in its report: said in both languages, in every form."""

import csv
import io
from dataclasses import replace

import pytest
from rich.console import Console

from collector.record.documents import Attachment, AttachmentKind, GivenNotice, Means, Reservation
from collector.report.as_csv import report_csv
from collector.report.as_json import report_json
from collector.report.durations import Language
from collector.report.filed_words import filed_words_in
from collector.report.screen import drawing
from collector.report.value import Filed, FiledNotice, Report
from probes.model.canonical import encode
from probes.model.instant import parse_instant
from probes.model.interval import Interval
from tests.collector.report.reports import report_of

AT = parse_instant("2026-11-16T09:00:00+01:00")
CLAIMED = parse_instant("2026-11-02T09:30:00+01:00")
PLAN = Interval(AT, AT + 1)
NAMED, ERASED = "ab" * 32, "cd" * 32
ATTACHMENT = Attachment(
    9, AT, AttachmentKind.MIGRATION_REPORT, "r.pdf", "application/pdf", 18, "ef" * 32, "de nuit"
)
FILED = Filed(
    (ATTACHMENT, replace(ATTACHMENT, kind=AttachmentKind.NOTICE, title="")),
    (Reservation(10, AT, "Un.\nDeux.", (NAMED, ERASED)), Reservation(11, AT, "Trois.")),
    (
        FiledNotice(GivenNotice(12, AT, Means.LETTER, "ef" * 32, PLAN, CLAIMED), None),
        FiledNotice(GivenNotice(13, AT, Means.PHONE, "ef" * 32, PLAN), CLAIMED),
    ),
    {NAMED: "Alix Roy"},
)


def _report() -> Report:
    report = report_of("exactly_four_hours_is_compliant")
    return replace(report, surroundings=replace(report.surroundings, filed=FILED))


def _screen(language: Language) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=200, highlight=False).print(drawing(_report(), language))
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


def test_in_french_reserves_stand_with_the_verdict_word_for_word() -> None:
    drawn = _screen(Language.FRENCH)
    first = drawn.index("Réserves")
    assert drawn[first + 1 : first + 6] == [
        "enregistrée le 16/11/2026 09:00:00 CET, exprimée par Alix Roy, personne cdcdcdcdcdcdcdcd",
        "Un.",
        "Deux.",
        "enregistrée le 16/11/2026 09:00:00 CET",
        "Trois.",
    ]
    assert any(line.startswith("Préavis") for line in drawn[:first])
    assert (
        "Préavis hors outil lettre, enregistré le 16/11/2026 09:00:00 CET : compte à partir de cet"
        " instant · donné le 02/11/2026 09:30:00 CET selon le déclarant, date sans effet · ne vaut"
        " pas préavis, l'opération devant déjà avoir commencé"
    ) in " ".join(drawn)
    assert (
        "téléphone, enregistré le 16/11/2026 09:00:00 CET : compte à partir de cet instant ·"
        " sans effet sur le préavis, la fenêtre ayant été annoncée le 02/11/2026 09:30:00 CET"
    ) in " ".join(drawn)
    assert (
        "Pièce jointe rapport de migration · de nuit · r.pdf · 18 octets"
        " · SHA-256 efefefefefefefef · 16/11/2026 09:00:00 CET" in drawn
    )


def test_the_same_in_english() -> None:
    drawn = _screen(Language.ENGLISH)
    assert "Reservations" in drawn
    assert (
        "registered 2026-11-16 09:00:00 CET, stated by Alix Roy, person cdcdcdcdcdcdcdcd" in drawn
    )
    whole = " ".join(drawn)
    assert (
        "Notice by other means letter, registered 2026-11-16 09:00:00 CET: it counts from then"
        " · said to have been given 2026-11-02 09:30:00 CET, a date without effect"
        " · no notice at all: by its plan the operation had begun"
    ) in whole
    assert "no effect on the notice: the window was announced 2026-11-02 09:30:00 CET" in whole
    assert "Attachment notice · r.pdf · 18 bytes · SHA-256 efefefefefefefef" in whole


def test_the_json_form_can_be_made_again_from_the_log_alone() -> None:
    stated = report_json(_report())
    assert encode(stated)
    plain = {"entry": 9, "at_us": AT, "name": "r.pdf", "media_type": "application/pdf", "size": 18}
    assert stated["attachments"] == [
        {**plain, "kind": "migration-report", "sha256": "ef" * 32, "title": "de nuit"},
        {**plain, "kind": "notice", "sha256": "ef" * 32},
    ]
    assert stated["reservations"] == [
        {"entry": 10, "at_us": AT, "text": "Un.\nDeux.", "by": [NAMED, ERASED]},
        {"entry": 11, "at_us": AT, "text": "Trois.", "by": []},
    ]
    notice = {"at_us": AT, "sha256": "ef" * 32, "start_us": AT, "end_us": AT + 1}
    assert stated["notices_by_other_means"] == [
        {"entry": 12, "means": "letter", **notice, "claimed_us": CLAIMED},
        {"entry": 13, "means": "phone", **notice, "announced_at_us": CLAIMED},
    ]


def test_the_csv_form_counts_them() -> None:
    [row] = csv.DictReader(io.StringIO(report_csv([_report()])))
    told = ("attachments", "reservations", "notices_by_other_means")
    assert [row[column] for column in told] == ["2", "2", "2"]


@pytest.mark.parametrize("language", Language)
def test_every_word_is_there_in_both_languages(language: Language) -> None:
    words = filed_words_in(language)
    assert set(words.kind) == set(AttachmentKind)
    assert set(words.means) == set(Means)
