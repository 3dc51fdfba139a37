"""A small bundle altered in every way by somebody who holds no key: found each time, no crash.

It is one without the two texts that no step reads: half as long, and nothing of it unread.
"""

import io

import pytest

from collector.evidence.bundle import README, VERIFIER
from collector.evidence.verification import Code
from collector.evidence.verify import verify
from tests.collector.evidence.attacking import PINNED, honest, opened, packed, sealed
from tests.collector.evidence.worlds import parts_of, upgraded


@pytest.fixture(scope="module")
def small() -> bytes:
    members = opened(parts_of(upgraded(batches=1, rows=1, senders=1)).sealed())
    data = sealed({name: data for name, data in members.items() if name not in _UNREAD})
    assert found(data) is None
    return data


_UNREAD = {README, VERIFIER}


def found(data: bytes) -> Code | None:
    """The step that found something, if any; whatever is raised fails the test."""
    return verify(io.BytesIO(data), PINNED).failed


def test_every_flipped_bit_is_found(small: bytes) -> None:
    changed = bytearray(small)
    for bit in range(len(small) * 8):
        changed[bit // 8] ^= 1 << bit % 8
        assert found(bytes(changed)) is Code.ARCHIVE, bit
        changed[bit // 8] ^= 1 << bit % 8


def test_every_byte_changed_in_an_archive_made_again_is_found(small: bytes) -> None:
    """Its directory and checksums agree: the keys and the seal have to find it."""
    members = opened(small)
    for name, data in members.items():
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 1 << place % 8
            code = found(packed(members | {name: bytes(changed)}))
            assert code in {Code.KEYS, Code.SEAL}, (name, place)


def test_every_truncation_is_found(small: bytes) -> None:
    for length in range(len(small)):
        assert found(small[:length]) is Code.ARCHIVE, length


def test_every_beginning_that_is_cut_is_found(small: bytes) -> None:
    for length in range(1, len(small), 7):
        assert found(small[length:]) is Code.ARCHIVE, length


@pytest.mark.parametrize("count", [1, 2, 3, 22, 46, 65_557, 1_000_000])
def test_bytes_appended_and_prepended_are_found(small: bytes, count: int) -> None:
    for more in (bytes(count), b"\xff" * count, (small * 50)[:count], (small * 50)[-count:]):
        assert found(small + more) is Code.ARCHIVE
        assert found(more + small) is Code.ARCHIVE


def test_every_member_taken_out_is_found(small: bytes) -> None:
    members = opened(small)
    for name in members:
        rest = {each: data for each, data in members.items() if each != name}
        assert found(packed(rest)) in {Code.KEYS, Code.SEAL}, name


def test_two_members_that_change_places_are_found() -> None:
    members = opened(honest())
    for name, other in zip(members, [*members][1:], strict=False):
        swapped = members | {name: members[other], other: members[name]}
        assert found(packed(swapped)) in {Code.KEYS, Code.SEAL}, (name, other)
