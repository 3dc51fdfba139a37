"""What arrived: an envelope of bytes becomes a batch of a known agent, or is refused.

Nothing is stored that was not signed by the agent it names, or that the model would not accept.
"""

import binascii
from hashlib import sha256
from typing import Final, NamedTuple

from collector.errors import RefusedError
from collector.store.agents import Agent
from collector.store.packing import Header, NotPackedError, pack, pack_batch
from collector.store.wire import WireBatch, WireNumbers, read_plain, read_strictly
from probes.model.batch import MAX_BYTES
from probes.model.canonical import MalformedError
from probes.model.envelope import BATCH_TYPE, Envelope, Signature
from probes.model.keys import KeyId

LARGEST_ENVELOPE: Final = MAX_BYTES * 4 // 3 + 1024

_START: Final = b'{"payload":"'
_TYPE: Final = b'","payloadType":"%b","signatures":[{"keyid":"' % BATCH_TYPE.encode()
_SIG: Final = b'","sig":"'
_END: Final = b'"}]}'
_KEY_ID: Final = 32
_SIGNATURE: Final = 88
_TAIL: Final = len(_TYPE) + _KEY_ID + len(_SIG) + _SIGNATURE + len(_END)
_HEXADECIMAL: Final = frozenset(b"0123456789abcdef")


class TooLargeError(RefusedError):
    """The batch is larger than any agent may send."""


class Received(NamedTuple):
    """A batch that is what its agent signed."""

    agent: Agent
    batch: WireBatch
    numbers: WireNumbers | None
    envelope: Envelope
    encoded: bytes
    payload_hash: bytes

    def packed(self, header: Header) -> bytes:
        """Return the form the batch is stored in; `MalformedError` for one the model refuses.

        The quick reading passes over whatever it does not know. Packing shows that there is more in
        the payload than it read, and the model says whether that may be there.
        """
        payload = self.envelope.payload
        if self.numbers is None:
            return pack(self.envelope)
        try:
            signature = self.envelope.signatures[0].value
            return pack_batch(self.batch, self.numbers, signature, header, payload)
        except NotPackedError:
            read_strictly(payload)
            return pack(self.envelope)


def read_envelope(data: bytes) -> Envelope:
    """Return the envelope of a batch; `MalformedError` unless the bytes are its one form."""
    envelope = _usual(data) or Envelope.decode(data)
    if envelope.payload_type != BATCH_TYPE:
        raise MalformedError(f"payloadType: expected {BATCH_TYPE}")
    if len(envelope.signatures) != 1:
        raise MalformedError("signatures: expected one")
    if len(envelope.payload) > MAX_BYTES:
        raise TooLargeError(f"a batch has at most {MAX_BYTES} bytes")
    return envelope


def read_batch(agent: Agent, envelope: Envelope, encoded: bytes) -> Received:
    """Return the batch that an agent signed; `MalformedError` when it is none, or another's."""
    if not envelope.signed_by(agent.key):
        raise MalformedError("signatures: the agent did not sign this")
    plain = read_plain(envelope.payload)
    batch, numbers = plain or (read_strictly(envelope.payload), None)
    signer = envelope.signatures[0].key_id
    for field, named, known in (
        ("agent", batch.agent, signer),
        ("tenant", batch.tenant, agent.tenant),
        ("vantage", batch.vantage, agent.vantage),
    ):
        if named != known:
            raise MalformedError(f"{field}: the agent was enrolled as {known!r}, not {named!r}")
    payload_hash = sha256(envelope.payload).digest()
    return Received(agent, batch, numbers, envelope, encoded, payload_hash)


def _usual(data: bytes) -> Envelope | None:
    """Read the form every agent sends; None for any other, which may still be an envelope.

    One form has one place for everything, so the payload is found without parsing.
    """
    type_at = len(data) - _TAIL
    key_at = type_at + len(_TYPE)
    sig_at = key_at + _KEY_ID
    value_at = sig_at + len(_SIG)
    key, value = data[key_at:sig_at], data[value_at : value_at + _SIGNATURE]
    skeleton = _START + _TYPE + _SIG + _END
    found = data[: len(_START)] + data[type_at:key_at] + data[sig_at:value_at] + data[-len(_END) :]
    if type_at < len(_START) or found != skeleton or not _HEXADECIMAL.issuperset(key):
        return None
    body = data[len(_START) : type_at]
    try:
        payload, signature = binascii.a2b_base64(body), binascii.a2b_base64(value)
    except binascii.Error:
        return None
    if _base64(payload) != body or _base64(signature) != value:
        return None
    return Envelope(BATCH_TYPE, payload, (Signature(KeyId(key.decode()), signature),))


def _base64(data: bytes) -> bytes:
    return binascii.b2a_base64(data, newline=False)
