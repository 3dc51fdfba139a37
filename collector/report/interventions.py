"""Interventions of persons on the clocks of their site, and those of a civil month.

One that lasts over the end of a month is in both months, with how long it lasted in each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from collector.judge.periods import civil_periods
from collector.judge.terms import Periodicity
from collector.record.interventions import NamedIntervention
from probes.model.canonical import JsonValue
from probes.model.interval import Interval


class Identity(NamedTuple):
    """Who somebody is, as far as it is kept."""

    name: str
    company: str


@dataclass(frozen=True, slots=True)
class Attended:
    """An intervention with whoever it was; `identity` is None once that was erased."""

    hospital: str
    intervention: NamedIntervention
    zone: ZoneInfo
    identity: Identity | None


def identity_json(identity: Identity | None) -> dict[str, JsonValue]:
    """Return who somebody is: name and company, or that they were erased."""
    if identity is None:
        return {"erased": True}
    stated: dict[str, JsonValue] = {"name": identity.name}
    return {**stated, "company": identity.company} if identity.company else stated


class Share(NamedTuple):
    """How long an intervention lasted in a month; None while neither of them is over."""

    attended: Attended
    length_us: int | None


@dataclass(frozen=True, slots=True)
class Sending:
    """That a month was sent: when, how many rows, the digest of the CSV, to whom unless erased."""

    at_us: int
    rows: int
    sha256: str
    recipient: str | None


@dataclass(frozen=True, slots=True)
class MonthOfInterventions:
    """The interventions of a hospital in a civil month, in order of start.

    `zone` is that of the hospital's first site; each share has the clocks of its own.
    """

    hospital: str
    hospital_name: str
    month: str
    zone: ZoneInfo
    is_over: bool
    shares: tuple[Share, ...]
    sendings: tuple[Sending, ...] = ()


def month_on(month: date, zone: ZoneInfo) -> Interval:
    """Return the civil month that holds a day, on a zone's clocks."""
    [period] = civil_periods(Periodicity.MONTH, month, month, zone)
    return period.interval


def shares_of(attended: Iterable[Attended], month: date, now_us: int) -> list[Share]:
    """Return what falls into the civil month that holds a day, each on the clocks of its site.

    Of a month that is over, nothing depends on when it is asked for.
    """
    shares = (_share(each, month_on(month, each.zone), now_us) for each in attended)
    return [share for share in shares if share is not None]


def _share(attended: Attended, month: Interval, now_us: int) -> Share | None:
    start_us, end_us = attended.intervention.start_us, attended.intervention.end_us
    if start_us >= month.end or (end_us is not None and end_us <= month.start):
        return None
    if end_us is None and now_us < month.end:
        return Share(attended, None)
    until_us = month.end if end_us is None else min(end_us, month.end)
    return Share(attended, until_us - max(start_us, month.start))
