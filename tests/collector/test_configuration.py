"""What operators write wrongly is named by its file and its key."""

from pathlib import Path

import msgspec
import pytest

from collector.configuration import (
    CalendarName,
    Duration,
    Name,
    ZoneName,
    json_schema,
    plain,
    read_file,
    read_value,
)
from collector.errors import ConfigurationError
from probes.model.instant import HOUR


class Inner(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    limit: Duration
    zone: ZoneName = msgspec.field(default_factory=lambda: ZoneName("UTC"))
    calendar: CalendarName | None = None


class Outer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    parts: dict[Name, Inner]
    rows: list[dict[str, Inner]] = []


BAD_NAME = (
    "parts: 'é': a name has letters, digits, points, hyphens and underscores only, at most 64"
)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({}, "parts: is missing"),
        ({"parts": {"a": {}}}, "parts.a.limit: is missing"),
        ({"parts": {}, "part": 1}, "part: is not known here"),
        ({"parts": {"ok": {"limit": "PT1S"}, "a": {"limit": "PT4H", "x": 1}}},
         "parts.a.x: is not known here"),
        ({"parts": {"ok": {"limit": "PT1S"}, "b": {"limit": "4h"}}},
         "parts.b.limit: '4h' is not an ISO 8601 duration, as in PT4H, PT5M or P3D"),
        ({"parts": {"b": {"limit": 4}}}, "parts.b.limit: expected str, got int"),
        ({"parts": {"b": {"limit": "PT4H", "zone": "Paris"}}},
         "parts.b.zone: 'Paris' is not an IANA time zone, as in Europe/Paris"),
        ({"parts": {"b": {"limit": "PT4H", "calendar": "XX"}}},
         "parts.b.calendar: 'XX' is not a holiday calendar, as in FR or FR-57"),
        ({"parts": {}, "rows": [{}, {"k": {"limit": "PT4H"}, "m": {"limit": "?"}}]},
         "rows[1].m.limit: '?' is not an ISO 8601 duration, as in PT4H, PT5M or P3D"),
        ({"parts": {"fine": {"limit": "PT1S"}, "é": {"limit": "PT1S"}}}, BAD_NAME),
        ({"parts": {3: {"limit": "PT1S"}}}, "parts: 3: expected str, got int"),
        ([], "expected object, got array"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_the_key_it_is_under(document: object, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as told:
        read_value(document, Outer)
    assert str(told.value) == complaint


def test_what_was_read_is_written_back_in_the_same_words() -> None:
    document = {"parts": {"a": {"limit": "PT240M", "zone": "Europe/Paris", "calendar": "FR-57"}}}
    value = read_value(document, Outer)
    assert value.parts["a"].limit == 4 * HOUR
    written = plain(value)
    assert written["parts"]["a"] == {
        "limit": "PT4H", "zone": "Europe/Paris", "calendar": "FR-57",
    }  # fmt: skip
    assert read_value(written, Outer) == value


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("parts: {a: {limit: PT1S}, a: {limit: PT2S}}", "line 1, column 27: 'a' is given twice"),
        ("parts: [", "line 1, column 9: expected the node content, but found '<stream end>'"),
        ("parts: {a: {limit: 1}}", "parts.a.limit: expected str, got int"),
    ],
)
def test_a_fault_is_told_with_the_file_it_is_in(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as told:
        read_file(file, Outer)
    assert str(told.value) == f"cannot read {file}: {complaint}"


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file"):
        read_file(tmp_path / "none.yaml", Outer)


def test_a_file_that_is_not_text_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"parts: \xff")
    with pytest.raises(ConfigurationError, match="not UTF-8 at byte 7"):
        read_file(file, Outer)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Is a directory"):
        read_file(tmp_path, Outer)


def test_the_schema_says_how_a_duration_is_written() -> None:
    schema = json_schema(Outer, "Outer")
    assert schema["$defs"]["Inner"]["properties"]["limit"]["format"] == "duration"
