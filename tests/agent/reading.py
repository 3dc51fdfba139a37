"""How the tests read what the agent sealed: as a collector would, signature first."""

import gzip

from agent.seal import Sealed
from probes.model.batch import Batch
from probes.model.envelope import BATCH_TYPE, Envelope
from probes.model.keys import VerifyingKey


def envelope_of(sealed: Sealed) -> bytes:
    """Return the envelope as it is sent, decompressed."""
    return gzip.decompress(sealed.body) if sealed.gzipped else sealed.body


def batch_of(sealed: Sealed, key: VerifyingKey) -> Batch:
    """Return the batch that is sealed, after its signature was verified."""
    envelope = Envelope.decode(envelope_of(sealed))
    assert envelope.payload_type == BATCH_TYPE
    assert envelope.signed_by(key)
    return Batch.decode(envelope.payload)
