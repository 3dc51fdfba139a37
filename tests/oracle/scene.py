"""A small time axis for worked examples: seconds after the start of a window of 100 seconds."""

import datetime as dt

from tests.oracle.brute_force import Json, assess
from tests.oracle.reading import EPOCH, SECOND_US, instant

START_US = instant("2026-11-14T22:00:00+01:00")
OUTCOMES = {"U": "up", "G": "degraded", "D": "down", "?": "unknown"}


def at(seconds: float) -> str:
    return rfc3339(START_US + round(seconds * SECOND_US))


def rfc3339(instant_us: int) -> str:
    return (EPOCH + dt.timedelta(microseconds=instant_us)).isoformat()


def window(contract: Json | None = None, **changes: object) -> Json:
    """A closed standard window of 100 s, probed every 10 s, whose gaps are never bridged."""
    terms = {
        "max_downtime": {"strategic": "PT4H", "standard": "PT50S"},
        "return_hold": "PT0S",
        "notice": {"amount": 3, "unit": "calendar_days"},
        "holidays": [],
    }
    return {
        "id": "W",
        "service": "dpi",
        "site": "CH-EXEMPLE",
        "timezone": "Europe/Paris",
        "service_class": "standard",
        "status": "closed",
        "plan": {"start": at(0), "end": at(100)},
        "revisions": [],
        "checks": {"login": {"interval": "PT10S", "max_gap": "PT30S"}},
        "contract": terms | (contract or {}),
    } | changes


def probes(  # noqa: PLR0913 - a measurement has that many columns
    outcomes: str,
    *,
    first: float = 0,
    every: float = 10,
    duration: float = 0,
    error: float = 0,
    vantage: str = "a",
    check: str = "login",
    kind: str = "workstation",
) -> list[Json]:
    """One measurement a letter (U up, G degraded, D down, ? unknown); a dot is a missing one."""
    return [
        {
            "vantage": vantage,
            "kind": kind,
            "check": check,
            "start_us": START_US + round((first + index * every) * SECOND_US),
            "duration_us": round(duration * SECOND_US),
            "outcome": OUTCOMES[letter],
            "clock_error_us": round(error * SECOND_US),
        }
        for index, letter in enumerate(outcomes)
        if letter != "."
    ]


def seconds(pieces: list[Json]) -> list[tuple[float, float]]:
    return [
        ((piece["start_us"] - START_US) / SECOND_US, (piece["end_us"] - START_US) / SECOND_US)
        for piece in pieces
    ]


def outages(assessment: Json) -> list[tuple[float, float]]:
    return seconds(assessment["outages"])


def proven(assessment: Json) -> list[tuple[float, float]]:
    return seconds([piece for outage in assessment["outages"] for piece in outage["proven"]])


def downs(
    measurements: list[Json], contract: Json | None = None, **terms: object
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """The outages, then their proven pieces, of the window of 100 s."""
    assessment = assess(window(contract, **terms), measurements)
    return outages(assessment), proven(assessment)
