"""When the certificates of a chain are valid, read from their DER form (RFC 5280, section 4.1.2.5).

Whether they are to be trusted is for OpenSSL to say; this only gives its verdict a date.
"""

import warnings
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple


class Validity(NamedTuple):
    """The first and the last instant of a certificate, UTC; `of_target` when it is the leaf."""

    since: datetime
    until: datetime
    of_target: bool


def validities(chain: Iterable[bytes]) -> list[Validity]:
    """Return when each certificate of a chain is valid, the target's first.

    One whose form cannot be read is left out.
    """
    from cryptography import x509  # noqa: PLC0415 - most agents never meet a date to tell

    found = []
    for place, der in enumerate(chain):
        # What is odd about a certificate but accepted by OpenSSL is not for us to remark on.
        with warnings.catch_warnings(action="ignore"):
            try:
                certificate = x509.load_der_x509_certificate(der)
                since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            except ValueError:
                continue
        found.append(Validity(since, until, of_target=place == 0))
    return found


def first_to_end(chain: Iterable[bytes]) -> Validity | None:
    """Return the validity that ends first in a chain."""
    return min(validities(chain), key=lambda each: each.until, default=None)


def last_to_begin(chain: Iterable[bytes]) -> Validity | None:
    """Return the validity that begins last in a chain."""
    return max(validities(chain), key=lambda each: each.since, default=None)


def shown(moment: datetime) -> str:
    """Return an instant as RFC 3339 has it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
