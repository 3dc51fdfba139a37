"""The form of a time-stamp token (RFC 3161): CMS SignedData (RFC 5652) around a TSTInfo.

One token has one sequence of bytes: strict DER, one signer named by issuer and serial number, no
unsigned attribute, no revocation list, certificates in order. Nothing is verified here but the
form; a `DerError` says what is not as it must be.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from collector.evidence.der import (
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    NULL,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    DerError,
    Element,
    Reader,
    read_integer,
    read_oid,
    read_set,
    write,
    write_integer,
    write_oid,
    write_set,
)
from probes.model.canonical import MAX_INTEGER
from probes.model.instant import DAY, MICROSECOND, MILLISECOND, SECOND, from_datetime

SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"
SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"
SHA256: Final = "2.16.840.1.101.3.4.2.1"

LONGEST_TOKEN: Final = 65_536
# No parameters, or NULL, which says the same (RFC 5754, section 2).
NO_PARAMETERS: Final = (b"", write(NULL))

_SIGNED_DATA_VERSION: Final = 3  # RFC 5652, section 5.1: what is signed is not id-data
_SIGNER_VERSION: Final = 1  # RFC 5652, section 5.3: the signer is named by its issuer
_MOST_SUBSECOND: Final = 999  # RFC 3161, section 2.4.2: millis and micros are 1 to 999
_CONTEXT: Final = 0xA0  # the tag [0], constructed; those after it follow
_PRIMITIVE: Final = 0x80  # the tag [0], not constructed
_WORST_ACCURACY_US: Final = DAY
_MOST_SERIAL_BITS: Final = 160  # RFC 3161, section 2.4.2
_GENERAL_TIME: Final = re.compile(rb"(\d{14})(?:\.(\d{0,11}[1-9]))?Z")


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An AlgorithmIdentifier as written; `parameters` are their DER, empty when there are none."""

    oid: str
    parameters: bytes
    whole: bytes


@dataclass(frozen=True, slots=True)
class TstInfo:
    """What an authority states: `imprint` existed at `at_us`; None for an accuracy not said."""

    policy: str
    imprint: bytes
    serial: int
    at_us: int
    accuracy_us: int | None
    nonce: int | None


@dataclass(frozen=True, slots=True)
class Signer:
    """The one SignerInfo; `signed` is the DER of its signed attributes, `values` what they say."""

    name: bytes
    digest: Algorithm
    signed: bytes
    values: dict[str, bytes]
    algorithm: Algorithm
    signature: bytes


@dataclass(frozen=True, slots=True)
class Token:
    """The parts of a token that count; `content` is the DER of its TSTInfo."""

    content: bytes
    certificates: tuple[bytes, ...]
    signer: Signer


def read_token(data: bytes) -> Token:
    """Return the parts of a token.

    What nobody signed may be in any order, and what is not among the parts is left out: the token
    is in its one form when `write_token` gives the same bytes again.
    """
    if len(data) > LONGEST_TOKEN:
        raise DerError(f"the token is longer than {LONGEST_TOKEN} bytes")
    outer = Reader(data, "token")
    info = outer.open(SEQUENCE, "token")
    outer.end()
    _expect(info, SIGNED_DATA, "token")
    wrapped = info.open(_CONTEXT, "token")
    info.end()
    fields = wrapped.open(SEQUENCE, "SignedData")
    wrapped.end()
    _version(fields, _SIGNED_DATA_VERSION, "SignedData")
    fields.take(SET)
    content = _content(fields.open(SEQUENCE, "encapContentInfo"))
    certificates = fields.optional(_CONTEXT)
    fields.optional(_CONTEXT + 1)
    signers = Reader(fields.take(SET).body, "signerInfos")
    fields.end()
    signer = _signer(signers.open(SEQUENCE, "SignerInfo"))
    signers.end()
    held = [] if certificates is None else Reader(certificates.body, "certificates").rest()
    return Token(content, tuple(each.whole for each in held), signer)


def write_token(token: Token, certificates: Iterable[bytes]) -> bytes:
    """Return the one form of a token, with these certificates in it."""
    signer = token.signer
    signer_info = write(
        SEQUENCE,
        write_integer(_SIGNER_VERSION),
        signer.name,
        signer.digest.whole,
        bytes([_CONTEXT]) + signer.signed[1:],
        signer.algorithm.whole,
        write(OCTET_STRING, signer.signature),
    )
    content = write(_CONTEXT, write(OCTET_STRING, token.content))
    signed_data = write(
        SEQUENCE,
        write_integer(_SIGNED_DATA_VERSION),
        write(SET, signer.digest.whole),
        write(SEQUENCE, write_oid(TST_INFO), content),
        write_set(certificates, _CONTEXT),
        write(SET, signer_info),
    )
    return write(SEQUENCE, write_oid(SIGNED_DATA), write(_CONTEXT, signed_data))


