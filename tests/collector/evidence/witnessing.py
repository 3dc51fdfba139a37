"""A witness with a fixed key, and a bundle with the checkpoint that it cosigned."""

from typing import Final

from collector.evidence.bundle import Keys
from probes.model.checkpoint import cosign, verifier_key
from probes.model.keys import SigningKey
from tests.collector.evidence.attacking import PINNED, begun, ended
from tests.collector.evidence.worlds import note_of, parts_of

WITNESS: Final = SigningKey.from_seed(b"witness".ljust(32, b"."))
WITNESS_KEY: Final = verifier_key("temoin", WITNESS.verifying_key, witness=True)
# After what was agreed and announced, before the last batches.
OLD: Final = 17


def pinning_witness() -> Keys:
    """The keys of an auditor who knows the witness."""
    return Keys(PINNED.log, (WITNESS_KEY,))


def cosigned(by: SigningKey = WITNESS) -> bytes:
    """A sound bundle with the checkpoint that a witness cosigned."""
    world = ended(begun())
    line = cosign(note_of(world, OLD).checkpoint, "temoin", by, 1_800_000_000)
    return parts_of(world, older={OLD: [line]}).sealed()
