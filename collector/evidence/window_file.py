"""Writing a window as the file `constat assess` reads: the inverse of `read_window`, exact."""

import json
from collections.abc import Mapping
from pathlib import Path

from collector.evidence.folder import WINDOW_NAMES
from collector.judge.terms import Window
from probes.model.canonical import JsonValue
from probes.model.instant import format_duration, format_instant
from probes.model.interval import Interval


def window_document(window: Window, intervals_us: Mapping[str, int]) -> dict[str, JsonValue]:
    """Return the file of a window; `intervals_us` holds the interval of each of its checks.

    Everything is said, defaults too: who reads it needs neither a calendar nor this version.
    """
    contract = window.contract
    document: dict[str, JsonValue] = {
        "id": window.id,
        "service": window.service,
        "site": window.site,
        "timezone": window.zone.key,
        "service_class": window.service_class.value,
        "status": window.status.value,
        "calendar": contract.calendar,
        "plan": _interval(window, window.plan),
        "revisions": [
            {
                **_interval(window, revision.plan),
                **_instant(window, "notified_at", revision.notified_at_us),
            }
            for revision in window.revisions
        ],
        "interventions": [_interval(window, ran) for ran in window.interventions],
        "contract": {
            "max_downtime": {
                name.value: format_duration(limit)
                for name, limit in contract.max_downtime_us.items()
            },
            "downtime_rule": contract.downtime_rule.value,
            "return_hold": format_duration(contract.return_hold_us),
            "quorum": contract.quorum,
            "panel_kind": contract.panel_kind.value,
            "notice": {
                "amount": contract.notice.amount,
                "unit": contract.notice.unit.value,
                "counting": contract.notice.counting.value,
            },
            "holidays": [day.isoformat() for day in sorted(contract.holidays)],
        },
        "checks": {
            name: {
                "interval": format_duration(intervals_us[name]),
                "max_gap": format_duration(max_gap_us),
            }
            for name, max_gap_us in window.max_gaps_us.items()
        },
        **_instant(window, "as_of", window.as_of_us),
    }
    if window.panel is not None:
        document["panel"] = list(window.panel)
    return document


def write_window_file(folder: Path, document: Mapping[str, JsonValue]) -> None:
    """Write the file of a window into a folder."""
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    (folder / WINDOW_NAMES[0]).write_text(text, "utf-8")


def _interval(window: Window, interval: Interval) -> dict[str, JsonValue]:
    start, end = (format_instant(instant, window.zone) for instant in interval)
    return {"start": start, "end": end}


def _instant(window: Window, key: str, instant: int | None) -> dict[str, JsonValue]:
    return {} if instant is None else {key: format_instant(instant, window.zone)}
