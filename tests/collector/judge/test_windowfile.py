"""The window file, and every way of getting it wrong."""

import copy
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from collector.judge.document import read_yaml
from collector.judge.terms import DowntimeRule, NoticeCounting, NoticeUnit, ServiceClass
from collector.judge.windowfile import WindowFileError, read_window, unknown_keys
from probes.model.instant import DAY, HOUR, MINUTE, SECOND, parse_instant
from probes.model.interval import Interval
from probes.model.measurement import VantageKind

# The example of the format's description.
EXAMPLE: dict[str, Any] = read_yaml("""
id: MAJ-2026-0142
service: dpi
site: CH-EXEMPLE
timezone: Europe/Paris
service_class: strategic
status: closed
as_of: 2026-11-16T10:00:00+01:00
plan:
  start: 2026-11-14T22:00:00+01:00
  end:   2026-11-15T02:00:00+01:00
revisions:
  - notified_at: 2026-11-08T19:58:00+01:00
    start: 2026-11-14T22:00:00+01:00
    end: 2026-11-15T02:00:00+01:00
interventions:
  - {start: 2026-11-14T22:05:00+01:00, end: 2026-11-15T00:10:00+01:00}
panel: [accueil-03, urgences-01]
contract:
  max_downtime: {strategic: PT4H, standard: PT8H, low: PT24H}
  downtime_rule: longest
  return_hold: PT7M
  quorum: 2
  panel_kind: server
  notice: {amount: 3, unit: calendar_days, counting: elapsed}
  holidays: [2026-11-11]
checks:
  dpi-login: {interval: PT10S, max_gap: PT30S}
""")  # type: ignore[assignment]


CLOSED_DAYS = [f"2026-{month:02}-{day:02}" for month in range(1, 12) for day in range(1, 12)]


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    document = copy.deepcopy(EXAMPLE)
    change(document)
    return document


def test_the_example_of_the_format_is_read_whole() -> None:
    window = read_window(EXAMPLE)
    start, end = (
        parse_instant("2026-11-14T22:00:00+01:00"),
        parse_instant("2026-11-15T02:00:00+01:00"),
    )
    assert window.plan == Interval(start, end)
    assert window.revisions[0].plan == window.plan
    assert window.revisions[0].notified_at_us == parse_instant("2026-11-08T19:58:00+01:00")
    assert window.interventions == (Interval(start + 5 * MINUTE, start + 130 * MINUTE),)
    assert window.hull == window.plan
    assert window.horizon == Interval(start - DAY, end + DAY)
    assert window.panel == ("accueil-03", "urgences-01")
    contract = window.contract
    assert contract.max_downtime_us[ServiceClass.LOW] == 24 * HOUR
    assert contract.downtime_rule is DowntimeRule.LONGEST
    assert contract.return_hold_us == 7 * MINUTE
    assert contract.quorum == 2
    assert contract.panel_kind is VantageKind.SERVER
    assert contract.holidays == {date(2026, 11, 11)}
    assert (contract.notice.amount, contract.notice.unit) == (3, NoticeUnit.CALENDAR_DAYS)
    assert contract.notice.counting is NoticeCounting.ELAPSED
    assert window.max_gaps_us == {"dpi-login": 30 * SECOND}
    assert unknown_keys(EXAMPLE) == []


def test_what_is_left_out_has_the_default_of_the_rules() -> None:
    def bare(document: dict[str, Any]) -> None:
        for key in ("site", "as_of", "revisions", "interventions", "panel"):
            del document[key]
        document["contract"] = {
            "max_downtime": {"strategic": "PT4H"},
            "notice": {"amount": 3, "unit": "calendar_days"},
        }
        document["checks"]["dpi-login"] = {"interval": "PT10S"}

    window = read_window(changed(bare))
    assert window.contract.downtime_rule is DowntimeRule.CUMULATIVE
    assert window.contract.return_hold_us == 5 * MINUTE
    assert window.contract.quorum == 1
    assert window.contract.panel_kind is VantageKind.WORKSTATION
    assert window.contract.notice.counting is NoticeCounting.CLEAR_DAYS
    assert window.contract.holidays == frozenset()
    assert window.max_gaps_us == {"dpi-login": 30 * SECOND}
    assert (window.panel, window.revisions, window.interventions) == (None, (), ())
    assert window.as_of_us is None


def test_the_holidays_are_those_of_the_calendar_when_none_are_listed() -> None:
    def business(document: dict[str, Any]) -> None:
        del document["contract"]["holidays"]
        document["contract"]["notice"] = {"amount": 3, "unit": "business_days"}

    closed = read_window(changed(business)).contract.holidays
    assert {date(2026, 7, 14), date(2026, 11, 11), date(2027, 1, 1)} <= closed
    assert date(2026, 4, 3) not in closed
    moselle = changed(business) | {"calendar": "FR-57"}
    assert date(2026, 4, 3) in read_window(moselle).contract.holidays


