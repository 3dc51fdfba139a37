"""What the signer of a time-stamp token signed: the signed attributes, and through them the rest.

Accepted are RSA of 2048 bits and more with PKCS #1 v1.5 and ECDSA, over SHA-256, 384 or 512. The
certificate is named by its own digest among what is signed (RFC 5035, RFC 2634), so that another
one with the same key cannot take its place.
"""

from functools import partial
from hashlib import sha1, sha256, sha384, sha512
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from collector.evidence.der import (
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    DerError,
    Reader,
    write,
    write_oid,
)
from collector.evidence.stamp_chain import issuer_and_serial
from collector.evidence.stamp_token import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    NO_PARAMETERS,
    SHA256,
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
    TST_INFO,
    Algorithm,
    Signer,
    Token,
    read_algorithm,
)

_LEAST_RSA_BITS: Final = 2048
_DIRECTORY_NAME: Final = 0xA4  # RFC 5280, section 4.2.1.6: GeneralName, explicit

_DIGESTS: Final = {
    SHA256: sha256,
    "2.16.840.1.101.3.4.2.2": sha384,
    "2.16.840.1.101.3.4.2.3": sha512,
}
_HASHES: Final = {
    SHA256: hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
# Signature algorithms, each with the digest it is over; the first leaves it to be said elsewhere.
_RSA: Final = {
    "1.2.840.113549.1.1.1": None,
    "1.2.840.113549.1.1.11": SHA256,
    "1.2.840.113549.1.1.12": "2.16.840.1.101.3.4.2.2",
    "1.2.840.113549.1.1.13": "2.16.840.1.101.3.4.2.3",
}
_ECDSA: Final = {
    "1.2.840.10045.4.3.2": SHA256,
    "1.2.840.10045.4.3.3": "2.16.840.1.101.3.4.2.2",
    "1.2.840.10045.4.3.4": "2.16.840.1.101.3.4.2.3",
}


def check_attributes(token: Token, certificate: bytes) -> None:
    """Refuse signed attributes of another content (RFC 5652, section 11) or another certificate."""
    values = token.signer.values
    content = _digest(token.signer.digest, token.content)
    if values.get(CONTENT_TYPE) != write_oid(TST_INFO):
        raise DerError("its signed attributes are of another type of content")
    if values.get(MESSAGE_DIGEST) != write(OCTET_STRING, content):
        raise DerError("its signed attributes are of another content")
    named = [oid for oid in (SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2) if oid in values]
    if not named:
        raise DerError("its signed attributes name no certificate")
    for oid in named:
        _check_named(oid, values[oid], certificate)


def check_signature(signer: Signer, leaf: x509.Certificate) -> None:
    """Refuse a signature that the certificate's key did not make over the signed attributes."""
    algorithm, key = signer.algorithm, leaf.public_key()
    _known(signer.digest)
    over = _HASHES[signer.digest.oid]
    if algorithm.oid in _RSA and isinstance(key, RSAPublicKey):
        if key.key_size < _LEAST_RSA_BITS:
            raise DerError(f"it is signed by an RSA key of {key.key_size} bits")
        _same_digest(_RSA[algorithm.oid], signer.digest, algorithm)
        verify = partial(key.verify, signer.signature, signer.signed, PKCS1v15(), over)
    elif algorithm.oid in _ECDSA and isinstance(key, EllipticCurvePublicKey):
        _same_digest(_ECDSA[algorithm.oid], signer.digest, algorithm)
        verify = partial(key.verify, signer.signature, signer.signed, ECDSA(over))
    else:
        raise DerError(f"it is signed with {algorithm.oid}, which is not known here")
    try:
        verify()
    except InvalidSignature:
        raise DerError("its signature is not that of its certificate") from None


def _check_named(oid: str, value: bytes, certificate: bytes) -> None:
    """Refuse an ESSCertID that is not the signer's; others after it only narrow the path."""
    outer = Reader(value, oid)
    identities = outer.open(SEQUENCE, oid).open(SEQUENCE, oid)
    identity = identities.open(SEQUENCE, oid)
    if oid == SIGNING_CERTIFICATE:
        digest = sha1(certificate, usedforsecurity=False).digest()
    else:
        said = identity.optional(SEQUENCE)
        algorithm = Algorithm(SHA256, b"", b"") if said is None else read_algorithm(said)
        digest = _digest(algorithm, certificate)
    if identity.take(OCTET_STRING).body != digest:
        raise DerError("it was signed with another certificate")
    issuer_serial = identity.optional(SEQUENCE)
    identity.end()
    if issuer_serial is not None and issuer_serial.whole != _issuer_serial(certificate):
        raise DerError("it was signed with another certificate")


def _issuer_serial(certificate: bytes) -> bytes:
    """Return the IssuerSerial of a certificate (RFC 5035, section 5)."""
    name = Reader(issuer_and_serial(certificate), "certificate").open(SEQUENCE, "certificate")
    issuer, serial = name.take(SEQUENCE).whole, name.take(INTEGER).whole
    return write(SEQUENCE, write(SEQUENCE, write(_DIRECTORY_NAME, issuer)), serial)


def _digest(algorithm: Algorithm, data: bytes) -> bytes:
    _known(algorithm)
    return _DIGESTS[algorithm.oid](data).digest()


def _known(digest: Algorithm) -> None:
    if digest.oid not in _DIGESTS or digest.parameters not in NO_PARAMETERS:
        raise DerError(f"the digest {digest.oid} is not known here")


def _same_digest(over: str | None, digest: Algorithm, algorithm: Algorithm) -> None:
    if over not in (None, digest.oid) or algorithm.parameters not in NO_PARAMETERS:
        raise DerError("the digest is not the one of its signature")
