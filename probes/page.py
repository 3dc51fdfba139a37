"""What a server answered to a request: its head, its body without coding, its text.

A page lives as long as its probe. Nothing of its body or header values may reach an observation,
but a version that the check asked for: a page of a hospital can hold a patient's name.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Final

from probes.attempt import ProbeError
from probes.model.failure import Failure


@dataclass(frozen=True, slots=True)
class Page:
    """One final answer; `body` is decoded, `host` was asked and `peer` is the address of it.

    It is `proven` when a certificate said who answered.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    host: str
    peer: str
    redirects: int = 0
    proven: bool = False

    def header(self, name: str) -> str | None:
        """Return the value of a header, several joined by commas (RFC 9110, section 5.3)."""
        wanted = name.lower().encode()
        values = [value.decode("latin-1") for key, value in self.headers if key == wanted]
        return ", ".join(values) if values else None

    def text(self) -> str:
        """Return the body as a browser would read it: header, then mark, then `meta`, then guess.

        A body that is not what it says keeps its readable part; one that says nothing is UTF-8
        when it can be, else Windows-1252.
        """
        for mark, charset in _BYTE_ORDER_MARKS:
            if self.body.startswith(mark):
                return self.body[len(mark) :].decode(charset, "replace")
        charset = self._charset()
        if charset:
            return self.body.decode(charset, "replace")
        try:
            return self.body.decode()
        except UnicodeDecodeError:
            return self.body.decode("cp1252", "replace")

    def _charset(self) -> str:
        declared = _CHARSET.search((self.header("content-type") or "").encode("latin-1"))
        if declared is None:
            declared = _CHARSET.search(self.body[:1024])
        return "" if declared is None else _CHARSETS.get(declared[1].decode().lower(), "")


def without_coding(body: bytes, coding: str, limit: int) -> bytes:
    """Return a body without its Content-Encoding, of at most `limit` bytes.

    Raises `ProbeError` for a coding that was not asked for, one that is broken or cut short, and a
    body that is longer than allowed.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity") or not body:
        return body
    if coding not in _ASKED_FOR:
        raise ProbeError(Failure.PROTOCOL_ERROR, "the body has a coding that was not asked for")
    decoded = b""
    while body and len(decoded) <= limit:
        inflating = zlib.decompressobj(_window_bits(body, coding))
        try:
            decoded += inflating.decompress(body, limit + 1 - len(decoded))
        except zlib.error:
            raise ProbeError(Failure.PROTOCOL_ERROR, f"the body is not {coding}") from None
        if len(decoded) <= limit and not inflating.eof:
            raise ProbeError(Failure.RESPONSE_TRUNCATED, f"the {coding} body is cut short")
        # Members may follow one another (RFC 1952, section 2.2); what is not one is ignored.
        body = inflating.unused_data if inflating.unused_data.startswith(_GZIP) else b""
    if len(decoded) > limit:
        raise ProbeError(Failure.RESPONSE_TOO_LARGE, f"the decoded body exceeds {limit} bytes")
    return decoded


def _window_bits(body: bytes, coding: str) -> int:
    if coding != "deflate":
        return zlib.MAX_WBITS | 16
    # "deflate" is the zlib format (RFC 9110, section 8.4.1.2), but some servers send it bare.
    is_zlib = body[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(body[:2], "big") % 31 == 0
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


_ASKED_FOR: Final = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP: Final = b"\x1f\x8b"
_ZLIB_METHOD: Final = 8
_CHARSET: Final = re.compile(rb"""charset\s{0,9}=\s{0,9}["']?([\w.:-]{1,40})""", re.IGNORECASE)
_BYTE_ORDER_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# A closed list: some of Python's codecs are no charsets, and some take quadratic time. Latin-1 and
# ASCII mean Windows-1252 on the web (WHATWG Encoding, section 4.2).
_CHARSETS: Final = {
    **dict.fromkeys(("utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf-16le"), "utf-16-le"),
    "utf-16be": "utf-16-be",
    **dict.fromkeys(
        ("iso-8859-1", "iso8859-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252"),
        "cp1252",
    ),
    **dict.fromkeys(("iso-8859-15", "iso8859-15", "latin-9"), "iso-8859-15"),
    "windows-1250": "cp1250",
    "iso-8859-2": "iso-8859-2",
    "macintosh": "mac-roman",
}
