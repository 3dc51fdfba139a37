"""DSSE envelopes: what is signed is the exact payload and its type, never a re-serialisation.

Envelope and pre-authentication encoding follow the Dead Simple Signing Envelope specification,
version 1. Of the JSON forms the specification allows, only the canonical one is read and written
here: base64 with padding, fields in order, nothing else. One envelope has therefore one sequence of
bytes, and the hash of those bytes can be a leaf of the log.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from probes.model.canonical import MalformedError, array, decode_object, encode, text
from probes.model.keys import KeyId, SigningKey, VerifyingKey

BATCH_TYPE: Final = "application/vnd.constat.batch+json"
ENTRY_TYPE: Final = "application/vnd.constat.entry+json"
ENROLMENT_TYPE: Final = "application/vnd.constat.enrolment+json"
ENVELOPE_MEDIA_TYPE: Final = "application/vnd.dsse.envelope.v1+json"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature and the name of the key that is said to have made it."""

    key_id: KeyId
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, its media type, and the signatures over both."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]

    @classmethod
    def seal(cls, payload_type: str, payload: bytes, key: SigningKey) -> "Envelope":
        """Return the envelope of a payload signed by one key."""
        signature = key.sign(pre_authentication_encoding(payload_type, payload))
        return cls(payload_type, payload, (Signature(key.verifying_key.key_id, signature),))

    @classmethod
    def decode(cls, data: bytes) -> "Envelope":
        """Return the envelope these bytes are; `MalformedError` unless they are its one form."""
        fields = decode_object(data)
        envelope = cls(
            payload_type=text(fields, "payloadType"),
            payload=_unbase64(text(fields, "payload"), "payload"),
            signatures=tuple(_signature(entry) for entry in array(fields, "signatures")),
        )
        if not envelope.signatures:
            raise MalformedError("signatures: is empty")
        if envelope.encode() != data:
            raise MalformedError("the envelope is not in its canonical form")
        return envelope

    def encode(self) -> bytes:
        """Return the one form of this envelope."""
        signatures = ",".join(
            f'{{"keyid":"{signature.key_id}","sig":"{_base64(signature.value)}"}}'
            for signature in self.signatures
        )
        payload_type = encode(self.payload_type).decode()
        return (
            f'{{"payload":"{_base64(self.payload)}","payloadType":{payload_type},'
            f'"signatures":[{signatures}]}}'
        ).encode()

    def signed_by(self, key: VerifyingKey) -> bool:
        """Return whether one of the signatures filed under the key's name is really its own."""
        message = pre_authentication_encoding(self.payload_type, self.payload)
        name = key.key_id
        return any(
            signature.key_id == name and key.verifies(signature.value, message)
            for signature in self.signatures
        )


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that are signed (DSSE v1, PAE)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def _signature(entry: object) -> Signature:
    if not isinstance(entry, dict):
        raise MalformedError("signatures: expected objects")
    fields = {**entry}
    return Signature(KeyId(_key_id(text(fields, "keyid"))), _unbase64(text(fields, "sig"), "sig"))


def _key_id(name: str) -> str:
    if len(name) != 32 or set(name) - set("0123456789abcdef"):  # noqa: PLR2004 - see key_id
        raise MalformedError("keyid: expected 32 hexadecimal digits")
    return name


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(value: str, key: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedError(f"{key}: is not base64") from None
