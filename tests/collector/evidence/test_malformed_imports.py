"""Entries of imported measurements that no collector could have meant: both verifiers refuse them.

Whoever holds the log's key could have sealed them, so signatures, tree and chain hold.
"""

import io
from dataclasses import replace
from typing import Any

import pytest

from collector.evidence import verifier
from collector.evidence.verification import Code
from collector.evidence.verify import verify
from collector.record.entry import RegisterEntry
from collector.record.roster import IMPORTED_KIND
from tests.collector.evidence.attacking import begun, ended, place_of_kind, relogged, restated
from tests.collector.evidence.worlds import PLAN

COLUMNS: dict[str, Any] = {
    "vantage": "poste-09",
    "kind": "workstation",
    "check": "dpi-login",
    "interval_us": 10_000_000,
    "error_us": 0,
    "starts": [PLAN.start, 10_000_000],
    "durations": [1_000, 1_000],
    "outcomes": "UD",
    "failures": [[1, "connection_refused", "connect"]],
    "versions": [[0, "1.0"]],
}


def imported(columns: object) -> tuple[bytes, int]:
    """A bundle with an import of these columns, and the import's place in the log."""
    world = begun()
    world.state(IMPORTED_KIND, {"source": "journal.ndjson", "columns": [COLUMNS]})
    ended(world)

    def other(entry: RegisterEntry) -> RegisterEntry:
        if entry.kind != IMPORTED_KIND:
            return entry
        return replace(entry, body={"source": "journal.ndjson", "columns": columns})

    return relogged(world, restated(world, other)), place_of_kind(world, IMPORTED_KIND)


def test_an_import_as_a_collector_makes_it_is_sound() -> None:
    bundle, _ = imported([COLUMNS])
    assert verify(io.BytesIO(bundle)).fault is None
    assert verifier.verify(io.BytesIO(bundle), None, lambda *_: None).fault is None


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (7, "columns: expected an array, got an integer"),
        ([7], "columns[0]: expected an object"),
        ([{}], "columns[0].vantage: is missing"),
        ([COLUMNS, {**COLUMNS, "vantage": 7}], "columns[1].vantage: expected a string, got an"),
        ([{**COLUMNS, "kind": "abc"}], "columns[0].kind: expected one of workstation, server, ext"),
        ([{**COLUMNS, "check": True}], "columns[0].check: expected a string, got a boolean"),
        ([{**COLUMNS, "interval_us": "a"}], "columns[0].interval_us: expected an integer, got a"),
        ([{**COLUMNS, "error_us": -1}], "columns[0].error_us: -1 is less than 0"),
        ([{**COLUMNS, "outcomes": "UZ"}], "columns[0].outcomes: expected letters of UGDX"),
        ([{**COLUMNS, "starts": [0]}], "columns[0].starts: 1 values for 2 outcomes"),
        ([{**COLUMNS, "starts": [0, -1]}], "columns[0].starts: they go backwards"),
        ([{**COLUMNS, "durations": [0, "a"]}], "columns[0].durations: expected integers"),
        ([{**COLUMNS, "failures": [[2, "a", "b"]]}], "columns[0].failures: the index 2 is out of"),
        ([{**COLUMNS, "failures": [7]}], "columns[0].failures: expected entries of 3 values"),
        ([{**COLUMNS, "versions": [[0, 7]]}], "columns[0].versions: expected strings at index 0"),
    ],
)
def test_a_malformed_import_is_refused_with_its_line_and_member(columns: object, said: str) -> None:
    bundle, place = imported(columns)
    fault = verify(io.BytesIO(bundle)).fault
    assert fault is not None
    assert fault.code == Code.ENTRIES
    where = f"entries/entries.ndjson: line {place + 1}, entry {place}: "
    assert str(fault).startswith(where + said)
    found = verifier.verify(io.BytesIO(bundle), None, lambda *_: None).fault
    assert found is not None
    assert found[0] == Code.ENTRIES


def test_nobody_is_told_of_the_errors_of_a_programming_language() -> None:
    world = ended(begun())

    def other(entry: RegisterEntry) -> RegisterEntry:
        if entry.kind != "window.announced":
            return entry
        return replace(entry, body={**entry.body, "start_us": "noon"})

    bundle = relogged(world, restated(world, other))
    fault = verify(io.BytesIO(bundle)).fault
    found = verifier.verify(io.BytesIO(bundle), None, lambda *_: None).fault
    assert fault is not None
    assert found is not None
    assert (fault.code, found[0]) == (Code.REGISTER, Code.REGISTER)
    for said in (str(fault), found[1]):
        assert "docs/formats.md says" in said
        assert "TypeError" not in said
