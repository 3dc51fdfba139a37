"""Checkpoints: the head of a log as one signed text, and what witnesses add to it.

The forms are those of C2SP: a *signed note* whose text is a *tlog-checkpoint* (origin, size, root),
with Ed25519 signatures of type 0x01 and, from witnesses, cosignatures of version 1, type 0x04. Of
the texts a checkpoint may have, only the one without extension lines is read and written here.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote, unquote

from probes.model.complaint import shortened
from probes.model.keys import SigningKey, VerifyingKey, WeakKeyError
from probes.model.merkle import HASH_BYTES

LARGEST_NOTE: Final = 64 << 10
MOST_SIGNATURES: Final = 64

_LOG: Final = 0x01
_WITNESS: Final = 0x04
_ID_BYTES: Final = 4
_TIME_BYTES: Final = 8
_TIME_END: Final = 1 << 63  # tlog-cosignature: a time must not exceed 2^63 - 1
_SIGNATURE_BYTES: Final = 64
_DASH: Final = "\u2014"
_NAME: Final = re.compile(r"[^\s+]{1,500}")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


class CheckpointError(ValueError):
    """A note that is no checkpoint, or a signature on it that does not hold."""

    def __init__(self, complaint: str) -> None:
        super().__init__(shortened(complaint))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: the log's name, how many leaves it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


@dataclass(frozen=True, slots=True)
class Signature:
    """A line under a note: a name, and the bytes that follow the identifier of its key."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """Return the line."""
        return f"{_DASH} {self.name} {_base64(self.key_id + self.value)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint and the signatures under it, none of them believed yet."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    def text(self) -> str:
        """Return the note, as it was read."""
        return f"{self.checkpoint.body()}\n" + "".join(each.line() for each in self.signatures)

    def verified(self, name: str, key: VerifyingKey) -> Checkpoint:
        """Return the checkpoint if a log signed it; else `CheckpointError`."""
        wanted = _key_id(name, _LOG, key)
        lines = [each for each in self.signatures if (each.name, each.key_id) == (name, wanted)]
        if not lines:
            raise CheckpointError(f"the checkpoint is not signed by {name}")
        message = self.checkpoint.body().encode()
        if not all(key.verifies(each.value, message) for each in lines):
            raise CheckpointError(f"the signature of {name} on the checkpoint does not hold")
        return self.checkpoint

    def of_log_alone(self, name: str, key: VerifyingKey) -> "Note":
        """Return the note as its log signed it, before any witness added a line."""
        wanted = _key_id(name, _LOG, key)
        lines = (each for each in self.signatures if (each.name, each.key_id) == (name, wanted))
        return Note(self.checkpoint, tuple(lines))

    def cosigned_at(self, name: str, key: VerifyingKey) -> int | None:
        """Return when a witness cosigned, in seconds since 1970; None if it did not.

        Raises `CheckpointError` for a line of that key that does not hold.
        """
        wanted = _key_id(name, _WITNESS, key)
        times = [
            _cosigned_at(self.checkpoint, each, key)
            for each in self.signatures
            if (each.name, each.key_id) == (name, wanted)
        ]
        return min(times, default=None)

    def with_lines(self, lines: Iterable[str]) -> "Note":
        """Return the note with more signature lines, each once."""
        more = [_signature(line) for line in lines]
        return Note(self.checkpoint, tuple(dict.fromkeys([*self.signatures, *more])))


def origin_of(tenant: str, key_id: str) -> str:
    """Return the name of a tenant's log, which is also that of its key in notes."""
    return f"constat/{key_id}/{quote(tenant, safe='')}"


def tenant_of(origin: str) -> str:
    """Return whose log a name is; `CheckpointError` for a name that `origin_of` does not give."""
    _, _, rest = origin.partition("/")
    key_id, _, quoted = rest.partition("/")
    tenant = unquote(quoted)
    if origin_of(tenant, key_id) != origin:
        raise CheckpointError(f"{origin} is not the log of a hospital")
    return tenant


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> Note:
    """Return a checkpoint signed by its log, whose key bears the name of the log."""
    name = _name(checkpoint.origin)
    value = key.sign(checkpoint.body().encode())
    return Note(checkpoint, (Signature(name, _key_id(name, _LOG, key.verifying_key), value),))


def cosign(checkpoint: Checkpoint, name: str, key: SigningKey, at_s: int) -> str:
    """Return the line by which a witness says that it saw this checkpoint at that second."""
    stamp = at_s.to_bytes(_TIME_BYTES, "big")
    value = stamp + key.sign(_cosigned(checkpoint, at_s))
    return Signature(_name(name), _key_id(name, _WITNESS, key.verifying_key), value).line()


