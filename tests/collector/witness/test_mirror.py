"""A witness that mirrors cosigns only what it holds itself."""

import json
import sqlite3

import pytest

from collector.errors import ConstatError
from collector.witness.errors import ForkedError, UnusableLogError
from collector.witness.folder import DATABASE_FILE
from collector.witness.opening import standing_of
from collector.witness.state import open_state
from probes.model.merkle import Frontier
from tests.collector.witness.conftest import Hospital


def _mirrored(hospital: Hospital) -> list[bytes]:
    with open_state(hospital.folder / DATABASE_FILE) as state:
        return list(state.leaves())


def test_every_entry_is_kept_as_it_is(hospital: Hospital) -> None:
    hospital.log.page = 2
    hospital.look(mirror=True)
    assert _mirrored(hospital) == hospital.log.entries
    hospital.log.grow(4)
    hospital.look(mirror=True)
    assert _mirrored(hospital) == hospital.log.entries
    # Pages of two: 0-1, 2-3, 4, then 5-6, 7-8.
    assert hospital.log.requests.count("GET leaves") == 5


def test_a_mirror_can_be_begun_later(hospital: Hospital) -> None:
    hospital.look()
    assert _mirrored(hospital) == []
    assert hospital.look(mirror=True) is None
    assert _mirrored(hospital) == hospital.log.entries


def test_entries_that_are_not_those_signed_are_not_cosigned_and_not_kept(
    hospital: Hospital,
) -> None:
    hospital.look(mirror=True)
    hospital.log.grow(2)
    wrong = {"from": 5, "leaves": ["d3Jvbmc=", "d29yc2U="]}
    hospital.log.instead["leaves"] = json.dumps(wrong).encode()
    with pytest.raises(UnusableLogError, match="the 7 entries received are not those signed"):
        hospital.look(mirror=True)
    assert 7 not in hospital.log.lines
    hospital.log.instead.clear()
    assert hospital.look(mirror=True) is not None
    assert _mirrored(hospital) == hospital.log.entries


def test_a_mirror_that_was_cut_short_goes_on_where_it_was(hospital: Hospital) -> None:
    hospital.log.page = 2
    hospital.log.grow(3)
    first = {"from": 0, "leaves": ["d3Jvbmc="]}
    hospital.log.instead["leaves"] = json.dumps(first).encode()
    with pytest.raises(UnusableLogError, match="from: expected 1"):
        hospital.look(mirror=True)
    assert _mirrored(hospital) == []
    hospital.log.instead.clear()
    # The one wrong entry is found out with the others, and all are asked for again.
    with pytest.raises(UnusableLogError, match="are not those signed"):
        hospital.look(mirror=True)
    assert hospital.look(mirror=True) is not None
    assert _mirrored(hospital) == hospital.log.entries


def test_entries_beyond_a_log_that_shrank_unseen_are_dropped(hospital: Hospital) -> None:
    hospital.look(mirror=True)
    hospital.log.grow(4)
    with open_state(hospital.folder / DATABASE_FILE) as state:
        # As a round leaves them that was stopped before it could compare them.
        more = [b"9 was", b"never", b"cosigned", b"before", b"it was taken", b"back"]
        grown, _ = state.received().appended([bytes(32)] * len(more))
        state.add_leaves(more, grown)
    assert hospital.look(mirror=True) is not None
    assert _mirrored(hospital) == hospital.log.entries


def test_a_log_that_forked_ends_a_mirror_too(hospital: Hospital) -> None:
    hospital.look(mirror=True)
    kept = list(hospital.log.entries)
    hospital.log.entries[2] = b"what it should have been"
    hospital.log.grow(1)
    with pytest.raises(ForkedError):
        hospital.look(mirror=True)
    assert _mirrored(hospital) == kept
    assert standing_of(hospital.folder).mirrored == 5


def test_a_database_that_is_none_is_named(hospital: Hospital) -> None:
    (hospital.folder / DATABASE_FILE).write_bytes(b"this is no database" * 100)
    with pytest.raises(ConstatError, match=r"cannot use .*witness\.db: file is not a database"):
        hospital.look()


def test_a_database_of_a_later_version_is_left_alone(hospital: Hospital) -> None:
    database = sqlite3.connect(hospital.folder / DATABASE_FILE)
    database.execute("PRAGMA user_version = 2")
    database.close()
    with pytest.raises(ConstatError, match="has format 2, this witness knows 1"):
        hospital.look()


def test_what_cannot_be_written_leaves_what_was_there(hospital: Hospital) -> None:
    hospital.look(mirror=True)
    with open_state(hospital.folder / DATABASE_FILE) as state:
        tree = state.received()
    twice, _ = Frontier(4, tree.hashes[:1]).appended([bytes(32)])
    with (
        pytest.raises(ConstatError, match=r"cannot use .*witness\.db: UNIQUE constraint failed"),
        open_state(hospital.folder / DATABASE_FILE) as state,
    ):
        state.add_leaves([b"a place that is taken"], twice)
    with open_state(hospital.folder / DATABASE_FILE) as state:
        assert state.received() == tree
    assert _mirrored(hospital) == hospital.log.entries
