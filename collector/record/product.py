"""What is operated on and by whom, as it is written in the catalogue: products, hours, contacts."""

from enum import StrEnum
from typing import Annotated

import msgspec

from collector.configuration import HoursRange, Name
from collector.judge.operation import Instance
from collector.judge.terms import Periodicity
from collector.judge.weekly import Week, parse_hours

Ranges = tuple[HoursRange, ...]


class WeeklyHours(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Hours that come back every week, on the site's clocks; a day left out has none."""

    monday: Ranges = ()
    tuesday: Ranges = ()
    wednesday: Ranges = ()
    thursday: Ranges = ()
    friday: Ranges = ()
    saturday: Ranges = ()
    sunday: Ranges = ()
    holidays: Annotated[
        Ranges | None,
        msgspec.Meta(description="On holidays, in place of the hours of the weekday; [] for none."),
    ] = None

    @property
    def week(self) -> Week:
        """The same in the terms of the judge."""
        *days, holidays = (
            None if ranges is None else tuple(parse_hours(text) for text in ranges)
            for ranges in msgspec.structs.astuple(self)
        )
        return Week(tuple(day or () for day in days), holidays)


class ContinuousDevelopment(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What exempts a product in continuous development from the limit on versions (§4.1.7)."""

    periodicity: Annotated[
        Periodicity | None, msgspec.Meta(description="Of deliveries, as agreed beforehand.")
    ] = None
    client_activates: Annotated[
        bool, msgspec.Meta(description="Whether the client decides when functions are activated.")
    ] = False


class Product(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A piece of software a vendor delivers."""

    name: str
    vendor: str = ""
    hot_update: Annotated[
        bool | None, msgspec.Meta(description="Whether it can be updated without interruption.")
    ] = None
    instance: Annotated[
        Instance | None,
        msgspec.Meta(description="Whose instance: decides what must precede a hot correction."),
    ] = None
    continuous: ContinuousDevelopment | None = None
    pilot_sites: Annotated[
        bool | None, msgspec.Meta(description="Whether versions are tried at a pilot site first.")
    ] = None
    slots: Annotated[
        WeeklyHours | None, msgspec.Meta(description="When the vendor says it intervenes.")
    ] = None


class Group(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A group of hospitals, such as a GHT."""

    name: str


class ContactLanguage(StrEnum):
    """The language somebody is written to in."""

    FRENCH = "fr"
    ENGLISH = "en"


class ContactEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Somebody to tell, as written. Name and address are kept apart from the log, and erasable."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    email: Annotated[
        str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$", description="Address notices go to.")
    ]
    role: Annotated[
        Name | None,
        msgspec.Meta(description="dsi, rssi, referent, astreinte; the contact's key if left out."),
    ] = None
    language: ContactLanguage = ContactLanguage.FRENCH


class Contact(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Somebody to tell, as sealed: `person` is the commitment that stands for name and address."""

    role: str
    language: ContactLanguage
    person: str
