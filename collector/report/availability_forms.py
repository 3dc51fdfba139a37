"""Availability as JSON and as rows of CSV: the same integers, in microseconds and millionths.

Millionths are rounded down, the upper bound up; a rate that nobody could see is left out.
"""

from typing import Final

from collector.judge.availability import Availability, Rate
from collector.judge.outage import Outage
from collector.report.availability import AvailabilityReport, MeasuredPeriod
from collector.report.rates import Rounding, rate_ppm
from probes.model.canonical import JsonValue
from probes.model.instant import format_instant

SCHEMA: Final = "constat.availability/1"
METHOD: Final = (
    "observed = up / (up + proven down); lower = up / total; upper = 1 - proven down / total;"
    " coverage = (up + proven down) / total; net leaves out the plans of windows whose notice was"
    " respected (rules, section 10)"
)


def availability_json(report: AvailabilityReport) -> dict[str, JsonValue]:
    """Return the object of a report; a key without a value is left out."""
    guarantee = report.guarantee
    stated: dict[str, JsonValue] = {
        "schema": SCHEMA,
        "hospital": report.hospital,
        "site": report.site,
        "timezone": report.zone.key,
        "service": report.service,
        "service_class": report.service_class.value,
        "product": report.product,
        "method": METHOD,
        "service_hours": "agreed" if guarantee.has_hours else "all",
        "known_until_us": report.known_until_us,
        "panel": list(report.panel),
        "periods": [_period(measured) for measured in report.measured],
    }
    if guarantee.level_ppm is not None:
        stated["guaranteed_ppm"] = guarantee.level_ppm
    if guarantee.periodicity is not None:
        stated["guaranteed_period"] = guarantee.periodicity.value
    if guarantee.penalties is not None:
        stated["penalties"] = guarantee.penalties
    return stated


AVAILABILITY_COLUMNS: Final = (
    "hospital", "site", "service", "period", "start", "end", "is_over",
    *(f"{kind}_{figure}" for kind in ("gross", "net") for figure in (
        "total_us", "up_us", "down_us", "observed_ppm", "lower_ppm", "upper_ppm", "coverage_ppm",
    )),
    "left_out", "unannounced", "guaranteed_ppm",
)  # fmt: skip


def availability_rows(report: AvailabilityReport) -> list[dict[str, str | int]]:
    """Return a row for each period; what has no value is an empty cell."""
    return [_row(report, measured) for measured in report.measured]


def _row(report: AvailabilityReport, measured: MeasuredPeriod) -> dict[str, str | int]:
    period, found = measured.period, measured.found
    level = report.guarantee.level_ppm
    row: dict[str, str | int] = {
        "hospital": report.hospital,
        "site": report.site,
        "service": report.service,
        "period": period.name,
        "start": format_instant(period.interval.start, report.zone),
        "end": format_instant(period.interval.end, report.zone),
        "is_over": int(measured.is_over),
        "guaranteed_ppm": "" if level is None else level,
    }
    if found is not None:
        for kind, rate in (("gross", found.gross), ("net", found.net)):
            row |= {f"{kind}_{name}": figure for name, figure in _rate(rate).items()}
        row["left_out"] = " ".join(found.left_out)
        row["unannounced"] = len(found.unannounced)
    return row


def _period(measured: MeasuredPeriod) -> dict[str, JsonValue]:
    interval = measured.period.interval
    return {
        "name": measured.period.name,
        "start_us": interval.start,
        "end_us": interval.end,
        "is_over": measured.is_over,
        **({} if measured.found is None else _found(measured.found)),
    }


def _found(found: Availability) -> dict[str, JsonValue]:
    return {
        "gross": dict(_rate(found.gross)),
        "net": dict(_rate(found.net)),
        "left_out": list(found.left_out),
        "unannounced": [_outage(outage) for outage in found.unannounced],
    }


def _rate(rate: Rate) -> dict[str, int]:
    figures = {
        "observed_ppm": (rate.observed, Rounding.DOWN),
        "lower_ppm": (rate.lower, Rounding.DOWN),
        "upper_ppm": (rate.upper, Rounding.UP),
        "coverage_ppm": (rate.coverage, Rounding.DOWN),
    }
    return {
        **rate._asdict(),
        **{
            name: rate_ppm(value, rounding)
            for name, (value, rounding) in figures.items()
            if value is not None
        },
    }


def _outage(outage: Outage) -> dict[str, JsonValue]:
    return {
        "start_us": outage.span.start,
        "end_us": outage.span.end,
        "proven_us": sum(piece.length for piece in outage.proven),
        "truncated": outage.truncated,
    }
