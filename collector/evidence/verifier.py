"""A second, independent verifier of Constat evidence bundles, in one file to be read and run.

    python3 verifier.py WINDOW.constat [--keys PINNED.json] [--json] [--lang fr|en]

It follows docs/formats.md and docs/rules.md, shares no code with the program that makes
bundles, and needs Python 3.11 or newer and the package `cryptography`, 42 or newer. It takes the
fifteen steps of docs/formats.md in order, a line each, and stops at the first that fails.

Exit codes: 0 sound, compliant; 3 sound, a breach of duration or notice; 4 sound, inconclusive or
pending; 7 not sound; 2 the command was wrong; 1 the file could not be read to its end.

What it does not do, and leaves to the main verifier:

- Public holidays are taken from window.json; only days the site adds or removes are checked.
- Of report.json it recomputes schema, window, duration, figures, outages, unobserved, notice,
  early_start, overrun and coverage: what a verdict rests on; and of what window it is, and of
  which log. The further fields it does not.
- Of a time stamp it verifies imprint, signature (RSA PKCS #1 v1.5 or ECDSA), the certificate's
  purpose and the path to a pinned root at the time stated; no revocation, no policies.
"""

import argparse
import base64
import binascii
import datetime as dt
import hashlib
import io
import json
import os
import re
import stat
import sys
import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import accumulate, groupby, pairwise
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import Encoding
except ImportError:
    sys.exit("verifier.py needs the package cryptography: python3 -m pip install cryptography")

Json = dict[str, Any]

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
ZEROS = "0" * 64
BATCH = "application/vnd.constat.batch+json"
ENTRY = "application/vnd.constat.entry+json"
STATEMENT = "application/vnd.in-toto+json"
LONGEST_LINE = 16 << 20
LONGEST_MEMBER = 64 << 20
LONGEST_UNSIGNED = 4 << 20  # what is read before any signature was verified
MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 8
MOST_MEASUREMENTS = 5_000
MOST_AMOUNT = 1_000


class UnsoundError(Exception):
    """The evidence does not hold; says where."""


def sha256(data: bytes) -> bytes:
    """Return the digest."""
    return hashlib.sha256(data).digest()


def demand(holds: object, where: str) -> None:
    """Refuse the evidence unless something holds."""
    if not holds:
        raise UnsoundError(where)


# JSON: the subset of RFC 8785 without floats and null, and one reader of it.


def read_json(data: bytes) -> Any:
    """Return the value of a text: no duplicate keys, floats, null, depth > 8 or large integers."""
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnsoundError(f"JSON: {str(error)[:80]}") from None
    _check_json(value, 0)
    return value


def canonical(value: object) -> bytes:
    """Return the one form of a value of that subset."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _pairs(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _refused(text: str) -> Any:
    raise ValueError(f"{text[:20]} is not allowed")


def _integer(text: str) -> int:
    if len(text) > len(str(-MAX_INTEGER)) or abs(int(text)) > MAX_INTEGER:
        raise ValueError("an integer is beyond 2**53 - 1")
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=_refused, parse_constant=_refused, parse_int=_integer
)


def _check_json(value: object, depth: int) -> None:
    if isinstance(value, str):
        demand(not any("\ud800" <= letter <= "\udfff" for letter in value), "JSON: surrogate")
    elif isinstance(value, list | dict):
        demand(depth < MAX_DEPTH, "JSON: nested deeper than 8")
        if isinstance(value, dict):
            demand(all(key.isascii() for key in value), "JSON: a key is not ASCII")
        for member in value.values() if isinstance(value, dict) else value:
            _check_json(member, depth + 1)
    else:
        demand(value is not None, "JSON: null")


def unbase64(text: str) -> bytes:
    """Return the bytes of standard base64 in its one form."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UnsoundError("base64") from None
    demand(base64.b64encode(data).decode() == text, "base64 is not in its one form")
    return data


# Ed25519 keys (RFC 8032), DSSE envelopes.

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


class Key(NamedTuple):
    """An Ed25519 key that may be trusted, and its name."""

    raw: bytes
    id: str
    public: ed25519.Ed25519PublicKey

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Return whether this key signed the message."""
        try:
            self.public.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def strong_key(raw: bytes) -> Key:
    """Return a key; refuse what is no point, not canonical, or of small order (8 P = 0)."""
    demand(len(raw) == 32, "a public key has 32 bytes")
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    demand(y < _P, "a public key is not canonical")
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(x_squared, (_P + 3) // 8, _P)
    if x * x % _P != x_squared:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    demand(x * x % _P == x_squared, "a public key is no point of the curve")
    for _ in range(3):  # the point added to itself, thrice: eight times the point
        product = _D * x * x * y * y % _P
        x, y = (
            2 * x * y * pow(1 + product, -1, _P) % _P,
            (y * y + x * x) * pow(1 - product, -1, _P) % _P,
        )
    demand((x, y) != (0, 1), "a public key is of small order")
    return Key(raw, sha256(raw).hex()[:32], ed25519.Ed25519PublicKey.from_public_bytes(raw))


class Envelope(NamedTuple):
    """A DSSE envelope with its one signature."""

    type: str
    payload: bytes
    keyid: str
    signature: bytes

    def signed_by(self, key: Key) -> bool:
        """Return whether a key signed payload and type (DSSE v1, PAE)."""
        kind = self.type.encode()
        message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)
        return self.keyid == key.id and key.verifies(self.signature, message)


_ENVELOPE = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/=]*)","payloadType":"([a-z0-9./+-]+)",'
    rb'"signatures":\[\{"keyid":"([0-9a-f]{32})","sig":"([A-Za-z0-9+/=]+)"\}\]\}'
)


def read_envelope(data: bytes) -> Envelope:
    """Return the envelope of these bytes, which must be in their one form (ADR 4)."""
    found = _ENVELOPE.fullmatch(data)
    if found is None:
        raise UnsoundError("no envelope in its one form")
    payload, kind, keyid, signature = (part.decode() for part in found.groups())
    return Envelope(kind, unbase64(payload), keyid, unbase64(signature))


# Signed notes, checkpoints and cosignatures (C2SP).

LOG, WITNESS = 1, 4


def key_hash(name: str, kind: int, key: Key) -> bytes:
    """Return the four bytes by which a note's line names a key."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + key.raw)[:4]


