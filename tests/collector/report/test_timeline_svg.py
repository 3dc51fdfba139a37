"""The picture of a window: every vantage point a row, every state told without its colour."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from collector.judge.terms import DowntimeRule
from collector.report.durations import Language
from collector.report.timeline_svg import ROWS_AT_ONCE, timeline_svg
from collector.report.timeline_view import limit_instant, shown_interval, timeline_text
from collector.report.value import Report
from probes.model.instant import HOUR, MINUTE, parse_instant
from tests.collector.report.hospitals import WORLD, hospital
from tests.collector.report.reports import SCENARIOS, report_of

EVERY = sorted(path.parent.name for path in Path(SCENARIOS).glob("*/axis.txt"))
SVG = "{http://www.w3.org/2000/svg}"


def _drawn(report: Report, first: int = 0) -> ET.Element:
    return ET.fromstring(timeline_svg(report, Language.FRENCH, first))


def _texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def _heights(root: ET.Element) -> dict[str, set[str]]:
    """Return how high the bars of rows are, by how they are filled."""
    heights: dict[str, set[str]] = {}
    for path in root.iter(f"{SVG}path"):
        drawn = path.attrib["d"].split("v")[1].split("h")[0]
        heights.setdefault(path.attrib["fill"], set()).add(drawn)
    return heights


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("scenario", EVERY)
def test_every_scenario_is_drawn_and_needs_nothing_else(scenario: str, language: Language) -> None:
    report = report_of(scenario)
    text = timeline_svg(report, language)
    root = ET.fromstring(text)
    assert root.find(f"{SVG}title") is not None
    assert root.find(f"{SVG}desc") is not None
    shown = _texts(root)
    assert all(loss.vantage.name in shown for loss in report.losses)
    for part in ("<script", "<style", "<image", "href", "@import", "url(http"):
        assert part not in text


@pytest.mark.parametrize("count", [1, 3, 24, 60])
def test_every_vantage_point_has_a_row(count: int) -> None:
    report = hospital(count)
    shown = _texts(_drawn(report))
    assert [loss.vantage.name for loss in report.losses if loss.vantage.name not in shown] == []


def test_what_is_more_than_can_be_read_at_once_comes_in_parts() -> None:
    report = hospital(ROWS_AT_ONCE + 3)
    names = [loss.vantage.name for loss in report.losses]
    first, second = (_texts(_drawn(report, start)) for start in (0, ROWS_AT_ONCE))
    assert [name for name in names if name in first] == names[:ROWS_AT_ONCE]
    assert [name for name in names if name in second] == names[ROWS_AT_ONCE:]


def test_states_differ_by_height_and_not_only_by_colour() -> None:
    heights = _heights(_drawn(report_of(WORLD)))
    available, down, change = heights["#3f9b73"], heights["#9c1f1a"], heights["url(#change-0)"]
    assert not available & down
    assert not available & change
    assert not down & change


def test_a_bar_too_thin_to_be_seen_is_drawn_as_thick_as_can_be() -> None:
    report = report_of("a_brief_return_shorter_than_the_hold_does_not_count")
    assert all(
        float(piece.split("h")[1].split("v")[0]) >= 0.1
        for path in _drawn(report).iter(f"{SVG}path")
        for piece in path.attrib["d"].split("M")[1:]
    )


def test_names_that_do_not_fit_keep_both_their_ends() -> None:
    shown = _texts(_drawn(hospital(3, ["poste-infirmier-de-reanimation-polyvalente"])))
    assert [name for name in shown if name.endswith("-01")] == ["poste-infirm…yvalente-01"]


def test_what_is_hostile_in_a_name_is_only_text() -> None:
    text = timeline_svg(hospital(2, ['</text><script>alert("x")</script>&']), Language.FRENCH)
    assert "<script" not in text
    ET.fromstring(text)


def test_a_vantage_point_beside_the_panel_has_a_row_of_what_it_saw() -> None:
    report = report_of("a_server_does_not_count_when_the_panel_is_of_workstations")
    beside = [loss.vantage for loss in report.losses if not loss.vantage.counts]
    assert beside
    assert all(report.timeline_of(vantage.name).available for vantage in beside)


def _under(report: Report, rule: DowntimeRule) -> Report:
    window = report.assessment.window
    window = replace(window, contract=replace(window.contract, downtime_rule=rule))
    return replace(report, assessment=replace(report.assessment, window=window))


# Possibly down 22:09:50 to 01:50:00 and nothing else: each rule counts four hours from its start.
@pytest.mark.parametrize("rule", DowntimeRule)
def test_the_limit_is_marked_four_hours_after_a_single_outage_began(rule: DowntimeRule) -> None:
    report = _under(report_of(WORLD), rule)
    [outage] = report.assessment.regulated.possible
    assert limit_instant(report) == outage.start + 4 * HOUR


# Two outages: the cumulative limit waits while the service is back, the span does not.
def test_the_cumulative_limit_leaves_out_what_lies_between() -> None:
    report = report_of("a_return_longer_than_the_hold_makes_two_outages")
    first, second = report.assessment.regulated.possible
    left = 4 * HOUR - first.length
    expected = second.start + left if second.length >= left else second.end + left - second.length
    assert limit_instant(_under(report, DowntimeRule.CUMULATIVE)) == expected
    assert limit_instant(_under(report, DowntimeRule.SPAN)) == first.start + 4 * HOUR
    longest = max(first, second, key=lambda piece: piece.length)
    assert limit_instant(_under(report, DowntimeRule.LONGEST)) == longest.start + 4 * HOUR


def test_a_limit_far_beyond_everything_is_not_drawn() -> None:
    report = hospital(1)
    window = report.assessment.window
    limits = dict.fromkeys(window.contract.max_downtime_us, 90 * HOUR)
    window = replace(window, contract=replace(window.contract, max_downtime_us=limits))
    window = replace(window, service_class=window.service_class.LOW)
    far = replace(report, assessment=replace(report.assessment, window=window))
    assert shown_interval(far).length < 12 * HOUR
    assert not any(text.startswith("limite") for text in _texts(_drawn(far)))
    assert any(text.startswith("limite 4 h") for text in _texts(_drawn(report)))


def test_the_autumn_night_is_an_hour_longer_than_its_clocks_say() -> None:
    report = report_of("the_autumn_night_lasts_an_hour_longer_than_the_clocks_say")
    shown = _texts(_drawn(report))
    assert shown.count("02:00") == 2
    assert "dim. 25/10 CEST" in shown
    assert "dim. 25/10 CET" in shown


def test_the_picture_is_told_in_words() -> None:
    text = timeline_text(report_of(WORLD), Language.FRENCH)
    assert "prévue du samedi 14 novembre 2026 à 22 h 00 (CET)" in text
    assert "à la fin de la dernière : du samedi 14 novembre 2026 à 22 h 10 (CET)" in text
    english = timeline_text(report_of("nothing_was_measured_at_all"), Language.ENGLISH)
    assert "No outage was measured." in english


def test_the_interval_shown_holds_all_that_was_planned_done_and_lost() -> None:
    report = hospital(5)
    shown, window = shown_interval(report), report.assessment.window
    assert shown.contains(window.hull)
    assert all(shown.contains(outage) for outage in report.assessment.regulated.outages)
    assert shown.start < parse_instant("2026-11-14T22:00:00+01:00") - 5 * MINUTE


def test_pictures_on_one_page_share_no_name() -> None:
    report = hospital(ROWS_AT_ONCE + 1)
    names = [
        element.attrib["id"]
        for first in (0, ROWS_AT_ONCE)
        for element in _drawn(report, first).iter()
        if "id" in element.attrib
    ]
    assert len(names) == len(set(names)) == 2


@pytest.mark.parametrize("scenario", EVERY)
def test_no_label_of_the_axis_is_cut_at_the_edge(scenario: str) -> None:
    root = _drawn(report_of(scenario))
    width = float(root.attrib["width"])
    marks = [each for each in root.iter(f"{SVG}text") if ":" in (each.text or "")]
    centred = [each for each in marks if each.get("text-anchor") == "middle"]
    assert centred
    for each in centred:
        half = len(each.text or "") * float(each.attrib["font-size"]) * 0.6 / 2
        assert half < float(each.attrib["x"]) < width - half
