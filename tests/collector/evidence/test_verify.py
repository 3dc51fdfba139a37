"""Verifying bundles of worlds without a database: what holds, and what the first fault is."""

import io

import pytest

from collector.evidence.archive import ArchiveWriter
from collector.evidence.bundle import KEYS, Keys
from collector.evidence.verification import Code
from collector.evidence.verify import verify
from probes.model.checkpoint import cosign, verifier_key
from probes.model.keys import SigningKey
from tests.collector.evidence.worlds import note_of, parts_of, upgraded

WITNESS = SigningKey.from_seed(b"witness".ljust(32, b"."))


def test_a_world_without_a_database_gives_a_sound_bundle() -> None:
    done = verify(io.BytesIO(parts_of(upgraded(batches=12)).sealed()))
    assert done.fault is None
    assert [passed.code for passed in done.passed] == [*Code]


def test_no_bit_of_a_bundle_can_be_changed() -> None:
    """Every bit of the head and the end, and one of each stretch of the rest."""
    data = parts_of(upgraded(batches=1, rows=1, senders=1)).sealed()
    for place in {*range(200), *range(0, len(data), 97), *range(len(data) - 200, len(data))}:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        assert verify(io.BytesIO(bytes(changed))).fault is not None, place


@pytest.mark.parametrize("sizes", [(), (5,), (1, 5, 20)])
def test_what_a_witness_cosigned_is_told(sizes: tuple[int, ...]) -> None:
    world = upgraded(batches=3)
    older = {
        size: [cosign(note_of(world, size).checkpoint, "temoin", WITNESS, 1_800_000_000 + size)]
        for size in sizes
    }
    parts = parts_of(world, older=older)
    key = verifier_key("temoin", WITNESS.verifying_key, witness=True)
    keys = parts.proofs.keys
    bundle = parts.sealed()
    pinned = type(keys)(keys.log, (key,))
    done = verify(io.BytesIO(bundle), pinned)
    assert done.fault is None
    [said] = [passed.facts for passed in done.passed if passed.code is Code.WITNESS]
    expected = (
        {"witnesses": 1, "first": min(sizes), "last": max(sizes)} if sizes else {"witnesses": 0}
    )
    assert said == expected


def cosigning(sizes: tuple[int, ...]) -> tuple[bytes, Keys, int]:
    """A bundle a witness cosigned at some sizes, keys that pin it, and the last step's place."""
    world = upgraded(batches=3)
    older = {
        size: [cosign(note_of(world, size).checkpoint, "temoin", WITNESS, 1_800_000_000 + size)]
        for size in sizes
    }
    parts = parts_of(world, older=older)
    key = verifier_key("temoin", WITNESS.verifying_key, witness=True)
    # The window is closed by the last entry but one; the last says that a bundle is made.
    return parts.sealed(), Keys(parts.proofs.keys.log, (key,)), len(world.log) - 2


def test_a_witness_that_is_required_must_have_cosigned_the_last_step_of_the_window() -> None:
    _, _, last = cosigning(())
    for sizes, sound in (((), False), ((5,), False), ((5, last), False), ((last + 1,), True)):
        bundle, pinned, _ = cosigning(sizes)
        assert verify(io.BytesIO(bundle), pinned).fault is None
        done = verify(io.BytesIO(bundle), pinned, every_witness=True)
        assert (done.failed is None) is sound, sizes
        if not sound:
            assert done.failed is Code.WITNESS
            assert str(done.fault) == (
                f"temoin cosigned no checkpoint that has entry {last}, the last step of the window"
            )


def test_every_witness_that_is_pinned_is_required_and_only_those_heard_are_counted() -> None:
    _, _, last = cosigning(())
    bundle, pinned, _ = cosigning((last + 1,))
    other = SigningKey.from_seed(b"other".ljust(32, b".")).verifying_key
    both = Keys(pinned.log, (*pinned.witnesses, verifier_key("autre", other, witness=True)))
    done = verify(io.BytesIO(bundle), both)
    [said] = [passed.facts for passed in done.passed if passed.code is Code.WITNESS]
    assert said == {"witnesses": 1, "first": last + 1, "last": last + 1}
    fault = verify(io.BytesIO(bundle), both, every_witness=True).fault
    assert str(fault).startswith("autre cosigned no checkpoint")


def test_a_member_that_would_fill_the_memory_is_not_read() -> None:
    # Before any signature is checked: whoever sends a file can write this one.
    file = io.BytesIO()
    archive = ArchiveWriter(file)
    archive.add(KEYS, [b'{"a":[', *[b"[]," * (1 << 20)] * 3, b"[]]}"])
    archive.close()
    fault = verify(file).fault
    assert fault is not None
    assert (fault.code, str(fault)) == (
        Code.KEYS,
        "the member keys.json has 9437194 bytes, more than 8388608",
    )
