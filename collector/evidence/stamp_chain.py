"""Who signed a time-stamp token: the path from its certificate to one that the auditor pinned.

Paths are those of RFC 5280, judged at the instant of the stamp and at no other. What lies outside
of what certificates sign must be in its one form, and a token carries no certificate beside its
path, so that no byte of it can be changed unseen.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
)
from cryptography.x509.verification import VerificationError as PathError

from collector.evidence.der import BIT_STRING, INTEGER, SEQUENCE, DerError, Reader, write
from probes.model.instant import to_datetime

_VERSION_TAG: Final = 0xA0
_STAMPING: Final = {ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


def read_roots(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a PEM file; `ValueError` when it holds none that can be read."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError:
        raise DerError("it holds no certificate in PEM that can be read") from None


def issuer_and_serial(certificate: bytes) -> bytes:
    """Return the name a SignerInfo gives a certificate (RFC 5652, section 10.2.4).

    Refuses a certificate whose bytes outside of the signed part have another form than the one.
    """
    outer = Reader(certificate, "certificate")
    fields = outer.open(SEQUENCE, "certificate")
    outer.end()
    signed = fields.open(SEQUENCE, "certificate")
    algorithm, signature = fields.take(SEQUENCE), fields.take(BIT_STRING)
    fields.end()
    signed.optional(_VERSION_TAG)
    serial, inner, issuer = signed.take(INTEGER), signed.take(SEQUENCE), signed.take(SEQUENCE)
    if inner.whole != algorithm.whole:
        raise DerError("certificate: two signature algorithms")
    if signature.body[:1] != b"\x00":
        raise DerError("certificate: its signature does not end with a byte")
    return write(SEQUENCE, issuer.whole, serial.whole)


def signer_among(certificates: Iterable[bytes], name: bytes) -> bytes:
    """Return the one certificate that a SignerInfo names."""
    found = [each for each in certificates if issuer_and_serial(each) == name]
    if len(found) != 1:
        raise DerError(f"{len(found)} certificates are the signer's")
    return found[0]


def path_to_root(
    signer: bytes, certificates: Iterable[bytes], roots: Sequence[x509.Certificate], at_us: int
) -> list[bytes]:
    """Return the path from the signer's certificate to a pinned one, both included.

    `DerError` unless the path is valid at that instant and the signer may sign time stamps, and
    nothing else (RFC 3161, section 2.3).
    """
    if not roots:
        raise DerError("no root of a time-stamping authority is pinned")
    leaf = x509.load_der_x509_certificate(signer)
    _only_stamps(leaf)
    others = [x509.load_der_x509_certificate(each) for each in certificates if each != signer]
    builder = PolicyBuilder().store(Store(list(roots))).time(to_datetime(at_us))
    builder = builder.extension_policies(ca_policy=_AUTHORITIES, ee_policy=_SIGNERS)
    try:
        path = builder.build_client_verifier().verify(leaf, others).chain
    except PathError as error:
        raise DerError(f"the signer's certificate is not trusted: {_line(error)}") from None
    return [each.public_bytes(Encoding.DER) for each in path]


def _only_stamps(leaf: x509.Certificate) -> None:
    try:
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise DerError("the signer's certificate is not for time stamps") from None
    if not purposes.critical or list(purposes.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise DerError("the signer's certificate is not for time stamps alone")


def _is_authority(
    policy: Policy, certificate: x509.Certificate, found: x509.BasicConstraints
) -> None:
    del policy, certificate
    if not found.ca:
        raise ValueError("is not an authority's")


def _signs_certificates(
    policy: Policy, certificate: x509.Certificate, found: x509.KeyUsage | None
) -> None:
    del policy, certificate
    if found is not None and not found.key_cert_sign:
        raise ValueError("may not sign certificates")


def _vouches_for_stamps(
    policy: Policy, certificate: x509.Certificate, found: x509.ExtendedKeyUsage | None
) -> None:
    """Refuse an authority that is limited to other purposes."""
    del policy, certificate
    if found is not None and not _STAMPING & {*found}:
        raise ValueError("may not vouch for time stamps")


def _signs(policy: Policy, certificate: x509.Certificate, found: x509.KeyUsage | None) -> None:
    del policy, certificate
    if found is not None and not (found.digital_signature or found.content_commitment):
        raise ValueError("may not sign")


def _line(error: PathError) -> str:
    return str(error).partition(" (encountered")[0].removeprefix("validation failed: ")


_AUTHORITIES: Final = (
    ExtensionPolicy.permit_all()
    .require_present(x509.BasicConstraints, Criticality.CRITICAL, _is_authority)
    .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs_certificates)
    .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _vouches_for_stamps)
)
_SIGNERS: Final = ExtensionPolicy.permit_all().may_be_present(
    x509.KeyUsage, Criticality.AGNOSTIC, _signs
)
