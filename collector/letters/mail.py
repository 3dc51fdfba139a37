"""A letter as an e-mail: plain text, HTML and, for a notice, the invitation a calendar takes in.

The forms stand in one multipart/alternative, the richest last (RFC 2046, section 5.1.4), with the
invitation once more as a file for mailboxes that only offer attachments. Automatic answers are
asked not to answer back (RFC 3834).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from collector.letters.invitation import invitation
from collector.letters.notice_letter import Wording
from collector.letters.occasion import Occasion
from collector.letters.outage_letter import OutageWording
from collector.letters.silence_letter import SilenceWording
from collector.report.durations import Language
from probes.model.instant import to_datetime

_ROOM: Final = 24
_COLOURS: Final = {
    Occasion.ANNOUNCED: "#1f5fa8",
    Occasion.RESCHEDULED: "#a8621f",
    Occasion.CANCELLED: "#6b7580",
    Occasion.OUTAGE: "#b3261e",
    Occasion.RETURN: "#2e7d32",
    Occasion.SILENCE: "#a8621f",
    Occasion.HEARD: "#2e7d32",
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom, under which Message-ID, at which instant (microseconds UTC)."""

    sender: str
    recipient: str
    recipient_name: str
    message_id: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Text:
    """What any letter says, before it takes a form."""

    language: Language
    subject: str
    opening: str
    rows: tuple[tuple[str, str], ...]
    closing: str
    colour: str
    link: str = ""
    link_name: str = ""


def notice_mail(wording: Wording, envelope: Envelope) -> EmailMessage:
    """Return the e-mail of a notice, with its invitation."""
    letter = wording.letter
    text = Text(
        language=wording.language,
        subject=wording.subject,
        opening=wording.opening,
        rows=tuple(wording.rows()),
        closing=wording.closing,
        colour=_COLOURS[letter.occasion],
        link=letter.acknowledge_url,
        link_name=wording.acknowledge,
    )
    message = _text_mail(text, envelope)
    calendar = invitation(wording, envelope.sender, envelope.recipient)
    method = "CANCEL" if letter.occasion is Occasion.CANCELLED else "REQUEST"
    # RFC 6047, section 2.4: method and charset stand in the type too.
    message.add_alternative(
        calendar, "text", "calendar", params={"method": method, "charset": "utf-8"}
    )
    message.add_attachment(calendar, "application", "ics", filename=f"{letter.window}.ics")
    return message


def alarm_mail(wording: OutageWording | SilenceWording, envelope: Envelope) -> EmailMessage:
    """Return the e-mail of an outage, of a silence, or of the end of either."""
    text = Text(
        language=wording.language,
        subject=wording.subject,
        opening=wording.opening,
        rows=tuple(wording.rows()),
        closing=wording.closing,
        colour=_COLOURS[wording.occasion],
    )
    message = _text_mail(text, envelope)
    message["Importance"] = "high" if wording.occasion is Occasion.OUTAGE else "normal"
    return message


def _text_mail(text: Text, envelope: Envelope) -> EmailMessage:
    """Return the e-mail of a letter in its two readable forms."""
    message = EmailMessage()
    message["From"] = envelope.sender
    message["To"] = Address(envelope.recipient_name, addr_spec=envelope.recipient)
    message["Subject"] = text.subject
    message["Date"] = format_datetime(to_datetime(envelope.at_us, UTC))
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    spoken = [f"Content-Language: {text.language.value}"]
    message.set_content(plain_text(text), headers=spoken)
    message.add_alternative(html_text(text), subtype="html", headers=spoken)
    return message


def plain_text(text: Text) -> str:
    """Return the plain form: a line for each fact."""
    lines = [text.opening, "", *_lines(text.rows)]
    if text.link:
        colon = " :" if text.language is Language.FRENCH else ":"
        lines += ["", f"{text.link_name}{colon} {text.link}"]
    return "\n".join([*lines, "", text.closing, ""])


def html_text(text: Text) -> str:
    """Return the HTML form; every fact is escaped, nothing is loaded from anywhere."""
    return _template().render(
        language=text.language.value,
        subject=text.subject,
        opening=text.opening,
        rows=text.rows,
        closing=text.closing,
        colour=text.colour,
        link=text.link,
        link_name=text.link_name,
    )


def _lines(rows: Iterable[tuple[str, str]]) -> list[str]:
    facts = list(rows)
    room = max([_ROOM, *(len(name) + 1 for name, _ in facts)])
    return [f"{name:{room}}{value}" for name, value in facts]


@cache
def _template() -> Template:
    folder = Path(__file__).with_name("templates")
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("letter.html")
