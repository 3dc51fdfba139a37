"""Ed25519 keys (RFC 8032) and the strict check every public key passes before it is trusted.

The library underneath accepts any 32 bytes as a public key. Under a key of small order one
signature verifies for many messages, and an encoding that is not canonical gives one key two names:
both are refused here, as are bytes that are no point of the curve.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NewType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KeyId = NewType("KeyId", str)

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ORDER_8: Final = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_SMALL_ORDER_Y: Final = frozenset({0, 1, _P - 1, _ORDER_8, _P - _ORDER_8})


class WeakKeyError(ValueError):
    """A public key that must not be trusted: malformed, not canonical, or of small order."""


def key_id(raw_public_key: bytes) -> KeyId:
    """Return the name of a public key: the first 32 hexadecimal digits of its SHA-256."""
    return KeyId(sha256(raw_public_key).hexdigest()[:32])


def check_public_key(raw: bytes) -> None:
    """Raise `WeakKeyError` unless these 32 bytes are a canonical point of large order.

    RFC 8032 section 5.1.3 for the decoding; the small-order points are those whose y is 0, ±1 or
    one of the two of order eight.
    """
    if len(raw) != 32:  # noqa: PLR2004 - RFC 8032: a public key has 32 octets
        raise WeakKeyError(f"a public key has 32 bytes, not {len(raw)}")
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _P:
        raise WeakKeyError("the public key is not in canonical form")
    if y in _SMALL_ORDER_Y:
        raise WeakKeyError("the public key is a point of small order")
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    if pow(x_squared, (_P - 1) // 2, _P) != 1:
        raise WeakKeyError("the public key is not a point of the curve")


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key that passed the strict check."""

    raw: bytes
    _key: Ed25519PublicKey

    @classmethod
    def from_raw(cls, raw: bytes) -> "VerifyingKey":
        """Return the key of these 32 bytes; `WeakKeyError` when it must not be trusted."""
        check_public_key(raw)
        return cls(raw, Ed25519PublicKey.from_public_bytes(raw))

    @property
    def key_id(self) -> KeyId:
        """The name under which signatures of this key are filed."""
        return key_id(self.raw)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Return whether this key made the signature of the message."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; it never leaves the machine it was made on, and has no readable form."""

    _key: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> "SigningKey":
        """Make a new key from the system's random source."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """Return the key of a 32-byte seed; `ValueError` for any other length."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes, for the one file that keeps them."""
        return self._key.private_bytes_raw()

    @property
    def verifying_key(self) -> VerifyingKey:
        """The public half."""
        public = self._key.public_key()
        return VerifyingKey(public.public_bytes_raw(), public)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature of a message (RFC 8032, deterministic)."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey({self.verifying_key.key_id})"
