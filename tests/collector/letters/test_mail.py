"""An e-mail of a notice says the same in each of its forms, and is read back whole."""

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from collector.letters.mail import alarm_mail, notice_mail
from collector.letters.notice_letter import NoticeLetter, Wording
from collector.letters.outage_letter import OutageWording
from collector.report.durations import Language
from tests.collector.letters.letters import ANNOUNCED, CANCELLED, ENVELOPE, MOVED, OUTAGE


def received(letter: NoticeLetter, language: Language = Language.FRENCH) -> EmailMessage:
    """Return the mail as a mailbox reads it from the wire."""
    sent = notice_mail(Wording(letter, language), ENVELOPE).as_bytes(policy=policy.SMTP)
    read = message_from_bytes(sent, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def form(mail: EmailMessage, kind: str) -> str:
    [part] = [part for part in mail.walk() if part.get_content_type() == kind]
    content: str | bytes = part.get_content()
    return content if isinstance(content, str) else content.decode()


class _Shown(HTMLParser):
    """The text of a page, and the addresses that it would load or lead to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_headers_survive_the_wire() -> None:
    mail = received(ANNOUNCED)

    assert mail["To"].addresses[0].display_name == "Hélène Martin"
    assert mail["To"].addresses[0].addr_spec == "dsi@ch-exemple.example"
    assert mail["Message-ID"] == ENVELOPE.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.isoformat() == "2026-11-08T18:58:00+00:00"
    assert mail["Subject"] == (
        "[MAJ-2026-0142] Mise à jour de Dossier patient : samedi 14 novembre 2026 à 22 h 00 (CET)"
    )


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("letter", [ANNOUNCED, MOVED, CANCELLED], ids=lambda each: each.occasion)
def test_text_and_html_hold_every_fact(letter: NoticeLetter, language: Language) -> None:
    mail, wording = received(letter, language), Wording(letter, language)
    shown = _Shown(form(mail, "text/html")).text

    for name, value in wording.rows():
        assert f"{name:24}{value}" in form(mail, "text/plain").splitlines()
        assert name in shown
        assert value in shown


def test_the_forms_are_ordered_from_plain_to_calendar_and_the_invitation_is_a_file_too() -> None:
    kinds = [part.get_content_type() for part in received(ANNOUNCED).walk()]

    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]


@pytest.mark.parametrize(("letter", "method"), [(MOVED, "REQUEST"), (CANCELLED, "CANCEL")])
def test_the_type_of_the_invitation_names_its_method(letter: NoticeLetter, method: str) -> None:
    [part] = [p for p in received(letter).walk() if p.get_content_type() == "text/calendar"]

    assert part["Content-Type"].params["method"] == method
    assert f"METHOD:{method}\r\n" in form(received(letter), "text/calendar")


def test_a_moved_plan_is_told_beside_the_one_before() -> None:
    text = form(received(MOVED, Language.ENGLISH), "text/plain")

    assert "Start                   Sunday 15 November 2026 at 22:00 (CET)" in text
    assert (
        "Planned before          from Saturday 14 November 2026 at 22:00 (CET)"
        " to Sunday 15 November 2026 at 02:00 (CET)" in text
    )


def test_nothing_that_was_typed_becomes_markup_and_nothing_is_loaded() -> None:
    hostile = replace(ANNOUNCED, product="<img src=https://evil.example/x>", remarks=("a < b",))
    page = _Shown(form(received(hostile), "text/html"))

    assert "img" not in page.tags
    assert "a < b" in page.text
    assert page.links == ["https://constat.example/ack/abc"]


def test_a_line_break_in_a_name_adds_no_header() -> None:
    hostile = replace(ANNOUNCED, product="DPI\r\nBcc: x@evil.example")

    with pytest.raises(ValueError, match="linefeed"):
        received(hostile)


@pytest.mark.parametrize(
    ("language", "said"),
    [(Language.FRENCH, "n'en donne pas le préavis"), (Language.ENGLISH, "gives no notice of it")],
)
def test_a_plan_that_had_begun_is_not_said_to_be_announced_in_time(
    language: Language, said: str
) -> None:
    late = replace(ANNOUNCED, sealed_at_us=ANNOUNCED.plan.start)
    assert said in form(received(late, language), "text/plain")
    in_time = replace(ANNOUNCED, sealed_at_us=ANNOUNCED.plan.start - 1)
    assert said not in form(received(in_time, language), "text/plain")


def test_a_link_is_named_with_the_colon_of_its_language() -> None:
    french, english = (form(received(ANNOUNCED, each), "text/plain") for each in Language)
    assert "Accuser réception : https://" in french
    assert "Acknowledge: https://" in english


@pytest.mark.parametrize("language", Language)
def test_a_long_name_of_a_fact_does_not_touch_it(language: Language) -> None:
    wording = OutageWording(OUTAGE, language)
    lines = form(alarm_mail(wording, ENVELOPE), "text/plain").splitlines()
    rows = list(wording.rows())
    room = max(24, *(len(name) + 1 for name, _ in rows))
    assert [f"{name:{room}}{value}" for name, value in rows] == lines[2 : 2 + len(rows)]
