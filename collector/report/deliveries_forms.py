"""Deliveries as JSON and as rows of CSV."""

from typing import Final

from collector.judge.deliveries import MOST_INTERMEDIATE, MOST_MAJOR, Counted
from collector.report.deliveries import DeliveriesReport
from probes.model.canonical import JsonValue
from probes.model.instant import format_instant

SCHEMA: Final = "constat.deliveries/1"


def deliveries_json(report: DeliveriesReport) -> dict[str, JsonValue]:
    """Return the object of a report; a key without a value is left out."""
    found, continuous = report.found, report.continuous
    stated: dict[str, JsonValue] = {
        "schema": SCHEMA,
        "hospital": report.hospital,
        "product": report.product,
        "product_name": report.product_name,
        "year": report.year,
        "timezone": report.zone.key,
        "majors": {"counted": found.majors, "limit": MOST_MAJOR},
        "intermediates": {"counted": found.intermediates, "limit": MOST_INTERMEDIATE},
        "unclassed": found.unclassed,
        "verdict": found.verdict.value,
        "pilot": {
            "verdict": found.pilot_verdict.value,
            "windows": [delivery.window for delivery in found.pilots],
        },
        "deliveries": [_delivery(each) for each in found.counted],
    }
    if continuous is not None:
        agreed: dict[str, JsonValue] = {
            "client_activates": continuous.client_activates,
            "exempt": continuous.is_exempt,
        }
        if continuous.periodicity is not None:
            agreed["periodicity"] = continuous.periodicity.value
        stated["continuous"] = agreed
    return stated


DELIVERIES_COLUMNS: Final = (
    "hospital", "product", "year", "window", "service", "delivered_at", "version_from",
    "version_to", "kind", "counting", "exclusion", "pilot", "operation",
)  # fmt: skip


def deliveries_rows(report: DeliveriesReport) -> list[dict[str, str | int]]:
    """Return a row for each window; what has no value is an empty cell."""
    return [_row(report, each) for each in report.found.counted]


def _row(report: DeliveriesReport, each: Counted) -> dict[str, str | int]:
    delivery = each.delivery
    at_us = delivery.delivered_at_us
    return {
        "hospital": report.hospital,
        "product": report.product,
        "year": report.year,
        "window": delivery.window,
        "service": delivery.service,
        "delivered_at": "" if at_us is None else format_instant(at_us, report.zone),
        "version_from": delivery.version_from or "",
        "version_to": delivery.version_to or "",
        "kind": delivery.kind.value if delivery.kind else "",
        "counting": each.counting.value,
        "exclusion": delivery.exclusion.value if delivery.exclusion else "",
        "pilot": int(delivery.pilot),
        "operation": delivery.operation or "",
    }


def _delivery(each: Counted) -> dict[str, JsonValue]:
    delivery = each.delivery
    stated: dict[str, JsonValue] = {
        "window": delivery.window,
        "service": delivery.service,
        "counting": each.counting.value,
        "pilot": delivery.pilot,
    }
    if delivery.delivered_at_us is not None:
        stated["delivered_at_us"] = delivery.delivered_at_us
    said = {
        "version_from": delivery.version_from,
        "version_to": delivery.version_to,
        "kind": delivery.kind and delivery.kind.value,
        "exclusion": delivery.exclusion and delivery.exclusion.value,
        "operation": delivery.operation,
    }
    return {**stated, **{name: value for name, value in said.items() if value}}
