"""Attacks on what is made from the entries: the window, the measurements, the report."""

import json
from collections.abc import Callable
from typing import Any

from collector.evidence.bundle import MEASUREMENTS, REPORT, WINDOW
from collector.evidence.verification import Code
from probes.model.canonical import decode_object, encode
from tests.collector.evidence.attacking import changed, fails, honest, opened, resealed, sealed


def _with_window(change: Callable[[dict[str, Any]], object]) -> bytes:
    bundle = honest()
    document = json.loads(opened(bundle)[WINDOW])
    change(document)
    text = json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
    assert text != opened(bundle)[WINDOW]
    return resealed(WINDOW, text, bundle)


@fails(Code.WINDOW)
def the_window_has_another_limit() -> bytes:
    return _with_window(lambda window: window["contract"]["max_downtime"].update(strategic="PT8H"))


@fails(Code.WINDOW)
def the_window_has_another_class() -> bytes:
    return _with_window(lambda window: window.update(service_class="standard"))


@fails(Code.WINDOW)
def the_window_has_another_quorum() -> bytes:
    return _with_window(lambda window: window["contract"].update(quorum=2))


@fails(Code.WINDOW)
def the_window_has_a_holiday_less() -> bytes:
    return _with_window(lambda window: window["contract"]["holidays"].pop())


@fails(Code.WINDOW)
def the_window_has_a_vantage_point_less() -> bytes:
    return _with_window(lambda window: window["panel"].pop())


@fails(Code.WINDOW)
def the_window_was_notified_at_another_instant() -> bytes:
    at = "2026-11-01T13:00:00+01:00"
    return _with_window(lambda window: window["revisions"][0].update(notified_at=at))


@fails(Code.WINDOW)
def the_window_has_another_plan() -> bytes:
    end = "2026-11-09T19:00:00+01:00"
    return _with_window(lambda window: window["plan"].update(end=end))


@fails(Code.WINDOW)
def the_window_is_of_another_status() -> bytes:
    return _with_window(lambda window: window.update(status="cancelled"))


@fails(Code.WINDOW)
def the_window_is_known_until_another_instant() -> bytes:
    return _with_window(lambda window: window.update(as_of="2026-11-09T15:00:00+01:00"))


@fails(Code.WINDOW)
def the_window_has_a_field_more() -> bytes:
    return _with_window(lambda window: window.update(remark="agreed by phone"))


@fails(Code.WINDOW)
def the_window_is_written_without_spaces() -> bytes:
    bundle = honest()
    return resealed(WINDOW, json.dumps(json.loads(opened(bundle)[WINDOW])).encode(), bundle)


def _with_measurements(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    bundle = honest(batches=9)
    lines = opened(bundle)[MEASUREMENTS].splitlines(keepends=True)
    return resealed(MEASUREMENTS, b"".join(change(lines)), bundle)


@fails(Code.MEASUREMENTS)
def one_measurement_has_another_outcome() -> bytes:
    def up(lines: list[bytes]) -> list[bytes]:
        place = next(place for place, line in enumerate(lines) if b'"down"' in line)
        lines[place] = lines[place].replace(b'"down"', b'"up"')
        return lines

    return _with_measurements(up)


@fails(Code.MEASUREMENTS)
def one_measurement_is_left_out() -> bytes:
    return _with_measurements(lambda lines: lines[1:])


@fails(Code.MEASUREMENTS)
def one_measurement_is_there_twice() -> bytes:
    return _with_measurements(lambda lines: [lines[0], *lines])


@fails(Code.MEASUREMENTS)
def two_measurements_change_places() -> bytes:
    return _with_measurements(lambda lines: [lines[1], lines[0], *lines[2:]])


@fails(Code.MEASUREMENTS)
def there_are_no_measurements() -> bytes:
    return _with_measurements(lambda _: [])


def _with_report(**fields: object) -> bytes:
    bundle = honest()
    return resealed(REPORT, changed(opened(bundle)[REPORT], **fields), bundle)


def _report() -> dict[str, Any]:
    report: dict[str, Any] = decode_object(opened(honest())[REPORT])
    return report


@fails(Code.REPORT)
def the_report_gives_another_verdict() -> bytes:
    return _with_report(duration={**_report()["duration"], "verdict": "breach"})


@fails(Code.REPORT)
def the_report_gives_another_verdict_on_the_notice() -> bytes:
    return _with_report(notice={**_report()["notice"], "verdict": "late"})


@fails(Code.REPORT)
def the_report_has_a_figure_that_is_one_microsecond_less() -> bytes:
    duration = _report()["duration"]
    return _with_report(duration={**duration, "upper_us": duration["upper_us"] - 1})


@fails(Code.REPORT)
def the_report_lists_another_outage() -> bytes:
    return _with_report(outages=[{"start_us": 0, "end_us": 1, "proven": [], "truncated": False}])


@fails(Code.REPORT)
def the_report_has_a_field_more() -> bytes:
    return _with_report(signed_off_by="the client")


@fails(Code.REPORT)
def the_report_has_a_field_less() -> bytes:
    report = _report()
    del report["coverage"]
    return resealed(REPORT, encode(report))


@fails(Code.REPORT)
def the_report_has_a_number_with_a_point() -> bytes:
    text = opened(honest())[REPORT]
    return resealed(REPORT, text.replace(b'"limit_us":14400000000', b'"limit_us":14400000000.0'))


@fails(Code.REPORT)
def the_report_is_written_with_a_space() -> bytes:
    return resealed(REPORT, opened(honest())[REPORT].replace(b":", b": ", 1))


@fails(Code.REPORT)
def the_report_is_of_another_log() -> bytes:
    return _with_report(log={**_report()["log"], "root": "0" * 64})


@fails(Code.REPORT)
def the_report_is_missing() -> bytes:
    members = opened(honest())
    del members[REPORT]
    return sealed(members)