def read_info(content: bytes) -> TstInfo:
    """Return what a TSTInfo states (RFC 3161, section 2.4.2)."""
    outer = Reader(content, "TSTInfo")
    fields = outer.open(SEQUENCE, "TSTInfo")
    outer.end()
    _version(fields, 1, "TSTInfo")
    policy = read_oid(fields.take(OBJECT_IDENTIFIER).body)
    imprint = _imprint(fields.open(SEQUENCE, "messageImprint"))
    serial = read_integer(fields.take(INTEGER).body)
    at_us = _general_time(fields.take(GENERALIZED_TIME).body)
    accuracy = fields.optional(SEQUENCE)
    accuracy_us = None if accuracy is None else _accuracy(Reader(accuracy.body, "accuracy"))
    fields.optional(BOOLEAN)
    nonce = fields.optional(INTEGER)
    fields.optional(_CONTEXT)
    extensions = fields.optional(_CONTEXT + 1)
    fields.end()
    if serial.bit_length() > _MOST_SERIAL_BITS or not 0 <= at_us <= MAX_INTEGER:
        raise DerError("TSTInfo: a serial number or a time that is none")
    if extensions is not None:
        _no_critical(Reader(extensions.body, "extensions"))
    return TstInfo(
        policy=policy,
        imprint=imprint,
        serial=serial,
        at_us=at_us,
        accuracy_us=accuracy_us,
        nonce=None if nonce is None else read_integer(nonce.body),
    )


def read_algorithm(element: Element) -> Algorithm:
    """Return an AlgorithmIdentifier."""
    fields = Reader(element.body, "algorithm")
    oid = read_oid(fields.take(OBJECT_IDENTIFIER).body)
    parameters = fields.rest()
    if len(parameters) > 1:
        raise DerError("algorithm: more than one parameter")
    return Algorithm(oid, parameters[0].whole if parameters else b"", element.whole)


def _content(fields: Reader) -> bytes:
    _expect(fields, TST_INFO, "encapContentInfo")
    wrapped = fields.open(_CONTEXT, "encapContentInfo")
    fields.end()
    content = wrapped.take(OCTET_STRING).body
    wrapped.end()
    return content


def _signer(fields: Reader) -> Signer:
    _version(fields, _SIGNER_VERSION, "SignerInfo")
    name = fields.take(SEQUENCE).whole
    digest = read_algorithm(fields.take(SEQUENCE))
    attributes = fields.take(_CONTEXT)
    algorithm = read_algorithm(fields.take(SEQUENCE))
    signature = fields.take(OCTET_STRING).body
    fields.optional(_CONTEXT + 1)
    fields.end()
    return Signer(
        name=name,
        digest=digest,
        signed=bytes([SET]) + attributes.whole[1:],  # RFC 5652, section 5.4
        values=_values(attributes.body),
        algorithm=algorithm,
        signature=signature,
    )


def _values(body: bytes) -> dict[str, bytes]:
    """Return the value of each signed attribute; each is there once, with one value."""
    values: dict[str, bytes] = {}
    for member in read_set(body, "signedAttrs"):
        if member.tag != SEQUENCE:
            raise DerError("signedAttrs: expected attributes")
        attribute = Reader(member.body, "signedAttrs")
        oid = read_oid(attribute.take(OBJECT_IDENTIFIER).body)
        one = attribute.open(SET, oid)
        attribute.end()
        held = one.rest()
        if len(held) != 1 or oid in values:
            raise DerError(f"signedAttrs: expected {oid} once, with one value")
        values[oid] = held[0].whole
    return values


def _imprint(fields: Reader) -> bytes:
    algorithm = read_algorithm(fields.take(SEQUENCE))
    imprint = fields.take(OCTET_STRING).body
    fields.end()
    if algorithm.oid != SHA256 or algorithm.parameters not in NO_PARAMETERS:
        raise DerError(f"messageImprint: expected SHA-256, not {algorithm.oid}")
    return imprint


def _general_time(body: bytes) -> int:
    """Return the instant of a genTime; what it says below a microsecond is left out."""
    match = _GENERAL_TIME.fullmatch(body)
    if match is None:
        raise DerError("genTime: expected a time in UTC, in its shortest form")
    whole, fraction = match.group(1).decode(), (match.group(2) or b"").decode()
    try:
        second = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise DerError(f"genTime: {whole} is no time") from None
    return from_datetime(second) + int(fraction[:6].ljust(6, "0"))


def _accuracy(fields: Reader) -> int:
    seconds = fields.optional(INTEGER)
    total_us = 0 if seconds is None else read_integer(seconds.body) * SECOND
    for number, unit_us in ((0, MILLISECOND), (1, MICROSECOND)):
        part = fields.optional(_PRIMITIVE + number)
        if part is not None:
            amount = read_integer(part.body)
            if not 1 <= amount <= _MOST_SUBSECOND:
                raise DerError(f"accuracy: {amount} is not 1 to {_MOST_SUBSECOND}")
            total_us += amount * unit_us
    fields.end()
    if not 0 <= total_us <= _WORST_ACCURACY_US:
        raise DerError("accuracy: is negative, or worse than a day")
    return total_us


def _no_critical(extensions: Reader) -> None:
    for extension in extensions.rest():
        fields = Reader(extension.body, "extension")
        oid = read_oid(fields.take(OBJECT_IDENTIFIER).body)
        critical = fields.optional(BOOLEAN)
        if critical is not None and critical.body != b"\x00":
            raise DerError(f"extensions: {oid} is critical, and not known here")


def _expect(fields: Reader, oid: str, what: str) -> None:
    found = read_oid(fields.take(OBJECT_IDENTIFIER).body)
    if found != oid:
        raise DerError(f"{what}: expected the type {oid}, not {found}")


def _version(fields: Reader, expected: int, what: str) -> None:
    found = read_integer(fields.take(INTEGER).body)
    if found != expected:
        raise DerError(f"{what}: expected version {expected}, not {found}")
