"""What a collector says of a batch it took, and why that need not be believed.

The checkpoint must be signed by the log key the collector had at enrolment, the batch be under it,
and the log continue the one this agent was shown last. A collector that shows another history is
refused for good, and what it signed is kept: two checkpoints of one log that contradict each other
are the proof, whoever reads them (RFC 9162, section 2.1).
"""

import binascii
import gzip
from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from agent.cursors import Cursor
from agent.seal import Sealed
from probes.model.canonical import MalformedError, array, integer, text
from probes.model.checkpoint import Checkpoint, CheckpointError, origin_of, read_checkpoint
from probes.model.keys import VerifyingKey
from probes.model.merkle import MerkleError, leaf_hash, verify_consistency, verify_inclusion

_MOST_HASHES: Final = 64


class InconsistentError(Exception):
    """A collector signed what contradicts what it signed before; `note` is the newer one."""

    def __init__(self, reason: str, note: str) -> None:
        super().__init__(reason)
        self.note = note


@dataclass(frozen=True, slots=True)
class Verifier:
    """What an agent remembers to hold a collector to: who it is itself, and the log's key.

    A collector that moved to an address of which nothing is known may have any of the keys.
    """

    agent: str
    tenant: str
    log_keys: tuple[VerifyingKey, ...]

    def cursor_after(self, fields: dict[str, object], batch: Sealed, before: Cursor) -> Cursor:
        """Return how far the collector is, by the acknowledgement of a batch.

        Raises `MalformedError` for one that cannot be used, `InconsistentError` for one that must
        not be believed.
        """
        if text(fields, "agent") != self.agent or integer(fields, "batch") != batch.number:
            raise MalformedError(f"it is not for batch {batch.number} of {self.agent}")
        note = text(fields, "checkpoint")
        checkpoint = self._signed(note)
        index = integer(fields, "index")
        try:
            verify_inclusion(
                leaf_hash(_envelope(batch)),
                index,
                checkpoint.size,
                _hashes(fields, "inclusion"),
                checkpoint.root,
            )
            self._verify_continues(fields, before.checkpoint, checkpoint)
        except MerkleError as fault:
            raise InconsistentError(str(fault), note) from None
        return Cursor(batch.number, batch.last, index, note)

    def _signed(self, note: str) -> Checkpoint:
        try:
            signed = read_checkpoint(note.encode())
            for key in self.log_keys:
                if signed.checkpoint.origin == origin_of(self.tenant, key.key_id):
                    return signed.verified(signed.checkpoint.origin, key)
        except CheckpointError as fault:
            raise MalformedError(f"checkpoint: {fault}") from None
        raise MalformedError("checkpoint: it is not signed by a collector we are enrolled with")

    def _verify_continues(
        self, fields: dict[str, object], seen: str, checkpoint: Checkpoint
    ) -> None:
        if not seen:
            return
        before = read_checkpoint(seen.encode()).checkpoint
        if checkpoint.size < before.size:
            raise MerkleError(f"it has {checkpoint.size} entries, and {before.size} before")
        verify_consistency(
            before.size,
            checkpoint.size,
            before.root,
            checkpoint.root,
            _hashes(fields, "consistency"),
        )


def size_of(note: str) -> int:
    """Return how many entries a checkpoint covers, 0 for none."""
    return read_checkpoint(note.encode()).checkpoint.size if note else 0


def _envelope(batch: Sealed) -> bytes:
    return gzip.decompress(batch.body) if batch.gzipped else batch.body


def _hashes(fields: dict[str, object], key: str) -> list[bytes]:
    values = array(fields, key)
    if len(values) > _MOST_HASHES:
        raise MalformedError(f"{key}: more than {_MOST_HASHES} hashes")
    try:
        return [b64decode(value, validate=True) for value in values if isinstance(value, str)]
    except (binascii.Error, ValueError):
        raise MalformedError(f"{key}: is not base64") from None