def read_checkpoint(data: bytes) -> Note:
    """Return the note of these bytes; `CheckpointError` unless they are its one form."""
    if len(data) > LARGEST_NOTE:
        raise CheckpointError(f"a checkpoint has at most {LARGEST_NOTE} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise CheckpointError("the checkpoint is not UTF-8") from None
    body, parted, lines = text.partition("\n\n")
    if not parted or _CONTROL.search(text):
        raise CheckpointError("the checkpoint is not a signed note")
    signatures = [_signature(line) for line in lines.splitlines(keepends=True)]
    if not 0 < len(signatures) <= MOST_SIGNATURES:
        raise CheckpointError(f"a checkpoint has 1 to {MOST_SIGNATURES} signatures")
    note = Note(_checkpoint(body), tuple(signatures))
    if note.text() != text:
        raise CheckpointError("the checkpoint is not in its one form")
    return note


def read_cosignature(line: str) -> Signature:
    """Return the line of a cosignature, of whatever key; `CheckpointError` if it is none."""
    signature = _signature(line)
    if len(signature.value) != _TIME_BYTES + _SIGNATURE_BYTES:
        raise CheckpointError("the line is not that of a cosignature")
    return signature


def verifier_key(name: str, key: VerifyingKey, *, witness: bool = False) -> str:
    """Return a public key as notes' users write it: name, identifier, type and key."""
    kind = _WITNESS if witness else _LOG
    return f"{_name(name)}+{_key_id(name, kind, key).hex()}+{_base64(bytes([kind]) + key.raw)}"


def read_verifier_key(text: str) -> tuple[str, VerifyingKey, bool]:
    """Return name and key, and whether it is a witness's; `CheckpointError` for anything else."""
    named, _, rest = text.strip().partition("+")
    name = _name(named)
    _, _, encoded = rest.partition("+")
    typed = _unbase64(encoded)
    if len(typed) != 1 + HASH_BYTES or typed[0] not in (_LOG, _WITNESS):
        raise CheckpointError(f"{text!r} is no verifier key of a log or a witness")
    try:
        key = VerifyingKey.from_raw(typed[1:])
    except WeakKeyError as error:
        raise CheckpointError(f"the verifier key of {name}: {error}") from None
    witness = typed[0] == _WITNESS
    if verifier_key(name, key, witness=witness) != text.strip():
        raise CheckpointError(f"the verifier key of {name} is not in its one form")
    return name, key, witness


def _checkpoint(body: str) -> Checkpoint:
    lines = body.split("\n")
    if len(lines) != 3:  # noqa: PLR2004 - origin, size, root
        raise CheckpointError("a checkpoint has three lines: origin, size and root")
    origin, size, root = lines
    if not origin or _NUMBER.fullmatch(size) is None:
        raise CheckpointError("the checkpoint has no origin, or its size is not a number")
    hashed = _unbase64(root)
    if len(hashed) != HASH_BYTES:
        raise CheckpointError(f"the root of the checkpoint does not have {HASH_BYTES} bytes")
    return Checkpoint(origin, int(size), hashed)


def _signature(line: str) -> Signature:
    parts = line.removesuffix("\n").split(" ")
    if len(parts) != 3 or parts[0] != _DASH:  # noqa: PLR2004 - dash, name, bytes
        raise CheckpointError("the checkpoint has a line that is no signature")
    value = _unbase64(parts[2])
    if len(value) <= _ID_BYTES:
        raise CheckpointError("the checkpoint has a signature that is too short")
    return Signature(_name(parts[1]), value[:_ID_BYTES], value[_ID_BYTES:])


def _cosigned_at(checkpoint: Checkpoint, signature: Signature, key: VerifyingKey) -> int:
    stamp, value = signature.value[:_TIME_BYTES], signature.value[_TIME_BYTES:]
    at_s = int.from_bytes(stamp, "big")
    bounded = at_s < _TIME_END and len(value) == _SIGNATURE_BYTES
    if not bounded or not key.verifies(value, _cosigned(checkpoint, at_s)):
        raise CheckpointError(f"the cosignature of {signature.name} does not hold")
    return at_s


def _cosigned(checkpoint: Checkpoint, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{checkpoint.body()}".encode()


def _key_id(name: str, kind: int, key: VerifyingKey) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + key.raw).digest()[:_ID_BYTES]


def _name(name: str) -> str:
    if _NAME.fullmatch(name) is None or not name.isprintable():
        raise CheckpointError(f"{name!r} cannot name a key: no spaces, no plus signs")
    return name


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise CheckpointError("something in it is not base64") from None
