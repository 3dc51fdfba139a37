"""Time stamps (RFC 3161): an authority that neither party holds says that bytes existed by then.

What is stamped is the exact text of a signed checkpoint. Verifying a stamp asks for the token, the
note and the roots the auditor pinned; it takes no clock, since certificates are judged at the
instant of the stamp, and no network. Nothing that a token says can be changed: only how its
signature is written can, which says the same (an ECDSA signature has a twin, and an algorithm
without parameters may be given NULL).
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from collector.evidence.der import DerError
from collector.evidence.errors import VerificationError
from collector.evidence.stamp_chain import path_to_root, signer_among
from collector.evidence.stamp_signature import check_attributes, check_signature
from collector.evidence.stamp_token import TstInfo, read_info, read_token, write_token
from probes.model.complaint import on_one_line, shortened


class StampError(VerificationError):
    """A time stamp that does not show what it is said to show."""

    code = "timestamp"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a valid token shows: the note existed at `at_us`, give or take `accuracy_us`.

    `accuracy_us` is None when the authority does not say it. `policy` is a dotted identifier, and
    `authority` the name of who signed (RFC 4514).
    """

    at_us: int
    accuracy_us: int | None
    policy: str
    serial: int
    authority: str


def verify_stamp(token_der: bytes, note: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """Return what a token shows of a note; `roots` are the certificates the auditor pinned.

    Raises nothing but `StampError`.
    """
    with only_stamp_errors():
        return _verify(token_der, note, roots)


@contextmanager
def only_stamp_errors() -> Iterator[None]:
    """Turn whatever reading a token may raise into a `StampError`."""
    try:
        with warnings.catch_warnings():
            # What cryptography only tolerates in a certificate is not tolerated here.
            warnings.simplefilter("error")
            yield
    except _UNSOUND as error:
        complaint = shortened(str(error) or type(error).__name__)
        raise StampError(f"time stamp: {complaint}") from None


def _verify(token_der: bytes, note: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    # 1. The token is in its one form: nothing in it is out of order, and nothing is beside the
    #    parts that are verified below.
    token = read_token(token_der)
    if write_token(token, token.certificates) != token_der:
        raise DerError("the token is not in its one form")
    info = read_info(token.content)

    # 2. It is about this note.
    if info.imprint != sha256(note).digest():
        raise DerError("it is of another checkpoint")

    # 3. The signed attributes are about this content, and name the certificate that signed.
    certificate = signer_among(token.certificates, token.signer.name)
    check_attributes(token, certificate)

    # 4. The certificate signed them.
    leaf = x509.load_der_x509_certificate(certificate)
    check_signature(token.signer, leaf)

    # 5. At the instant of the stamp it was valid, for time stamps alone, and vouched for by a
    #    pinned root (RFC 3161, section 2.3).
    path = path_to_root(certificate, token.certificates, roots, info.at_us)

    # 6. The token carries no certificate that vouches for nothing.
    if not set(token.certificates) <= set(path):
        raise DerError("the token holds a certificate that is not on the path to a pinned root")
    return _stamp(info, leaf)


def _stamp(info: TstInfo, leaf: x509.Certificate) -> Stamp:
    return Stamp(
        at_us=info.at_us,
        accuracy_us=info.accuracy_us,
        policy=info.policy,
        serial=info.serial,
        authority=on_one_line(leaf.subject.rfc4514_string())[:_LONGEST_NAME],
    )


_LONGEST_NAME: Final = 300
_UNSOUND: Final = (
    ValueError,
    TypeError,
    OverflowError,
    Warning,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
