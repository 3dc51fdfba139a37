"""A calendar reads the letters on a window as one event."""

import datetime as dt
from dataclasses import replace

import pytest
from icalendar import Calendar, Event

from collector.letters.invitation import feed, invitation
from collector.letters.notice_letter import NoticeLetter, Wording
from collector.report.durations import Language
from tests.collector.letters.letters import ANNOUNCED, CANCELLED, MOVED


def calendar_of(letter: NoticeLetter, language: Language = Language.FRENCH) -> Calendar:
    written = invitation(Wording(letter, language), "us@editeur.example", "dsi@ch.example")
    return Calendar.from_ical(written)


def event_in(calendar: Calendar) -> Event:
    [event] = calendar.events
    return event


def test_the_three_letters_are_one_event_moved_and_cancelled() -> None:
    calendars = [calendar_of(letter) for letter in (ANNOUNCED, MOVED, CANCELLED)]
    events = [event_in(calendar) for calendar in calendars]

    assert [str(calendar["method"]) for calendar in calendars] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {event.uid for event in events} == {"MAJ-2026-0142.CH-EXEMPLE@constat"}
    assert [event.sequence for event in events] == [0, 1, 2]
    assert [str(event["status"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    # 22:00 CET is 21:00 UTC; moved by a day.
    starts = [dt.datetime(2026, 11, day, 21, tzinfo=dt.UTC) for day in (14, 15, 15)]
    assert [event.start for event in events] == starts


def test_the_recipient_is_invited_by_the_sender_and_need_not_answer() -> None:
    event = event_in(calendar_of(ANNOUNCED))

    assert event["organizer"] == "mailto:us@editeur.example"
    assert event["attendee"] == "mailto:dsi@ch.example"
    assert event["attendee"].params["RSVP"] == "FALSE"


def test_the_same_window_of_two_hospitals_is_two_events() -> None:
    other = event_in(calendar_of(replace(ANNOUNCED, hospital="CH-AUTRE")))

    assert other.uid != event_in(calendar_of(ANNOUNCED)).uid


@pytest.mark.parametrize(
    ("language", "line"),
    [(Language.FRENCH, "Versions : 1.8.4 → 2.0.0"), (Language.ENGLISH, "Versions: 1.8.4 → 2.0.0")],
)
def test_the_event_says_the_facts_in_its_language(language: Language, line: str) -> None:
    assert line in str(event_in(calendar_of(ANNOUNCED, language))["description"]).split("\n")


def test_a_feed_is_published_and_holds_a_cancelled_window_as_such() -> None:
    wordings = [Wording(letter, Language.FRENCH) for letter in (ANNOUNCED, CANCELLED)]
    calendar = Calendar.from_ical(feed(wordings))

    assert str(calendar["method"]) == "PUBLISH"
    assert [str(event["status"]) for event in calendar.events] == ["CONFIRMED", "CANCELLED"]
