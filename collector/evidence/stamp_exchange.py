"""What is asked of a time-stamping authority, and what it may answer (RFC 3161, section 2.4).

An answer is verified before it is kept, against pinned roots, and what is kept of it is the token
in its one form: certificates and lists that nobody signed and no path needs are left out.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography import x509

from collector.evidence.der import (
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    NULL,
    OCTET_STRING,
    SEQUENCE,
    UTF8_STRING,
    DerError,
    Reader,
    read_integer,
    write,
    write_integer,
    write_oid,
)
from collector.evidence.stamp import Stamp, only_stamp_errors, verify_stamp
from collector.evidence.stamp_chain import path_to_root, signer_among
from collector.evidence.stamp_token import SHA256, read_info, read_token, write_token
from probes.model.complaint import on_one_line

QUERY_TYPE: Final = "application/timestamp-query"

_TRUE: Final = b"\xff"
_GRANTED: Final = (0, 1)  # granted, granted with modifications
_LONGEST_WORDS: Final = 200
_STATUSES: Final = {
    2: "rejected",
    3: "has it wait",
    4: "warns that its certificate is about to be revoked",
    5: "says that its certificate is revoked",
}


def request(note: bytes, nonce: int) -> bytes:
    """Return the TimeStampReq of a note; `nonce` is a random positive number."""
    algorithm = write(SEQUENCE, write_oid(SHA256), write(NULL))
    imprint = write(SEQUENCE, algorithm, write(OCTET_STRING, sha256(note).digest()))
    certificate_wanted = write(BOOLEAN, _TRUE)
    return write(SEQUENCE, write_integer(1), imprint, write_integer(nonce), certificate_wanted)


def read_response(
    response: bytes, note: bytes, nonce: int, roots: Sequence[x509.Certificate]
) -> tuple[bytes, Stamp]:
    """Return the token an authority answered with, in its one form, and what it shows.

    Raises nothing but `StampError`: for a refusal, an answer to another request, or a token that
    does not verify.
    """
    with only_stamp_errors():
        token = read_token(_granted(response))
        info = read_info(token.content)
        if info.nonce != nonce:
            raise DerError("it answers another request: the nonce is not the one sent")
        signer = signer_among(token.certificates, token.signer.name)
        path = path_to_root(signer, token.certificates, roots, info.at_us)
        bare = write_token(token, path[:-1] or path)
    return bare, verify_stamp(bare, note, roots)


def _granted(response: bytes) -> bytes:
    """Return the token of a TimeStampResp."""
    outer = Reader(response, "response")
    fields = outer.open(SEQUENCE, "response")
    outer.end()
    status = fields.open(SEQUENCE, "status")
    code = read_integer(status.take(INTEGER).body)
    words = status.optional(SEQUENCE)
    status.optional(BIT_STRING)
    status.end()
    if code not in _GRANTED:
        said = "" if words is None else _words(words.body)
        refusal = _STATUSES.get(code, f"answers with status {code}")
        raise DerError(f"the authority {refusal}{said}")
    token = fields.take(SEQUENCE).whole
    fields.end()
    return token


def _words(body: bytes) -> str:
    """Return what an authority says of its refusal, fit for one line."""
    parts = [part.body for part in Reader(body, "status").rest() if part.tag == UTF8_STRING]
    text = b" ".join(parts).decode("utf-8", "replace").strip()
    return f": {on_one_line(text)[:_LONGEST_WORDS]}" if text else ""
