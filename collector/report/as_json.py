"""A report as one JSON object: `constat.assessment/1`, with more fields."""

from collector.report.filed_json import filed_json
from collector.report.operation_json import operation_json
from collector.report.value import Loss, Report
from probes.model.canonical import JsonValue, encode
from probes.model.interval import Interval


def report_json(report: Report) -> dict[str, JsonValue]:
    """Return the object of a report; a key without a value is left out."""
    window, around = report.assessment.window, report.surroundings
    stated: dict[str, JsonValue] = {
        **report.assessment.to_json(),
        "hospital": around.hospital,
        "hospital_name": around.hospital_name,
        "finess": around.finess,
        "site": window.site,
        "site_name": around.site_name,
        "timezone": window.zone.key,
        "service": window.service,
        "product": around.product,
        "vendor": around.vendor,
        "service_class": window.service_class.value,
        "status": window.status.value,
        "as_of_us": around.as_of_us,
        "plan": _interval(window.plan),
        "hull": _interval(window.hull),
        "interventions": [_interval(piece) for piece in window.interventions],
        "revisions": [
            {**_interval(revision.plan), "notified_at_us": revision.notified_at_us}
            for revision in window.revisions
            if revision.notified_at_us is not None
        ],
        "margin": {"lower_us": report.margin.lower_us, "upper_us": report.margin.upper_us},
        "regulated": [_interval(piece) for piece in report.assessment.regulated.outages],
        "turns": [
            {
                **_interval(turn.outage),
                "lost_last": list(turn.lost_last),
                "back_first": list(turn.back_first),
            }
            for turn in report.turns
        ],
        "vantages": [_vantage(loss) for loss in report.losses],
        "clocks": {"worst_error_us": report.worst_error_us, "unestimated": report.unestimated},
        "versions": {
            "before": list(around.versions_before),
            "after": list(around.versions_after),
        },
        "panel": {"fixed_at_us": around.fixed_at_us, "members": list(report.assessment.panel)},
        "entries": {
            "window": list(around.provenance.window),
            "hospital": around.provenance.hospital,
            "site": around.provenance.site,
            "service": around.provenance.service,
        },
        "log": {"size": around.log_size, "root": around.log_root},
    }
    stated.update(operation_json(around))
    stated.update(filed_json(around.filed))
    if around.penalties is not None:
        stated["penalties"] = around.penalties
    shortfall_us = report.assessment.notice.shortfall_us
    if shortfall_us is not None:
        stated["notice_shortfall_us"] = shortfall_us
    return stated


def report_bytes(report: Report) -> bytes:
    """Return the file `report.json`: the object in its one canonical form."""
    return encode(report_json(report))


def _vantage(loss: Loss) -> dict[str, JsonValue]:
    vantage = loss.vantage
    stated: dict[str, JsonValue] = {
        "vantage": vantage.name,
        "kind": vantage.kind.value,
        "counts": vantage.counts,
        "imported": vantage.imported,
        "measured": loss.sight.measured,
        "down_us": loss.down_us,
        "worst_error_us": loss.sight.worst_error_us,
    }
    if loss.last_up_us is not None:
        stated["last_up_us"] = loss.last_up_us
    if loss.first_up_us is not None:
        stated["first_up_us"] = loss.first_up_us
    return stated


def _interval(interval: Interval) -> dict[str, JsonValue]:
    return {"start_us": interval.start, "end_us": interval.end}
