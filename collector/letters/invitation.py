"""A window as an event of iCalendar (RFC 5545), sent as iTIP does (RFC 5546).

Every letter on a window speaks of one event: the same UID, a SEQUENCE that rises, REQUEST for a
plan and CANCEL for its end, so that the recipient's calendar moves what it has and doubles nothing.
Times are UTC, which no calendar has to guess.
"""

from collections.abc import Iterable
from datetime import UTC
from typing import Final

from icalendar import Calendar, Event, vCalAddress, vText

from collector.letters.notice_letter import Wording
from collector.letters.occasion import Occasion
from probes.model.instant import to_datetime
from probes.model.release import RELEASE

_PRODUCT: Final = f"-//Constat//Constat {RELEASE}//FR"


def event_uid(hospital: str, window: str) -> str:
    """Return what identifies a window in every calendar, for good (RFC 7986, section 5.3)."""
    return f"{window}.{hospital}@constat"


def invitation(wording: Wording, sender: str, recipient: str) -> bytes:
    """Return the calendar object of one letter to one recipient."""
    event = _event(wording)
    event.organizer = vCalAddress(f"mailto:{sender}")
    attendee = vCalAddress(f"mailto:{recipient}")
    attendee.params["RSVP"] = vText("FALSE")
    event.attendees = [attendee]
    cancelled = wording.letter.occasion is Occasion.CANCELLED
    return _calendar("CANCEL" if cancelled else "REQUEST", [event])


def feed(wordings: Iterable[Wording]) -> bytes:
    """Return the calendar an agenda subscribes to: the last letter on each window."""
    return _calendar("PUBLISH", [_event(wording) for wording in wordings])


def _event(wording: Wording) -> Event:
    letter = wording.letter
    event = Event()
    event.uid = event_uid(letter.hospital, letter.window)
    event.sequence = letter.sequence
    event.DTSTAMP = to_datetime(letter.sealed_at_us, UTC).replace(microsecond=0)
    event.start = to_datetime(letter.plan.start, UTC)
    event.end = to_datetime(letter.plan.end, UTC)
    event.add("summary", wording.subject)
    event.add("description", "\n".join(wording.lines()))
    event.add("location", f"{letter.hospital_name}, {letter.site}")
    cancelled = letter.occasion is Occasion.CANCELLED
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    return event


def _calendar(method: str, events: Iterable[Event]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for event in events:
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