def test_a_local_time_is_read_in_the_zone_of_the_file() -> None:
    local = changed(lambda d: d["plan"].update(start="2026-11-14T22:00"))
    assert read_window(local).plan == read_window(EXAMPLE).plan


def test_known_until_an_instant_before_the_horizon_opens_is_an_empty_horizon() -> None:
    early = changed(lambda d: d.update(as_of="2026-01-01T00:00:00Z"))
    assert read_window(early).horizon.length == 0


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda d: d.pop("id"), "id: is missing"),
        (lambda d: d["contract"].pop("notice"), "contract.notice: is missing"),
        (lambda d: d.update(service_class="vital"), "service_class: invalid enum value 'vital'"),
        (lambda d: d["plan"].update(start="22h"), "plan.start: '22h' is not a local time"),
        (lambda d: d["plan"].update(start=12), "plan.start: expected str, got int"),
        (
            lambda d: d["plan"].update(start="2026-10-25T02:30"),
            "plan.start: 2026-10-25T02:30 happens twice in Europe/Paris",
        ),
        (
            lambda d: d["revisions"][0].update(end="2026-03-29T02:30"),
            r"revisions[0].end: 2026-03-29T02:30 does not exist in Europe/Paris",
        ),
        (
            lambda d: d["plan"].update(end="2026-11-14T22:00:00+01:00"),
            "plan: ends at 2026-11-14T22:00:00+01:00, not after it starts",
        ),
        (lambda d: d["revisions"][0].update(notified_at="x"), "revisions[0].notified_at: 'x' is"),
        (lambda d: d["interventions"][0].pop("end"), "interventions[0].end: is missing"),
        (lambda d: d.update(timezone="Paris"), "timezone: 'Paris' is not an IANA time zone"),
        (
            lambda d: d["contract"]["max_downtime"].pop("strategic"),
            "contract.max_downtime: has no limit for strategic",
        ),
        (
            lambda d: d["contract"]["max_downtime"].update(low="4 h"),
            "contract.max_downtime.low: '4 h' is not an ISO 8601 duration",
        ),
        (lambda d: d["contract"].update(quorum=0), "contract.quorum: 0 is less than 1"),
        (
            lambda d: d["contract"]["notice"].update(amount=-1),
            "contract.notice.amount: -1 is negative",
        ),
        (
            lambda d: d["contract"]["notice"].update(amount=10**12, unit="business_days"),
            "contract.notice.amount: is more than 1000",
        ),
        (
            lambda d: d["plan"].update(start="1969-12-31T23:59:59Z"),
            "plan.start: 1969-12-31T23:59:59Z is not of the years 1970 to 2999",
        ),
        (
            lambda d: d.update(as_of="3000-01-01T01:00:00+01:00"),
            "as_of: 3000-01-01T01:00:00+01:00 is not of the years 1970 to 2999",
        ),
        (
            lambda d: d["checks"]["dpi-login"].update(max_gap="PT0S"),
            "checks.dpi-login.max_gap: PT0S is too short",
        ),
        (lambda d: d.update(checks={"a": {"interval": "P1Y"}}), "checks.a.interval: 'P1Y' is not"),
        (lambda d: d["contract"].update(holidays=["x"]), "contract.holidays[0]: invalid"),
        (
            lambda d: d["contract"].update(holidays=CLOSED_DAYS),
            "contract.holidays: more than 120 of one year",
        ),
    ],
)
def test_a_fault_is_named_by_its_key(
    change: Callable[[dict[str, Any]], object], fault: str
) -> None:
    with pytest.raises(WindowFileError) as caught:
        read_window(changed(change))
    assert str(caught.value).startswith(fault)


def test_an_unknown_calendar_is_named_by_its_key() -> None:
    def unknown(document: dict[str, Any]) -> None:
        del document["contract"]["holidays"]
        document["contract"]["notice"]["unit"] = "working_days"
        document["calendar"] = "FR-99"

    with pytest.raises(WindowFileError, match=r"^calendar: 'FR-99' is not a holiday calendar"):
        read_window(changed(unknown))


def test_only_objects_have_keys_to_be_strangers() -> None:
    assert unknown_keys("text") == []
    assert unknown_keys({"plan": "tomorrow"}) == []


def test_a_document_that_is_no_object_is_refused() -> None:
    with pytest.raises(WindowFileError, match="expected object, got array"):
        read_window([])


def test_keys_that_mean_nothing_are_listed_by_their_full_path() -> None:
    def typos(document: dict[str, Any]) -> None:
        document["colour"] = "blue"
        document["contract"]["return_hodl"] = "PT5M"
        document["revisions"][0]["by"] = "fax"
        document["checks"]["dpi-login"]["gap"] = "PT30S"

    assert unknown_keys(changed(typos)) == [
        "revisions[0].by",
        "contract.return_hodl",
        "checks.dpi-login.gap",
        "colour",
    ]