def read_verifier_key(text: str, kind: int) -> tuple[str, Key]:
    """Return name and key of `name+hash+base64`."""
    found = re.fullmatch(r"([^\s+]{1,500})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text)
    if found is None:
        raise UnsoundError("a verifier key is name+hash+base64")
    typed = unbase64(found[3])
    demand(typed[:1] == bytes([kind]), f"{found[1]}: not the expected type of key")
    key = strong_key(typed[1:])
    demand(key_hash(found[1], kind, key).hex() == found[2], f"{found[1]}: hash of the key")
    return found[1], key


class Note(NamedTuple):
    """A checkpoint: the text that is signed, what it says, and its signature lines."""

    body: str
    origin: str
    size: int
    root: bytes
    lines: list[tuple[str, bytes, bytes]]

    def of(self, name: str, kind: int, key: Key) -> list[bytes]:
        """Return the signatures of a key, none of them verified."""
        wanted = key_hash(name, kind, key)
        return [value for who, which, value in self.lines if (who, which) == (name, wanted)]

    def signed_by_log(self, name: str, key: Key) -> bool:
        """Return whether the log signed it."""
        signatures = self.of(name, LOG, key)
        verified = (key.verifies(signature, self.body.encode()) for signature in signatures)
        return self.origin == name and bool(signatures) and all(verified)

    def as_signed_by_log(self, name: str, key: Key) -> bytes:
        """Return the note with the log's own line only."""
        wanted = key_hash(name, LOG, key)
        lines = [
            f"\u2014 {name} {base64.b64encode(wanted + value).decode()}\n"
            for value in self.of(name, LOG, key)
        ]
        return (self.body + "\n" + "".join(lines)).encode()

    def cosigned_at(self, name: str, key: Key) -> list[int]:
        """Return when a witness cosigned, in seconds; refuse a line that does not hold."""
        times = []
        for value in self.of(name, WITNESS, key):
            at = int.from_bytes(value[:8], "big")
            message = f"cosignature/v1\ntime {at}\n{self.body}".encode()
            demand(len(value) == 72 and at < 2**63, f"{name}: malformed cosignature")
            demand(key.verifies(value[8:], message), f"{name}: checkpoint {self.size}")
            times.append(at)
        return times


def read_note(data: bytes) -> Note:
    """Return the signed checkpoint of these bytes."""
    found = re.fullmatch(
        "(([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n)\n((?:\u2014 [^ \n]+ [^ \n]+\n){1,64})",
        data.decode("utf-8"),
    )
    if found is None:
        raise UnsoundError("no signed checkpoint")
    body, origin, size, root, lines = found.groups()
    signatures = []
    for line in lines.splitlines():
        _, name, encoded = line.split(" ")
        value = unbase64(encoded)
        signatures.append((name, value[:4], value[4:]))
    demand(len(unbase64(root)) == 32, "a root has 32 bytes")
    return Note(body, origin, int(size), unbase64(root), signatures)


# The Merkle tree (RFC 9162, section 2.1).


def join(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right)


def gap_nodes(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield level and place of the largest complete subtrees of a range of leaves."""
    while start < end:
        level = 0
        while start % (2 << level) == 0 and start + (2 << level) <= end:
            level += 1
        yield level, start >> level
        start += 1 << level


class Tree:
    """A tree built from left to right out of subtrees; holds no more than its right edge."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.size = 0
        self._edge: list[tuple[int, bytes]] = []

    def add(self, level: int, node: bytes) -> None:
        """Add the subtree of the next 2**level leaves."""
        self.size += 1 << level
        while self._edge and self._edge[-1][0] == level:
            node = join(self._edge.pop()[1], node)
            level += 1
        self._edge.append((level, node))

    def root(self) -> bytes:
        """Return the root."""
        if not self._edge:
            return sha256(b"")
        *rest, (_, node) = self._edge
        for _, left in reversed(rest):
            node = join(left, node)
        return node


def continues(first: int, old: bytes, second: int, new: bytes, path: list[bytes]) -> bool:
    """Return whether a tree continues a smaller one (RFC 9162, section 2.1.4.2)."""
    if not 0 < first < second or not path:
        return False
    if first & (first - 1) == 0:
        path = [old, *path]
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for node in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = join(node, fr), join(node, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = join(sr, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old and sr == new


# The container: a ZIP archive in its one form.


class Member(NamedTuple):
    """Where a member's content lies, and its digest."""

    offset: int
    size: int
    digest: str


_NAME = re.compile(rb"[A-Za-z0-9._-]*[A-Za-z0-9_-](?:/[A-Za-z0-9._-]*[A-Za-z0-9_-])*")


def _fixed(crc: int, size: int, name: bytes) -> bytes:
    """Return what the header of a member and its line in the directory have in common."""
    numbers = b"".join(number.to_bytes(4, "little") for number in (crc, size, size))
    return b"\x0a\0\0\0\0\0\0\0\x21\0" + numbers + len(name).to_bytes(2, "little") + b"\0\0"


def read_archive(file: BinaryIO) -> dict[str, Member]:
    """Return the members of an archive, each byte of which must be as the documents say."""
    length = file.seek(0, 2)
    demand(22 <= length < 2**32, "size of the file")
    file.seek(length - 22)
    end = file.read(22)
    count = int.from_bytes(end[10:12], "little")
    demand(1 <= count < 65_535, "number of members")
    members: dict[str, Member] = {}
    directory, file_at, last = [], 0, b""
    for _ in range(count):
        file.seek(file_at)
        head = file.read(30)
        size, of_name = int.from_bytes(head[18:22], "little"), int.from_bytes(head[26:28], "little")
        name = file.read(min(of_name, 201))
        demand(len(name) <= 200 and _NAME.fullmatch(name), "a name is not allowed")
        demand(name > last, f"{name.decode()}: not in order")
        content = file_at + 30 + len(name)
        demand(content + size <= length, f"{name.decode()}: cut")
        crc, digest = 0, hashlib.sha256()
        for part in _parts(file, size):
            crc = zlib.crc32(part, crc)
            digest.update(part)
        fixed = _fixed(crc, size, name)
        demand(head == b"PK\3\4" + fixed, f"{name.decode()}: header")
        directory.append(
            b"PK\1\2\x14\3" + fixed + bytes(6) + b"\0\0\xa4\x81" + file_at.to_bytes(4, "little")
        )
        directory[-1] += name
        members[name.decode()] = Member(content, size, digest.hexdigest())
        file_at, last = content + size, name
    listed = b"".join(directory)
    numbers = len(listed).to_bytes(4, "little") + file_at.to_bytes(4, "little") + b"\0\0"
    listed += b"PK\5\6\0\0\0\0" + 2 * count.to_bytes(2, "little") + numbers
    file.seek(file_at)
    demand(length - file_at == len(listed) and file.read(len(listed)) == listed, "directory")
    # With NUL for a slash, a folder sorts just before what is in it.
    folded = sorted(name.lower().replace("/", "\0") for name in members)
    for one, other in pairwise(folded):
        demand(one != other and not other.startswith(one + "\0"), "two names that conflict")
    return members


def _parts(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0:
        part = file.read(min(size, 1 << 20))
        demand(part, "cut")
        size -= len(part)
        yield part


# Time stamps (RFC 3161 in CMS, RFC 5652), by a small strict reader of DER.

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_SIGNATURES = {  # signature algorithm: of what key, over which digest (None: that of the signer)
    "1.2.840.113549.1.1.1": (rsa.RSAPublicKey, None),
    "1.2.840.113549.1.1.11": (rsa.RSAPublicKey, "2.16.840.1.101.3.4.2.1"),
    "1.2.840.113549.1.1.12": (rsa.RSAPublicKey, "2.16.840.1.101.3.4.2.2"),
    "1.2.840.113549.1.1.13": (rsa.RSAPublicKey, "2.16.840.1.101.3.4.2.3"),
    "1.2.840.10045.4.3.2": (ec.EllipticCurvePublicKey, "2.16.840.1.101.3.4.2.1"),
    "1.2.840.10045.4.3.3": (ec.EllipticCurvePublicKey, "2.16.840.1.101.3.4.2.2"),
    "1.2.840.10045.4.3.4": (ec.EllipticCurvePublicKey, "2.16.840.1.101.3.4.2.3"),
}
_SEQUENCE, _SET, _OCTETS, _OID, _NUMBER, _TIME = 0x30, 0x31, 0x04, 0x06, 0x02, 0x18


class Der(NamedTuple):
    """One element: its tag, its content, and all its bytes."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self, tag: int) -> "list[Der]":
        """Return the elements in one of this tag."""
        demand(self.tag == tag, f"DER: tag {self.tag:#x} for {tag:#x}")
        found, data = [], self.content
        while data:
            found.append(_der(data))
            data = data[len(found[-1].whole) :]
        return found

    def value(self, tag: int) -> bytes:
        """Return the content of an element of this tag."""
        demand(self.tag == tag, f"DER: tag {self.tag:#x} for {tag:#x}")
        return self.content

    def oid(self) -> str:
        """Return an object identifier in dots."""
        arcs, arc = [], 0
        for byte in self.value(_OID):
            arc = arc << 7 | byte & 127
            if byte < 128:
                arcs.append(arc)
                arc = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def _der(data: bytes) -> Der:
    length, start = data[1], 2
    if length > 127:
        start = 2 + (length & 127)
        demand(2 < start <= 6 and data[2] > 0, "DER: length")
        length = int.from_bytes(data[2:start], "big")
        demand(length > 127, "DER: length")
    demand(data[0] & 31 != 31 and start + length <= len(data), "DER: cut")
    return Der(data[0], data[start : start + length], data[: start + length])


def one_der(data: bytes) -> Der:
    """Return the one element of these bytes."""
    found = _der(data)
    demand(len(found.whole) == len(data), "DER: bytes after the end")
    return found


def verify_token(token: bytes, note: bytes, roots: list[x509.Certificate]) -> int:
    """Return when an authority under one of the roots stamped a note, microseconds UTC."""
    kind, content = one_der(token).parts(_SEQUENCE)
    demand(kind.oid() == "1.2.840.113549.1.7.2", "no SignedData")
    [inner] = content.parts(0xA0)
    _, _, encapsulated, listed, signers = inner.parts(_SEQUENCE)
    what, wrapped = encapsulated.parts(_SEQUENCE)
    demand(what.oid() == "1.2.840.113549.1.9.16.1.4", "no TSTInfo")
    info = wrapped.parts(0xA0)[0].value(_OCTETS)
    certificates = [x509.load_der_x509_certificate(each.whole) for each in listed.parts(0xA0)]
    [signer_info] = signers.parts(_SET)
    _, named, digest, attributes, algorithm, signature = signer_info.parts(_SEQUENCE)
    issuer, serial = named.parts(_SEQUENCE)
    [signer] = [
        each
        for each in certificates
        if each.issuer.public_bytes() == issuer.whole
        and each.serial_number == int.from_bytes(serial.value(_NUMBER), "big")
    ]
    hashed = digest.parts(_SEQUENCE)[0].oid()
    said = {}
    for attribute in attributes.parts(0xA0):
        which, values = attribute.parts(_SEQUENCE)
        demand(which.oid() not in said, "an attribute twice")
        [said[which.oid()]] = values.parts(_SET)
    demand(said["1.2.840.113549.1.9.3"].oid() == what.oid(), "content type")
    stated = said["1.2.840.113549.1.9.4"].value(_OCTETS)
    ours = hashlib.new(_HASHES[hashed].name, info).digest()
    demand(stated == ours, "digest of the TSTInfo")
    _check_named(said, signer)
    signed = bytes([_SET]) + attributes.whole[1:]
    _check_signature(signer, algorithm.parts(_SEQUENCE)[0].oid(), hashed, signature, signed)
    at = _stamped_at(one_der(info), note)
    usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    purposes = [x509.oid.ExtendedKeyUsageOID.TIME_STAMPING]
    demand(usage.critical and list(usage.value) == purposes, "certificate not for time stamps")
    demand(_reaches(signer, certificates, roots, at, 0), "no path to a pinned authority")
    return (at - EPOCH) // MICROSECOND


def _stamped_at(info: Der, note: bytes) -> dt.datetime:
    version, _, imprint, _, time, *_ = info.parts(_SEQUENCE)
    demand(version.value(_NUMBER) == b"\x01", "version of the TSTInfo")
    algorithm, digest = imprint.parts(_SEQUENCE)
    hashed = algorithm.parts(_SEQUENCE)[0].oid()
    demand(hashed == "2.16.840.1.101.3.4.2.1", "imprint is not SHA-256")
    demand(digest.value(_OCTETS) == sha256(note), "imprint is not of the checkpoint")
    found = re.fullmatch(rb"(\d{14})(?:\.(\d{1,6}))?Z", time.value(_TIME))
    if found is None:
        raise UnsoundError("time")
    at = dt.datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)
    return at + dt.timedelta(microseconds=int((found[2] or b"0").ljust(6, b"0")))


def _check_named(said: dict[str, Der], signer: x509.Certificate) -> None:
    """Refuse a token whose signed attributes name another certificate (RFC 2634, RFC 5035)."""
    der = signer.public_bytes(Encoding.DER)
    for oid in ("1.2.840.113549.1.9.16.2.47", "1.2.840.113549.1.9.16.2.12"):
        if oid in said:
            first = said[oid].parts(_SEQUENCE)[0].parts(_SEQUENCE)[0].parts(_SEQUENCE)
            if first[0].tag == _SEQUENCE:
                digest = _HASHES[first[0].parts(_SEQUENCE)[0].oid()]
                hashed = hashlib.new(digest.name, der).digest()
                demand(first[1].value(_OCTETS) == hashed, "another certificate is named")
            else:
                sha1 = hashlib.sha1(der, usedforsecurity=False).digest()
                hashed = sha256(der) if oid.endswith("47") else sha1
                demand(first[0].value(_OCTETS) == hashed, "another certificate is named")
            return
    raise UnsoundError("no certificate is named")


def _check_signature(
    signer: x509.Certificate, algorithm: str, hashed: str, signature: Der, signed: bytes
) -> None:
    kind, over = _SIGNATURES[algorithm]
    key, digest = signer.public_key(), _HASHES[over or hashed]
    demand(isinstance(key, kind), "signature of another kind than the key")
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature.value(_OCTETS), signed, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature.value(_OCTETS), signed, ec.ECDSA(digest))
    except InvalidSignature:
        raise UnsoundError("signature of the time stamp") from None


def _reaches(
    certificate: x509.Certificate,
    others: list[x509.Certificate],
    roots: list[x509.Certificate],
    at: dt.datetime,
    depth: int,
) -> bool:
    """Return whether a certificate, valid at an instant, is a root or issued under one."""
    if certificate in roots:
        return True
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        return False
    for issuer in [*roots, *others]:
        try:
            certificate.verify_directly_issued_by(issuer)
            is_authority = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
            continue
        if is_authority and depth < MAX_DEPTH and _reaches(issuer, others, roots, at, depth + 1):
            return True
    return False


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


# What the register says: agents, vantage points, the window, what was agreed.


class Statement(NamedTuple):
    """An entry of the register: its place among the leaves, and what it states."""

    place: int
    kind: str
    at_us: int
    body: Json


def steps_of(register: list[Statement], window: str) -> list[Statement]:
    """Return the entries that state something of a window."""
    kinds = ("window.", "intervention.")
    return [s for s in register if s.kind.startswith(kinds) and s.body.get("window") == window]


def window_from(  # noqa: C901, PLR0912 - a case for each kind of step
    register: list[Statement], window: str
) -> Json:
    """Return the window file that entries make, instants and durations in microseconds."""
    as_of = register[-1].at_us
    announced, *later = steps_of(register, window)
    demand(announced.kind == "window.announced", "the window is not announced first")
    plan = _interval(announced.body)
    told = {"notified_at": announced.at_us} if announced.at_us < plan["start"] else {}
    revisions = [{**plan, **told}]
    status, limit = "announced", announced.body.get("operation", {}).get("limit_us", 0)
    own: list[Json] = []
    persons: dict[str, Json] = {}
    first_started = plan["start"]
    for step in later:
        body = step.body
        match step.kind:
            case "window.rescheduled" | "window.extended":
                plan = _interval(body)
                revisions.append({**plan, "notified_at": step.at_us})
            case "window.started":
                status = "in_progress"
                own.append({"start": body["start_us"]})
            case "window.finished":
                own[-1]["end"] = body["end_us"]
            case "window.closed" | "window.cancelled":
                status = step.kind.removeprefix("window.")
            case "intervention.started":
                persons[body["intervention"]] = {"start": body["start_us"]}
            case "intervention.ended":
                persons[body["intervention"]]["end"] = body["end_us"]
            case "intervention.corrected":
                for change in body["changes"]:
                    _correct(persons[body["intervention"]], change["field"], change["new"])
            case "window.corrected":
                for change in body["changes"]:
                    name = change["field"].split(".")
                    if name[0] == "intervention":
                        _correct(own[int(name[1]) - 1], name[2], change["new"])
                    elif name == ["limit_us"]:
                        limit = change["new"] or 0
            case "window.authorised" | "window.informed" | "window.verdict":
                pass
            case unknown:
                raise UnsoundError(f"{unknown} is not a known step")
        first_started = min([first_started, *(each["start"] for each in (*own, *persons.values()))])
    fixed = min(max(min(plan["start"], first_started), announced.at_us), as_of)
    interventions = [
        {"start": each["start"], "end": max(each["start"] + 1, each.get("end") or as_of)}
        for each in (*own, *persons.values())
    ]
    agreed = agreed_at(register, announced.body["service"], fixed, limit)
    roster = agreed.pop("roster")
    kind = agreed["contract"]["panel_kind"]
    opened = max(min(plan["start"], first_started), announced.at_us)
    return {
        "id": window,
        "service": announced.body["service"],
        **agreed,
        "status": status,
        "plan": plan,
        "revisions": revisions,
        "interventions": interventions,
        "as_of": as_of,
        "panel": panel_at(register, min(opened, as_of + 1), kind, roster),
    }


def _interval(body: Json) -> Json:
    return {"start": body["start_us"], "end": body["end_us"]}


def _correct(intervention: Json, field: str, new: Any) -> None:
    """Put right when an intervention ran; an empty end is none."""
    if field in {"start_us", "end_us"}:
        intervention[field.removesuffix("_us")] = new


def agreed_at(register: list[Statement], service: str, at_us: int, limit: int) -> Json:
    """Return what was in force for a service at an instant, as a window file has it."""
    items: dict[tuple[str, str], Json] = {}
    hospital = ""
    for each in register:
        if each.kind == "catalogue.set" and each.at_us <= at_us:
            items[each.body["item"], each.body["name"]] = each.body["value"]
            hospital = each.body["name"] if each.body["item"] == "hospital" else hospital
    agreed = items["service", service]
    site = items["site", agreed["site"]]
    contract = agreed.get("contract") or items["hospital", hospital]["contract"]
    notice = contract["notice"]
    limits = {name: duration(text) for name, text in contract["max_downtime"].items()}
    if limit:
        limits[agreed["class"]] = limit
    return {
        "site": agreed["site"],
        "timezone": site["timezone"],
        "calendar": site.get("calendar", "FR"),
        "service_class": agreed["class"],
        "roster": agreed.get("panel"),
        "contract": {
            "max_downtime": limits,
            "downtime_rule": contract.get("downtime_rule", "cumulative"),
            "return_hold": duration(contract.get("return_hold", "PT5M")),
            "quorum": contract.get("quorum", 1),
            "panel_kind": contract.get("panel_kind", "workstation"),
            "notice": {"counting": "clear_days", **notice},
            "holidays": site.get("holidays", {}),  # what the site adds and removes
        },
        "checks": {
            name: {
                "interval": duration(check["interval"]),
                "max_gap": duration(check["max_gap"])
                if "max_gap" in check
                else 3 * duration(check["interval"]),
            }
            for name, check in agreed["checks"].items()
        },
    }


class Vantage(NamedTuple):
    """A vantage point: its kind, since when it stands, and until when."""

    kind: str
    since: int
    until: int | None
    imported: bool


def vantages_of(register: list[Statement]) -> dict[str, Vantage]:
    """Return every vantage point that was enrolled or that imports speak of."""
    kinds: dict[str, str] = {}
    since: dict[str, int] = {}
    imported: dict[str, int] = {}
    of_agent: dict[str, str] = {}
    shut_out: dict[str, int] = {}
    for each in register:
        body = each.body
        if each.kind == "agent.enrolled":
            of_agent[body["agent"]] = body["vantage"]
            kinds[body["vantage"]] = body["kind"]
            if body["vantage"] not in imported:
                since.setdefault(body["vantage"], each.at_us)
        elif each.kind in {"agent.forked", "agent.revoked"}:
            shut_out.setdefault(body["agent"], each.at_us)
        elif each.kind == "measurements.imported":
            for columns in body["columns"]:
                if columns["vantage"] not in since:
                    imported.setdefault(columns["vantage"], each.at_us)
                    kinds.setdefault(columns["vantage"], columns["kind"])
    found = {}
    for name, kind in kinds.items():
        ends = [shut_out.get(agent) for agent, vantage in of_agent.items() if vantage == name]
        closed = [end for end in ends if end is not None]
        until = max(closed) if name in since and len(closed) == len(ends) else None
        found[name] = Vantage(kind, {**imported, **since}[name], until, name not in since)
    return found


def panel_at(
    register: list[Statement], at_us: int, kind: str, roster: list[str] | None
) -> list[str]:
    """Return the panel at an instant, by name (rules, section 5)."""
    vantages = vantages_of(register)
    stood = {
        name: each.kind
        for name, each in vantages.items()
        if each.since < at_us and (each.until is None or each.until >= at_us)
    }
    if roster is not None:
        return sorted(name for name in set(roster) if name in stood or name not in vantages)
    return sorted([name for name in stood if stood[name] == kind] or stood)


# The window file.


def duration(text: str) -> int:
    """Return the microseconds of an ISO 8601 duration in days and smaller units."""
    found = re.fullmatch(
        r"P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,6})?)S)?)?", text
    )
    if found is None:
        raise UnsoundError(f"{text[:20]} is no duration")
    days, hours, minutes, seconds = (Decimal(part or 0) for part in found.groups())
    return int((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * SECOND)


def instant(text: str) -> int:
    """Return the microseconds since 1970 of an RFC 3339 instant."""
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)"
    demand(re.fullmatch(pattern, text), f"{text[:40]} is no instant")
    return (dt.datetime.fromisoformat(text) - EPOCH) // MICROSECOND


def read_window(document: Json) -> Json:
    """Return a window file with instants and durations in microseconds."""

    def interval(item: Json) -> Json:
        return {key: instant(value) for key, value in item.items()}

    contract = document["contract"]
    limits = {name: duration(text) for name, text in contract["max_downtime"].items()}
    hold = duration(contract["return_hold"])
    return {
        **document,
        "as_of": instant(document["as_of"]),
        "plan": interval(document["plan"]),
        "revisions": [interval(each) for each in document["revisions"]],
        "interventions": [interval(each) for each in document["interventions"]],
        "contract": {**contract, "max_downtime": limits, "return_hold": hold},
        "checks": {
            name: {key: duration(text) for key, text in check.items()}
            for name, check in document["checks"].items()
        },
    }


def hull_of(window: Json) -> "Span":
    """Return the hull of a window's plan and interventions (rules, section 7)."""
    spans = [window["plan"], *window["interventions"]]
    return Span(min(each["start"] for each in spans), max(each["end"] for each in spans))


def horizon_of(window: Json) -> "Span":
    """Return between which instants data are read."""
    hull = hull_of(window)
    return Span(hull.start - DAY, min(hull.end + DAY, window["as_of"]))


# The rules of measurement, sections 3 to 7: slow, plain, one sweep over all that changes.


class Span(NamedTuple):
    """A half-open interval, microseconds UTC."""

    start: int
    end: int


class Measured(NamedTuple):
    """One measurement; ordered as a check's are (ADR 6, ties)."""

    start: int
    end: int
    outcome: str
    error: int


Change = tuple[int, str]  # an instant, and the state from then on


def check_spans(measured: list[Measured], max_gap: int) -> list[tuple[Span, str]]:
    """Return where a check is proven available (A) or down (D), or in transition (T)."""
    known = sorted(each for each in measured if each.outcome != "unknown")
    spans: list[tuple[Span, str]] = []
    first: Measured | None = None
    for before, after in pairwise([*known, None]):
        if before is None:
            continue
        first = first or before
        contiguous = after is not None and after.start - before.start <= max_gap
        if after is not None and contiguous:
            span = Span(before.start - before.error, after.end + after.error)
            spans.append((span, "T"))
        if after is None or not contiguous or _class_of(after) != _class_of(before):
            span = Span(first.end + first.error, before.start - before.error)
            spans.append((span, _class_of(before)))
            first = None
    return spans


def _class_of(measured: Measured) -> str:
    return "D" if measured.outcome == "down" else "A"


def vantage_changes(checks: list[list[tuple[Span, str]]], horizon: Span) -> list[Change]:
    """Return how the state of a vantage point changes over the horizon (section 4)."""
    events = []
    for number, spans in enumerate(checks):
        for span, state in spans:
            start, end = max(span.start, horizon.start), min(span.end, horizon.end)
            if start < end:
                events += [(start, number, state, 1), (end, number, state, -1)]
    covering = [{"A": 0, "D": 0, "T": 0} for _ in checks]
    changes = [(horizon.start, "N")]
    for at, group in groupby(sorted(events), key=lambda event: event[0]):
        for _, number, state, step in group:
            covering[number][state] += step
        now = _vantage_state([next((s for s in "ADT" if each[s]), "N") for each in covering])
        if at == horizon.start:
            changes = [(at, now)]
        elif now != changes[-1][1]:
            changes.append((at, now))
    return changes


def _vantage_state(checks: list[str]) -> str:
    if "D" in checks or all(state == "A" for state in checks):
        return "D" if "D" in checks else "A"
    return "T" if "T" in checks else "N"


class Facts(NamedTuple):
    """What the hospital went through, before any contract (section 5)."""

    up: list[Span]
    proven: list[Span]
    outages: list[Span]
    unobserved: list[Span]


def hospital_facts(
    panel: list[list[Change]], downs: list[Span], quorum: int, horizon: Span
) -> Facts:
    """Return what a panel proves; `downs` are its `down` measurements, from start to end."""
    events = [(at, number, state) for number, one in enumerate(panel) for at, state in one]
    states = ["N"] * len(panel)
    count = {"A": 0, "D": 0, "T": 0, "N": len(panel)}
    up: list[Span] = []
    proven: list[Span] = []
    possible: list[Span] = []
    edges: list[tuple[int, tuple[bool, bool]]] = [(horizon.start, (False, False))]
    for at, group in groupby(sorted(events), key=lambda event: event[0]):
        for _, number, state in group:
            count[states[number]] -= 1
            count[state] += 1
            states[number] = state
        is_up = count["A"] > 0
        edges.append((at, (is_up, not is_up and not count["T"] and count["D"] >= quorum)))
    edges.append((max(horizon), (False, False)))
    for (start, (is_up, is_proven)), (end, _) in pairwise(edges):
        (up if is_up else possible).append(Span(start, end))
        if is_proven:
            proven.append(Span(start, end))
    downs = merged(downs, 0, keep_empty=True)
    starts = [down.start for down in downs]
    outages: list[Span] = []
    unobserved: list[Span] = []
    for piece in merged(possible, 0):
        # The last of the merged downs that starts before the piece ends is the one to look at.
        before = bisect_left(starts, piece.end)
        seen = before and downs[before - 1].end >= piece.start
        (outages if seen else unobserved).append(piece)
    return Facts(merged(up, 0), merged(proven, 0), outages, unobserved)


def merged(spans: Iterable[Span], hold: int, *, keep_empty: bool = False) -> list[Span]:
    """Return spans with those joined that touch, or that are less than `hold` apart."""
    found: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end or keep_empty):
        if found and (span.start <= found[-1].end or span.start - found[-1].end < hold):
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def cut(spans: list[Span], scope: list[Span]) -> list[Span]:
    """Return what of some spans lies in others; those of either are in order and apart."""
    found = []
    for part in scope:
        place = bisect_left(spans, part.start, key=lambda span: span.end)
        while place < len(spans) and spans[place].start < part.end:
            span = spans[place]
            found.append(Span(max(span.start, part.start), min(span.end, part.end)))
            place += 1
    return merged(found, 0)


def length(spans: Iterable[Span]) -> int:
    """Return how long some spans are together."""
    return sum(span.end - span.start for span in spans)


FIGURES: dict[str, Callable[[list[Span]], int]] = {
    "cumulative": length,
    "longest": lambda spans: max(span.end - span.start for span in spans),
    "span": lambda spans: max(span.end for span in spans) - min(span.start for span in spans),
}


def assessment(window: Json, facts: Facts, reporting: int) -> Json:
    """Return what the rules make of a window, as report.json has it (sections 6 to 8)."""
    hull, horizon, contract = hull_of(window), horizon_of(window), window["contract"]
    hold = contract["return_hold"]
    judged_outages = [
        each
        for each in merged(facts.outages, hold)
        if each.start < hull.end and each.end > hull.start
    ]
    scope = merged([hull, *judged_outages], 0)
    lower = cut(merged(facts.proven, hold), scope)
    upper = merged([*judged_outages, *cut(facts.unobserved, [hull])], 0)

    def bounds(rule: str) -> Json:
        figure = FIGURES[rule]
        return {
            "lower_us": figure(lower) if lower else 0,
            "upper_us": figure(upper) if upper else 0,
        }

    def outside(start: int, end: int) -> Json:
        part = [Span(start, end)]
        return {"lower_us": length(cut(lower, part)), "upper_us": length(cut(upper, part))}

    limit = contract["max_downtime"][window["service_class"]]
    limit = min(limit, 4 * HOUR) if window["service_class"] == "strategic" else limit
    judged = bounds(contract["downtime_rule"])
    if window["status"] != "closed" or any(
        window["as_of"] < each.end + hold for each in judged_outages
    ):
        verdict = "pending"
    elif judged["upper_us"] <= limit:
        verdict = "compliant"
    else:
        verdict = "breach" if judged["lower_us"] > limit else "inconclusive"
    observed = length(cut(merged([*facts.up, *facts.proven], 0), [hull]))
    return {
        "schema": "constat.assessment/1",
        "window": window["id"],
        "duration": {
            "rule": contract["downtime_rule"],
            "limit_us": limit,
            **judged,
            "verdict": verdict,
        },
        "figures": {rule: bounds(rule) for rule in FIGURES},
        "outages": [
            {
                **_span(each),
                "proven": [_span(piece) for piece in cut(facts.proven, [each])],
                "truncated": each.start == horizon.start or each.end == horizon.end,
            }
            for each in facts.outages
        ],
        "unobserved": [_span(each) for each in facts.unobserved],
        "notice": notice_of(window, min([window["plan"]["start"], *(s.start for s in lower[:1])])),
        "early_start": outside(horizon.start, hull.start),
        "overrun": outside(hull.end, horizon.end),
        "coverage": {
            "panel": len(window["panel"]),
            "reporting": reporting,
            "observed_ppm": 1_000_000 * observed // (hull.end - hull.start),
        },
    }


def _span(span: Span) -> Json:
    return {"start_us": span.start, "end_us": span.end}


# Notice (rules, section 8).


class Calendar(NamedTuple):
    """How a notice is counted: so many of which days, in which zone, without which."""

    amount: int
    unit: str
    counting: str
    zone: ZoneInfo
    holidays: frozenset[dt.date]

    def counts(self, day: dt.date) -> bool:
        """Return whether a day counts."""
        last = {"calendar_days": 6, "business_days": 4, "working_days": 5}[self.unit]
        closed = self.unit != "calendar_days" and day in self.holidays
        return day.weekday() <= last and not closed

    def local(self, at_us: int) -> dt.datetime:
        """Return an instant on the site's clocks."""
        return (EPOCH + dt.timedelta(microseconds=at_us)).astimezone(self.zone)

    def first_of(self, day: dt.date) -> int:
        """Return the first instant of a day: the first quarter of an hour that is on it."""
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
        at = (midnight - EPOCH) // MICROSECOND - DAY
        while self.local(at).date() < day:
            at += HOUR // 4
        return at

    def earliest_start(self, notified_at: int) -> int:
        """Return before which instant what was announced may not start."""
        if self.unit == "hours":
            return notified_at + self.amount * HOUR
        told = self.local(notified_at)
        day = told.date()
        for _ in range(self.amount):
            day += dt.timedelta(days=1)
            while not self.counts(day):
                day += dt.timedelta(days=1)
        if self.counting == "clear_days":
            return self.first_of(day + dt.timedelta(days=1))
        clock = told.time() if self.counts(told.date()) else dt.time.max
        return (dt.datetime.combine(day, clock, self.zone) - EPOCH) // MICROSECOND

    def latest_notice(self, start: int) -> int:
        """Return the last microsecond at which a notice of a start would be respected.

        Back by days to one that is; from two days after it (clocks may change) back by quarters of
        an hour, at which all clocks change; inside a quarter by halves.
        """

        def respected(at: int) -> bool:
            return self.earliest_start(at) <= start

        at = start - start % (HOUR // 4)
        while not respected(at):
            at -= DAY
        at = min(at + 2 * DAY, start - start % (HOUR // 4))
        while not respected(at):
            at -= HOUR // 4
        low, high = at, at + HOUR // 4
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if respected(middle) else (low, middle)
        return low


def notice_of(window: Json, judged_start: int) -> Json:
    """Return what report.json says of the notice."""
    notice, plan = window["contract"]["notice"], window["plan"]
    demand(0 <= notice["amount"] <= MOST_AMOUNT, "contract.notice.amount")
    calendar = Calendar(
        notice["amount"],
        notice["unit"],
        notice["counting"],
        ZoneInfo(window["timezone"]),
        frozenset(map(dt.date.fromisoformat, window["contract"]["holidays"])),
    )
    latest = calendar.latest_notice(judged_start)
    said = {"judged_start_us": judged_start, "latest_allowed_us": latest}
    told = window["revisions"]
    for number, revision in enumerate(told):
        if "notified_at" in revision and all(
            each["start"] <= plan["start"] and plan["end"] <= each["end"] for each in told[number:]
        ):
            at = revision["notified_at"]
            return {
                "verdict": "respected" if at <= latest else "short",
                "notified_at_us": at,
                **said,
            }
    return {"verdict": "none", **said}


# The fifteen steps.


class Batch(NamedTuple):
    """A batch without its measurements, and where its line lies in the entries."""

    place: int
    offset: int
    size: int
    number: int
    previous: str
    digest: str
    first_us: int
    last_us: int


class Agent(NamedTuple):
    """An agent: its key, where it stands, and what it sent."""

    key: Key
    vantage: str
    batches: list[Batch]


_FIELDS = {
    "entry": "tenant:s number:i kind:s previous:s at_us:i author:s body:o",
    "batch": "tenant:s agent:s vantage:s epoch:s boot:s batch:i previous:s first:i last:i clock:o"
    " spool:o software:o config:s quantum_us:i checks:a",
    "clock": "wall_us:i monotonic_us:i boottime_us:i offset_us:i error_us:i estimated:b",
    "spool": "depth:i lost:i",
    "software": "agent:s sqlite:s",
    "columns": "check:s interval_us:i starts:a durations:a outcomes:s",
    "import": "vantage:s kind:s error_us:i failures:a versions:a",
}
_TYPES = {"s": str, "i": int, "b": bool, "o": dict, "a": list}


def check_fields(value: Json, what: str, where: str) -> None:
    """Refuse an object without one of its fields, or with one of another type."""
    demand(isinstance(value, dict), f"{where}: {what}")
    for field in _FIELDS[what].split():
        name, kind = field.split(":")
        demand(type(value.get(name)) is _TYPES[kind], f"{where}: {what} {name}")


def check_columns(columns: Json, where: str) -> None:
    """Refuse measurements in columns that contradict one another."""
    check_fields(columns, "columns", where)
    starts, durations = columns["starts"], columns["durations"]
    count = len(columns["outcomes"])
    demand(columns["interval_us"] > 0 and count > 0, f"{where}: columns")
    demand(set(columns["outcomes"]) <= set(LETTERS), f"{where}: outcomes")
    demand(len(starts) == len(durations) == count, f"{where}: columns of unequal length")
    demand(all(type(number) is int for number in (*starts, *durations)), f"{where}: columns")
    demand(min(*durations, *starts[1:], 0) >= 0, f"{where}: a negative length")
    for name, width in (("failures", 3), ("details", 2), ("versions", 2)):
        sparse = columns.get(name, [])
        demand(
            all(type(each) is list and len(each) == width for each in sparse), f"{where}: {name}"
        )
        places = [-1, *(index for index, *_ in sparse), count]
        demand(all(one < other for one, other in pairwise(places)), f"{where}: {name}")
        demand(all(type(t) is str for _, *rest in sparse for t in rest), f"{where}: {name}")


def check_batch(batch: Json, where: str) -> None:
    """Refuse a batch that no agent could have meant."""
    check_fields(batch, "batch", where)
    for part in ("clock", "spool", "software"):
        check_fields(batch[part], part, where)
    least = (batch["batch"] - 1, batch["quantum_us"] - 1, batch["first"] - 1)
    demand(min(*least, batch["clock"]["error_us"], *batch["spool"].values()) >= 0, where)
    for columns in batch["checks"]:
        check_columns(columns, where)
    count = sum(len(columns["outcomes"]) for columns in batch["checks"])
    demand(batch["last"] - batch["first"] + 1 == count <= MOST_MEASUREMENTS, f"{where}: count")
    names = {columns["check"] for columns in batch["checks"]}
    demand(len(names) == len(batch["checks"]), f"{where}: a check appears twice")


def check_keys(stated: Any) -> Json:
    """Return an object of keys, claimed or pinned; refuse one of another form, or weak keys."""
    demand(isinstance(stated, dict) and stated.get("schema") == "constat.keys/1", "schema")
    for name, kind in (("log", str), ("witnesses", list), ("authorities", list)):
        demand(type(stated.get(name)) is kind, name)
    demand(all(type(t) is str for t in stated["witnesses"] + stated["authorities"]), "no text")
    read_verifier_key(stated["log"], LOG)
    for text in stated["witnesses"]:
        read_verifier_key(text, WITNESS)
    for text in stated["authorities"]:
        try:
            x509.load_pem_x509_certificate(text.encode())
        except ValueError:
            raise UnsoundError("an authority is no certificate in PEM") from None
    return dict(stated)


LETTERS = {"U": "up", "G": "degraded", "D": "down", "X": "unknown"}
KINDS = {"workstation", "server", "external"}

MEMBERS = re.compile(
    r"LISEZMOI\.txt|entries/entries\.ndjson|(keys|names|report|window)\.json|measurements\.ndjson"
    r"|proofs/(consistency|tree)\.json|rapport\.pdf|verifier\.py|(checkpoints|timestamps)/.+"
)


class Bundle:
    """A bundle as its steps find it; what a step establishes, the later ones use."""

    def __init__(self, file: BinaryIO, pinned: Json | None) -> None:
        """Take a file, and keys that the auditor knows from elsewhere."""
        self.file = file
        self.pinned = pinned
        self.members: dict[str, Member] = {}
        self.notes: dict[int, Note] = {}
        self.witnesses: list[tuple[str, Key]] = []
        self.register: list[Statement] = []
        self.imports: list[Batch] = []
        self.agents: dict[str, Agent] = {}
        self.panel: list[list[Change]] = []
        self.downs: list[Span] = []
        self.reporting = 0
        self.report: Json = {}

    def read(self, name: str) -> bytes:
        """Return the content of a member."""
        demand(name in self.members, f"{name} is missing")
        member = self.members[name]
        most = LONGEST_UNSIGNED if name in {"keys.json", "seal.dsse"} else LONGEST_MEMBER
        demand(member.size <= most, f"{name} is too long")
        self.file.seek(member.offset)
        return b"".join(_parts(self.file, member.size))

    def json(self, name: str) -> Json:
        """Return the object of a member."""
        found = read_json(self.read(name))
        demand(isinstance(found, dict), f"{name}: expected an object")
        return dict(found)

    def canonical_json(self, name: str) -> Json:
        """Return the object of a member, which must be in its one form."""
        found = self.json(name)
        demand(canonical(found) == self.read(name), f"{name} is not canonical")
        return found

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Yield the lines of a member without their ends, each with its place in the file."""
        demand(name in self.members, f"{name} is missing")
        member = self.members[name]
        at, end = member.offset, member.offset + member.size
        while at < end:
            self.file.seek(at)
            line = self.file.readline(min(end - at, LONGEST_LINE))
            demand(line.endswith(b"\n"), f"{name}: a line has no end")
            yield at, line[:-1]
            at += len(line)

    def numbered(self, folder: str, ending: str) -> dict[int, str]:
        """Return the members of a folder that are named by a size of the log."""
        found = {}
        for name in self.members:
            if name.startswith(folder):
                match = re.fullmatch(r"(\d{12})" + re.escape(ending), name.removeprefix(folder))
                if match is None:
                    raise UnsoundError(f"{name} has no place")
                found[int(match[1])] = name
        return found

    def archive(self) -> Json:
        """Step 1."""
        self.members = read_archive(self.file)
        return {"members": len(self.members)}

    def keys(self) -> Json:
        """Step 2."""
        claimed = check_keys(self.json("keys.json"))
        self.origin, self.key = read_verifier_key(claimed["log"], LOG)
        stated = dict.fromkeys(claimed["witnesses"])
        self.roots = []
        if self.pinned is not None:
            pinned = self.pinned
            demand(claimed["log"] == pinned["log"], "the log's key is not the pinned one")
            stated = dict.fromkeys(pinned["witnesses"])
            self.roots = [x509.load_pem_x509_certificate(p.encode()) for p in pinned["authorities"]]
        self.witnesses = [read_verifier_key(text, WITNESS) for text in stated]
        return {"key": self.key.id, "pinned": self.pinned is not None}

    def seal(self) -> Json:
        """Step 3."""
        envelope = read_envelope(self.read("seal.dsse"))
        demand(envelope.type == STATEMENT, "type of the seal")
        demand(envelope.signed_by(self.key), "signature of the seal")
        statement = read_json(envelope.payload)
        demand(statement["_type"] == "https://in-toto.io/Statement/v1", "_type")
        demand(statement["predicateType"] == "urn:constat:bundle:1", "predicateType")
        predicate = statement["predicate"]
        demand(predicate["schema"] == "constat.bundle/1", "schema")
        self.hospital, self.window_id = predicate["hospital"], predicate["window"]
        self.size = predicate["size"]
        subjects = [(each["name"], each["digest"]["sha256"]) for each in statement["subject"]]
        sealed = dict(subjects)
        demand(len(sealed) == len(subjects), "a member is named twice")
        for name in sealed.keys() | self.members.keys() - {"seal.dsse"}:
            found = self.members.get(name)
            demand(found and sealed.get(name) == found.digest, name)
            demand(MEMBERS.fullmatch(name), f"{name} is no member of a bundle")
        named = f"constat/{self.key.id}/{quote(self.hospital, safe='')}"
        demand(self.origin == named, "the log is not this hospital's")
        return {"hospital": self.hospital, "window": self.window_id}

    def checkpoint(self) -> Json:
        """Step 4."""
        files = self.numbered("checkpoints/", ".txt")
        demand(files and max(files) == self.size, "size of the checkpoint")
        self.notes = {size: self._note(name, size) for size, name in sorted(files.items())}
        self.head = self.notes[self.size]
        demand(self.head.signed_by_log(self.origin, self.key), "signature of the checkpoint")
        return {"size": self.size}

    def _note(self, name: str, size: int) -> Note:
        note = read_note(self.read(name))
        demand(note.size == size, f"{name}: size {note.size}")
        return note

    def tree(self) -> Json:
        """Step 5."""
        stated = self.canonical_json("proofs/tree.json")
        demand((stated["schema"], stated["size"]) == ("constat.tree/1", self.size), "tree.json")
        numbers = [bound for span in stated["entries"] for bound in span]
        demand(all(type(bound) is int for bound in numbers), "ranges of entries")
        self.ranges = [(start, end) for start, end in stated["entries"]]
        nodes, tree = iter(stated["nodes"]), Tree()
        lines = self.lines("entries/entries.ndjson")
        for start, end in [*self.ranges, (self.size, self.size)]:
            demand(tree.size < start < end or start in {0, self.size}, "ranges of entries")
            for level, place in gap_nodes(tree.size, start):
                node: list[Any] = next(nodes, [])
                demand(node[:2] == [level, place] and len(node) == 3, "nodes")
                tree.add(level, unbase64(node[2]))
            demand(tree.size == start, "ranges of entries")
            for _ in range(start, end):
                found = next(lines, None)
                if found is None:
                    raise UnsoundError("entries are missing")
                tree.add(0, sha256(b"\0" + found[1]))
        demand(next(nodes, None) is None and next(lines, None) is None, "more than the ranges say")
        demand(tree.size == self.size and tree.root() == self.head.root, "root")
        return {"entries": sum(end - start for start, end in self.ranges), "size": self.size}

    def entries(self) -> Json:
        """Step 6."""
        self.digests: list[tuple[int, str, str]] = []  # number, previous, digest of the register
        shut_out: set[str] = set()
        places = (place for start, end in self.ranges for place in range(start, end))
        for place, (offset, line) in zip(places, self.lines("entries/entries.ndjson"), strict=True):
            envelope = read_envelope(line)
            payload = dict(read_json(envelope.payload))
            demand(payload["tenant"] == self.hospital, f"entry {place}: of another hospital")
            digest = sha256(envelope.payload).hex()
            if envelope.type == ENTRY:
                demand(payload["schema"] == "constat.entry/1", f"entry {place}: schema")
                check_fields(payload, "entry", f"entry {place}")
                demand(envelope.signed_by(self.key), f"entry {place}: signature")
                self._state(place, offset, len(line), payload, shut_out)
                self.digests.append((payload["number"], payload["previous"], digest))
            elif envelope.type == BATCH:
                demand(payload["schema"] == "constat.batch/1", f"entry {place}: schema")
                check_batch(payload, f"entry {place}")
                agent = self.agents.get(payload["agent"])
                if agent is None or payload["agent"] in shut_out:
                    raise UnsoundError(f"entry {place}: the agent may not speak")
                demand(envelope.signed_by(agent.key), f"entry {place}: signature")
                demand(payload["vantage"] == agent.vantage, f"entry {place}: vantage")
                agent.batches.append(_batch(place, offset, len(line), payload, digest))
            else:
                raise UnsoundError(f"entry {place}: type")
        batches = sum(len(agent.batches) for agent in self.agents.values())
        return {"register": len(self.register), "batches": batches}

    def _state(self, place: int, offset: int, size: int, payload: Json, shut_out: set[str]) -> None:
        kind, at_us, body = payload["kind"], payload["at_us"], payload["body"]
        if kind == "agent.enrolled":
            key = strong_key(bytes.fromhex(body["public_key"]))
            demand(key.id == body["agent"] not in self.agents, f"entry {place}: agent")
            self.agents[key.id] = Agent(key, body["vantage"], [])
        elif kind in {"agent.forked", "agent.revoked"}:
            shut_out.add(body["agent"])
        elif kind == "measurements.imported":
            # Of imports, which may be large, only who speaks is kept.
            self.imports.append(Batch(place, offset, size, 0, "", "", 0, 0))
            for columns in body["columns"]:
                check_fields(columns, "import", f"entry {place}")
                check_columns(columns, f"entry {place}")
                demand(columns["kind"] in KINDS and columns["error_us"] >= 0, f"entry {place}")
            names = {(each["vantage"], each["kind"]) for each in body["columns"]}
            body = {"columns": [{"vantage": v, "kind": k} for v, k in sorted(names)]}
        self.register.append(Statement(place, kind, at_us, body))

    def steps_in_register(self) -> Json:
        """Step 7."""
        previous, at_us = ZEROS, 0
        for number, (stated, digest) in enumerate(
            zip(self.register, self.digests, strict=True), start=1
        ):
            where = f"entry {stated.place}"
            demand(digest[0] == number, f"{where}: number {digest[0]} for {number}")
            demand(digest[1] == previous, f"{where}: does not follow the one before")
            demand(stated.at_us >= at_us, f"{where}: back-dated")
            previous, at_us = digest[2], stated.at_us
        last = self.register[-1]
        demand(last.place == self.size - 1, "the last leaf is no entry of the register")
        demand(last.kind == "evidence.exported", "the last entry does not say evidence.exported")
        demand(last.body["window"] == self.window_id, "the last entry names another window")
        self.window = window_from(self.register, self.window_id)
        return {"entries": len(self.register), "as_of": said_instant(last.at_us)}

    def batches(self) -> Json:
        """Step 8."""
        horizon = horizon_of(self.window)
        ends = self.register[-1].body["agents"]
        named = [end["agent"] for end in ends]
        demand(sorted(named) == sorted(self.agents), "the last entry does not name every agent")
        for end in ends:
            who, batches = end["agent"], self.agents[end["agent"]].batches
            demand(bool(batches) == bool(end["last"]), f"{who}: has no batch, or one too many")
            for before, after in pairwise(batches):
                demand(after.number == before.number + 1, f"{who}: batch {before.number + 1}")
                demand(after.previous == before.digest, f"{who}: chain at {after.number}")
            if not batches:
                continue
            first, last = batches[0], batches[-1]
            from_the_start = first.number == 1 and first.previous == ZEROS
            demand(from_the_start or first.last_us < horizon.start, f"{who}: begins too late")
            to_the_end = (last.number, last.digest) == (end["last"], end["digest"])
            beyond = last.first_us > horizon.end and last.number < end["last"]
            demand(to_the_end or beyond, f"{who}: ends too early")
        return {"agents": len(ends)}

    def consistency(self) -> Json:
        """Step 9."""
        stated = self.canonical_json("proofs/consistency.json")
        demand(stated["schema"] == "constat.consistency/1", "schema")
        proofs = {each["from"]: each["hashes"] for each in stated["proofs"]}
        demand(len(proofs) == len(stated["proofs"]), "a size is proven twice")
        demand(set(proofs) == set(self.notes) - {self.size}, "not a proof for every checkpoint")
        for size, hashed in proofs.items():
            note = self.notes[size]
            demand(note.signed_by_log(self.origin, self.key), f"checkpoint {size}: signature")
            path = [unbase64(text) for text in hashed]
            holds = continues(size, note.root, self.size, self.head.root, path)
            demand(holds, f"checkpoint {size} is not continued")
        return {"checkpoints": len(self.notes)}

    def witness(self) -> Json:
        """Step 10."""
        times = [
            at
            for name, key in self.witnesses
            for note in self.notes.values()
            for at in note.cosigned_at(name, key)
        ]
        return {
            "cosignatures": len(times),
            "first": said_instant(min(times) * SECOND) if times else "-",
            "last": said_instant(max(times) * SECOND) if times else "-",
        }

    def timestamp(self) -> Json:
        """Step 11."""
        stamps = [each.body for each in self.register if each.kind == "checkpoint.stamped"]
        wanting = {"announced", "rescheduled", "extended", "started", "closed"}
        count = stamps[-1:]
        for step in steps_of(self.register, self.window_id):
            over = [stamp for stamp in stamps if stamp["size"] > step.place]
            if step.kind.removeprefix("window.") in wanting and over:
                count.append(min(over, key=lambda stamp: (stamp["at_us"], stamp["size"])))
        expected = {stamp["size"]: stamp for stamp in count}
        files = self.numbered("timestamps/", ".tsr")
        demand(set(files) == set(expected), "not the tokens that the log has for this window")
        for size, stamp in expected.items():
            token = self.read(files[size])
            demand(token == unbase64(stamp["token"]), f"token {size} is not the log's")
            demand(sha256(token).hex() == stamp["sha256"], f"token {size}: digest")
            demand(size in self.notes, f"token {size}: its checkpoint is missing")
            if self.roots:
                note = self.notes[size].as_signed_by_log(self.origin, self.key)
                at_us = verify_token(token, note, self.roots)
                demand(at_us == stamp["at_us"], f"token {size}: states another time")
        return {"tokens": len(files), "verified": len(files) if self.roots else 0}

    def names(self) -> Json:
        """Step 12."""
        if "names.json" not in self.members:
            return {"persons": 0}
        stated = self.json("names.json")
        demand(stated["schema"] == "constat.names/1", "schema")
        for number, person in enumerate(stated["persons"]):
            said = {key: person[key] for key in ("name", "email", "company")}
            salt = bytes.fromhex(person["salt"])
            demand(len(salt) == 32, f"person {number}: salt")
            digest = sha256(b"constat.person/1\0" + salt + canonical(said)).hex()
            demand(digest == person["commitment"], f"person {number}: commitment")
        return {"persons": len(stated["persons"])}

    def window_file(self) -> Json:
        """Step 13."""
        stated = read_window(self.json("window.json"))
        days = [dt.date.fromisoformat(day).isoformat() for day in stated["contract"]["holidays"]]
        demand(days == stated["contract"]["holidays"], "contract.holidays")
        edited = self.window["contract"]["holidays"]
        holidays = stated["contract"]["holidays"]
        demand(set(edited.get("add", [])) <= set(holidays), "contract.holidays: add")
        demand(not set(edited.get("remove", [])) & set(holidays), "contract.holidays: remove")
        self.window["contract"]["holidays"] = holidays
        for key in stated.keys() | self.window.keys():
            demand(stated.get(key) == self.window.get(key), key)
        return {"holidays": len(holidays)}

    def measurements(self) -> Json:
        """Step 14; of each vantage point, what the rules make of it is kept for step 15."""
        lines = self.lines("measurements.ndjson")
        count, horizon, checks = 0, horizon_of(self.window), self.window["checks"]
        kinds = {name: each.kind for name, each in vantages_of(self.register).items()}
        for vantage in sorted(kinds):
            found: dict[tuple[str, str, bool], list[Json]] = {}
            for series, line in self._measured(vantage, kinds[vantage]):
                end = line["start_us"] + line["duration_us"]
                inside = horizon.start <= line["start_us"] and end <= horizon.end
                if inside and line["check"] in checks:
                    found.setdefault(series, []).append(line)
            for key in sorted(found):
                wanted = sorted(found[key], key=_order)
                stated = [read_json(line) for _, (_, line) in zip(wanted, lines, strict=False)]
                where = f"{vantage} {key[1]}"
                demand(len(stated) == len(wanted), f"{where}: lines are missing")
                demand([_order(e)[:3] for e in stated] == [_order(e)[:3] for e in wanted], where)
                demand(sorted(stated, key=_order) == wanted, where)
                count += len(wanted)
            if vantage in self.window["panel"]:
                self.judge(found, horizon)
        demand(next(lines, None) is None, "more lines than the entries hold")
        return {"measurements": count}

    def judge(self, found: dict[tuple[str, str, bool], list[Json]], horizon: Span) -> None:
        """Keep what the measurements of a member of the panel, series by series, prove."""
        by_check: dict[str, list[Measured]] = {}
        for (_, check, _), lines in found.items():
            by_check.setdefault(check, []).extend(map(_measured, lines))
        gaps = {name: check["max_gap"] for name, check in self.window["checks"].items()}
        spans = [check_spans(measured, gaps[name]) for name, measured in by_check.items()]
        self.panel.append(vantage_changes(spans, horizon))
        self.reporting += bool(by_check)
        downs = (
            Span(each.start, each.end)
            for measured in by_check.values()
            for each in measured
            if each.outcome == "down"
        )
        self.downs = merged([*self.downs, *downs], 0, keep_empty=True)

    def _measured(self, vantage: str, kind: str) -> Iterator[tuple[tuple[str, str, bool], Json]]:
        """Yield the measurements of a vantage point with their series, agents' then imported."""
        for agent in self.agents.values():
            for batch in agent.batches if agent.vantage == vantage else ():
                payload = self._payload(batch)
                clock, quantum = payload["clock"], payload["quantum_us"]
                zero = clock["wall_us"] - clock["boottime_us"] + clock["offset_us"]
                for columns in payload["checks"]:
                    said = {"vantage": vantage, "kind": kind, "check": columns["check"]}
                    series = (kind, columns["check"], False)
                    for line in _lines(columns, zero, quantum, said, clock["error_us"]):
                        yield series, line
        for entry in self.imports:
            for columns in self._payload(entry)["body"]["columns"]:
                if columns["vantage"] == vantage:
                    said = {key: columns[key] for key in ("vantage", "kind", "check")}
                    series = (columns["kind"], columns["check"], True)
                    for line in _lines(columns, 0, 1, said, columns["error_us"]):
                        yield series, line

    def _payload(self, entry: Batch) -> Json:
        self.file.seek(entry.offset)
        return dict(read_json(read_envelope(self.file.read(entry.size)).payload))

    def verdict(self) -> Json:
        """Step 15."""
        self.report = self.canonical_json("report.json")
        silent = len(self.window["panel"]) - len(self.panel)
        horizon = horizon_of(self.window)
        panel = [*self.panel, *([[(horizon.start, "N")]] * silent)]
        quorum = self.window["contract"]["quorum"]
        facts = hospital_facts(panel, self.downs, quorum, horizon)
        expected = assessment(self.window, facts, self.reporting)
        beside = {
            "hospital": self.hospital,
            "log": {"size": self.size, "root": self.head.root.hex()},
            "as_of_us": self.window["as_of"],
            "plan": _span(Span(**self.window["plan"])),
            "hull": _span(hull_of(self.window)),
            **{key: self.window[key] for key in ("service", "site", "service_class", "status")},
        }
        for key, value in {**expected, **beside}.items():
            demand(self.report.get(key) == value, key)
        demand(self.report["panel"]["members"] == self.window["panel"], "panel.members")
        return {
            "duration": self.report["duration"]["verdict"],
            "notice": self.report["notice"]["verdict"],
        }


def _batch(place: int, offset: int, size: int, payload: Json, digest: str) -> Batch:
    """Return a batch without its measurements; one without any was silent when it was sealed."""
    clock, quantum = payload["clock"], payload["quantum_us"]
    starts = [list(accumulate(columns["starts"])) for columns in payload["checks"]]
    sealed = clock["boottime_us"]
    zero = clock["wall_us"] - clock["boottime_us"] + clock["offset_us"]
    first = min((each[0] * quantum for each in starts), default=sealed)
    last = max((each[-1] * quantum for each in starts), default=sealed)
    number, previous = payload["batch"], payload["previous"]
    return Batch(place, offset, size, number, previous, digest, first + zero, last + zero)


def _lines(columns: Json, zero: int, quantum: int, said: Json, error_us: int) -> Iterator[Json]:
    """Yield the lines of measurements.ndjson that columns hold."""
    failures = {index: rest for index, *rest in columns.get("failures", [])}
    versions = dict(columns.get("versions", []))
    failed = ["", ""]
    rows = zip(columns["starts"], columns["durations"], columns["outcomes"], strict=True)
    at = 0
    for index, (step, lasted, letter) in enumerate(rows):
        at += step
        failed = failures.get(index, failed)
        line = {
            **said,
            "start_us": at * quantum + zero,
            "duration_us": lasted * quantum,
            "outcome": LETTERS[letter],
            "clock_error_us": error_us,
        }
        if letter in "DX":
            line.update({k: v for k, v in zip(("failure", "operation"), failed, strict=True) if v})
        if index in versions:
            line["version"] = versions[index]
        yield line


def _order(line: Json) -> tuple[int, int, str, bytes]:
    return line["start_us"], line["duration_us"], line["outcome"], canonical(line)


def _measured(line: Json) -> Measured:
    start = line["start_us"]
    return Measured(start, start + line["duration_us"], line["outcome"], line["clock_error_us"])


def said_instant(at_us: int) -> str:
    """Return an instant for people."""
    return (EPOCH + dt.timedelta(microseconds=at_us)).isoformat(timespec="seconds")


STEPS: list[tuple[str, Callable[[Bundle], Json], str, str]] = [
    ("archive", Bundle.archive, "archive dans son unique forme", "archive in its one form"),
    ("keys", Bundle.keys, "clés bien formées et fortes", "keys well-formed and strong"),
    ("seal", Bundle.seal, "sceau du journal sur chaque fichier", "the log's seal on every file"),
    ("checkpoint", Bundle.checkpoint, "tête du journal signée", "head of the log signed"),
    ("tree", Bundle.tree, "inscriptions prises dans le journal", "entries are those of the log"),
    ("entries", Bundle.entries, "chaque inscription est signée", "every entry is signed"),
    ("register", Bundle.steps_in_register, "registre sans lacune", "register without a gap"),
    ("batches", Bundle.batches, "lots de mesures sans lacune", "batches without a gap"),
    ("consistency", Bundle.consistency, "le journal n'a fait que croître", "the log only grew"),
    ("witness", Bundle.witness, "contreseings des témoins", "witnesses' cosignatures"),
    ("timestamp", Bundle.timestamp, "horodatages", "time stamps"),
    ("names", Bundle.names, "noms conformes aux engagements", "names match commitments"),
    ("window", Bundle.window_file, "fenêtre tirée du registre", "window follows from the register"),
    ("measurements", Bundle.measurements, "mesures tirées des lots", "measurements follow"),
    ("report", Bundle.verdict, "rapport recalculé", "report recomputed"),
]

NOTES = {
    "fr": (
        "Jours fériés : pris de window.json ; seuls ceux que le site ajoute ou retire ont été"
        " contrôlés. Du rapport, seul ce dont dépend le verdict a été recalculé."
    ),
    "en": (
        "Public holidays: taken from window.json; only those the site adds or removes were"
        " checked. Of the report, what the verdict rests on was recomputed."
    ),
}
UNPINNED = {
    "fr": "Clés non connues d'avance (--keys) : le dossier est cohérent, son origine non prouvée.",
    "en": "No keys known beforehand (--keys): the bundle is coherent, its origin is not proven.",
}


class Result(NamedTuple):
    """What was found: each step that passed with its facts, and the one that failed."""

    passed: list[tuple[str, Json]]
    fault: tuple[str, str] | None
    report: Json


def verify(file: BinaryIO, pinned: Json | None, told: Callable[[str, Json], None]) -> Result:
    """Take a bundle through its steps; `told` hears of each that holds."""
    bundle = Bundle(file, pinned)
    passed: list[tuple[str, Json]] = []
    for code, step, _, _ in STEPS:
        try:
            facts = step(bundle)
        except UnsoundError as error:
            return Result(passed, (code, str(error)), {})
        except (OSError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is missing or of another type, is a fault of this step
            return Result(passed, (code, f"not as docs/formats.md says: {str(error)[:99]}"), {})
        passed.append((code, facts))
        told(code, facts)
    return Result(passed, None, bundle.report)


def exit_code(result: Result) -> int:
    """Return 7 for what is not sound, else 0, 3 or 4 by the report."""
    if result.fault is not None:
        return 7
    duration_verdict = result.report["duration"]["verdict"]
    if result.report.get("status") == "cancelled":
        return 0
    if duration_verdict == "breach" or result.report["notice"]["verdict"] != "respected":
        return 3
    return 0 if duration_verdict == "compliant" else 4


def main(arguments: list[str]) -> int:
    """Verify the bundle that the command line names."""
    parser = argparse.ArgumentParser(prog="verifier.py", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file", metavar="FILE", help="the bundle, WINDOW.constat")
    parser.add_argument("--keys", metavar="PINNED", help="keys known beforehand (constat.keys/1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--lang", choices=("fr", "en"), default="fr", help="default: fr")
    asked = parser.parse_args(arguments)
    try:
        ZoneInfo("Europe/Paris")
    except ZoneInfoNotFoundError:
        print("verifier.py: no time zones here: python3 -m pip install tzdata", file=sys.stderr)
        return 2
    try:
        pinned = None
        if asked.keys is not None:
            with opened(asked.keys) as keys:
                pinned = check_keys(read_json(keys.read(LONGEST_UNSIGNED)))
        file = opened(asked.file)
    except OSError as error:
        why = f"{shown(error.filename)}: {error.strerror}"
    except UnsoundError as error:
        why = f"{shown(asked.keys)}: {error}"
    else:
        with file:
            return report(file, pinned, asked.lang, as_json=asked.json)
    print(f"verifier.py: cannot read {why}", file=sys.stderr)
    return 2


def opened(path: str) -> BinaryIO:
    """Open a file, which must be one: a pipe keeps its reader waiting, a device has no end."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(0, "it is no regular file", path)
    return open(path, "rb")


def report(file: BinaryIO, pinned: Json | None, language: str, *, as_json: bool) -> int:
    """Verify a bundle and print what was found; return the exit code."""
    said = {code: (fr if language == "fr" else en) for code, _, fr, en in STEPS}
    number = {code: place for place, (code, *_) in enumerate(STEPS, start=1)}

    def told(code: str, facts: Json) -> None:
        if not as_json:
            listed = ", ".join(f"{key} {shown(value)}" for key, value in facts.items())
            print(f"{number[code]:2} {code:12} OK   {said[code]} ({listed})", flush=True)

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        result = verify(file, pinned, told)
    except BrokenPipeError:  # whoever read the lines stopped reading; nothing more can be told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, MemoryError) as error:
        why = str(error) or type(error).__name__
        print(f"verifier.py: cannot read the file: {why}", file=sys.stderr)
        return 1
    code = exit_code(result)
    if as_json:
        found = {"schema": "constat.verifier/1", "exit": code, "passed": dict(result.passed)}
        if result.fault is not None:
            found["fault"] = dict(zip(("code", "detail"), result.fault, strict=True))
        print(json.dumps(found, sort_keys=True))
    elif result.fault is not None:
        failed, detail = result.fault
        word = "FAUX" if language == "fr" else "FAIL"
        print(f"{number[failed]:2} {failed:12} {word} {said[failed]} : {shown(detail)}")
    else:
        print(NOTES[language])
        if pinned is None:
            print(UNPINNED[language])
    return code


def shown(value: object) -> str:
    """Return what a bundle says without whatever a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
