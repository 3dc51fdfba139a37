"""Which stamp covers an entry, and which came late."""

from typing import Any

import pytest

from collector.record.stamped import LATE_AFTER_US, Stamped, first_over, is_late, stamped_of
from probes.model.canonical import MalformedError, decode_object, encode
from probes.model.instant import HOUR


def stamp(size: int, at_us: int, accuracy_us: int | None = None) -> Stamped:
    return Stamped(size, at_us, accuracy_us, "CN=Horodatage", b"token of %d" % size)


def test_a_stamp_covers_the_entries_below_its_size() -> None:
    #   size   3    7    9
    #   at    10   20   30        entries 0..2 by the first, 3..6 by the second, 7 and 8, none
    first, second, third = stamp(3, 10), stamp(7, 20), stamp(9, 30)
    over = first_over(range(10), [second, third, first])
    assert [over.get(entry) for entry in (0, 2, 3, 6, 7, 8, 9)] == [
        first, first, second, second, third, third, None,
    ]  # fmt: skip


def test_the_earliest_of_the_stamps_that_cover_an_entry_counts() -> None:
    # The second is of more entries and yet older: an authority's clock was set, or it was slow.
    slow, quick = stamp(5, 40), stamp(8, 25)
    assert first_over([2, 6], [slow, quick]) == {2: quick, 6: quick}


def test_a_stamp_is_late_after_more_than_an_hour() -> None:
    assert LATE_AFTER_US == HOUR
    assert not is_late(0, stamp(1, HOUR))
    assert is_late(0, stamp(1, HOUR + 1))
    assert not is_late(HOUR, stamp(1, 0))


@pytest.mark.parametrize("accuracy_us", [None, 0, 1_500_100])
def test_an_entry_gives_its_stamp_back(accuracy_us: int | None) -> None:
    before = stamp(7, 20, accuracy_us)
    assert stamped_of(decode_object(encode(before.body()))) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("token", "dG9rZW4="),
        ("token", "§"),
        ("sha256", "00" * 32),
        ("size", "7"),
        ("at_us", True),
        ("accuracy_us", "1"),
    ],
)
def test_an_entry_that_contradicts_itself_is_refused(field: str, value: object) -> None:
    body: dict[str, Any] = {**stamp(7, 20).body(), field: value}
    with pytest.raises(MalformedError):
        stamped_of(body)


def test_an_entry_without_a_token_is_refused() -> None:
    body = stamp(7, 20).body()
    del body["token"]
    with pytest.raises(MalformedError):
        stamped_of(body)


def test_of_stamps_of_one_second_the_one_on_less_counts() -> None:
    assert first_over([2], [stamp(3, 10), stamp(7, 10)]) == {2: stamp(3, 10)}
