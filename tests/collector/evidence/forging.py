"""Time-stamp tokens made by hand, right in everything but what a test makes wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding

from collector.evidence.der import (
    GENERALIZED_TIME,
    OCTET_STRING,
    SEQUENCE,
    SET,
    write,
    write_integer,
    write_oid,
    write_set,
)
from collector.evidence.stamp_chain import issuer_and_serial
from tests.servers.timestamps import POLICY, PrivateKey

SHA256 = "2.16.840.1.101.3.4.2.1"
SHA1 = "1.3.14.3.2.26"
RSA_SHA256 = "1.2.840.113549.1.1.11"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
CONTEXT = 0xA0


@dataclass
class Forgery:
    """A token of a note signed by a certificate; every field is a place to be wrong in."""

    note: bytes
    signer: x509.Certificate
    key: PrivateKey
    above: Sequence[x509.Certificate] = ()
    at: bytes = b"20261114210000Z"
    imprint_oid: str = SHA256
    info_version: int = 1
    serial: int = 7
    after_time: bytes = b""  # accuracy, ordering, nonce, tsa, extensions
    content_oid: str = TST_INFO
    attributes: dict[str, bytes] = field(default_factory=dict)
    without: Sequence[str] = ()
    named: x509.Certificate | None = None
    digest_oid: str = SHA256
    algorithm_oid: str = ""
    unsigned: bytes = b""
    lists: bytes = b""
    version: int = 3

    def info(self) -> bytes:
        imprint = write(
            SEQUENCE,
            write(SEQUENCE, write_oid(self.imprint_oid)),
            write(OCTET_STRING, sha256(self.note).digest()),
        )
        return write(
            SEQUENCE,
            write_integer(self.info_version),
            write_oid(POLICY),
            imprint,
            write_integer(self.serial),
            write(GENERALIZED_TIME, self.at),
            self.after_time,
        )

    def signed(self) -> bytes:
        """Return the signed attributes."""
        named = der(self.named or self.signer)
        identity = write(SEQUENCE, write(OCTET_STRING, sha256(named).digest()))
        values = {
            CONTENT_TYPE: write_oid(TST_INFO),
            MESSAGE_DIGEST: write(OCTET_STRING, sha256(self.info()).digest()),
            SIGNING_CERTIFICATE_V2: write(SEQUENCE, write(SEQUENCE, identity)),
            **self.attributes,
        }
        return write_set(
            write(SEQUENCE, write_oid(oid), write(SET, value))
            for oid, value in values.items()
            if oid not in self.without
        )

    def signer_info(self) -> bytes:
        attributes = self.signed()
        elliptic = isinstance(self.key, ec.EllipticCurvePrivateKey)
        algorithm = self.algorithm_oid or (ECDSA_SHA256 if elliptic else RSA_SHA256)
        return write(
            SEQUENCE,
            write_integer(1),
            issuer_and_serial(der(self.signer)),
            write(SEQUENCE, write_oid(self.digest_oid)),
            bytes([CONTEXT]) + attributes[1:],
            write(SEQUENCE, write_oid(algorithm)),
            write(OCTET_STRING, signature(self.key, attributes)),
            self.unsigned,
        )

    def token(self, *signer_infos: bytes) -> bytes:
        content = write(CONTEXT, write(OCTET_STRING, self.info()))
        signed_data = write(
            SEQUENCE,
            write_integer(self.version),
            write(SET, write(SEQUENCE, write_oid(self.digest_oid))),
            write(SEQUENCE, write_oid(self.content_oid), content),
            write_set(map(der, [self.signer, *self.above]), CONTEXT),
            self.lists,
            write_set(signer_infos or [self.signer_info()]),
        )
        return write(SEQUENCE, write_oid(SIGNED_DATA), write(CONTEXT, signed_data))


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def signature(key: PrivateKey, data: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    return key.sign(data, PKCS1v15(), hashes.SHA256())
