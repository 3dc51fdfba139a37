"""A page is read as a browser would read it, within its cap."""

import gzip
import zlib

import pytest

from probes.attempt import ProbeError
from probes.model.failure import Failure
from probes.page import Page, without_coding

_ACCENTED = "Déconnexion réussie"
_LIMIT = 10_000


def _page(body: bytes, content_type: str | None = None) -> Page:
    headers = () if content_type is None else ((b"content-type", content_type.encode()),)
    return Page(200, headers, body, "dpi.example", "127.0.0.1:80")


def _bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (_ACCENTED.encode(), None),
        (_ACCENTED.encode("cp1252"), None),
        (_ACCENTED.encode("latin-1"), "text/html; charset=ISO-8859-1"),
        (_ACCENTED.encode(), 'text/html; Charset="UTF-8"'),
        (_ACCENTED.encode(), "text/html; charset=punycode"),
        (b"\xef\xbb\xbf" + _ACCENTED.encode(), "text/html; charset=iso-8859-1"),
        (b"\xff\xfe" + _ACCENTED.encode("utf-16-le"), None),
        (b"\xfe\xff" + _ACCENTED.encode("utf-16-be"), None),
        (_ACCENTED.encode("utf-16-le"), "text/html; charset=utf-16"),
    ],
)
def test_the_text_of_a_page_follows_its_charset(body: bytes, content_type: str | None) -> None:
    assert _page(body, content_type).text() == _ACCENTED


def test_the_charset_of_a_meta_element_counts_when_no_header_says_one() -> None:
    body = '<meta charset="iso-8859-15">À 3 €'

    assert _page(body.encode("iso-8859-15"), "text/html").text() == body


def test_a_body_that_is_not_what_it_says_keeps_its_readable_part() -> None:
    text = _page(b"Connexion \xff", "text/html; charset=utf-8").text()

    assert text == "Connexion \N{REPLACEMENT CHARACTER}"


def test_a_header_is_found_whatever_its_case_and_joined_when_repeated() -> None:
    page = Page(200, ((b"vary", b"a"), (b"vary", b"b")), b"", "h", "p")

    assert page.header("Vary") == "a, b"
    assert page.header("Server") is None


@pytest.mark.parametrize(
    ("coded", "coding"),
    [
        (b"Connexion", ""),
        (b"Connexion", "identity"),
        (gzip.compress(b"Connexion", mtime=0), "gzip"),
        (gzip.compress(b"Connexion", mtime=0), " X-GZIP "),
        (gzip.compress(b"Conn", mtime=0) + gzip.compress(b"exion", mtime=0), "gzip"),
        (gzip.compress(b"Connexion", mtime=0) + b"rubbish", "gzip"),
        (zlib.compress(b"Connexion"), "deflate"),
        (_bare_deflate(b"Connexion"), "deflate"),
    ],
)
def test_a_coding_is_taken_off(coded: bytes, coding: str) -> None:
    assert without_coding(coded, coding, _LIMIT) == b"Connexion"


def test_an_empty_body_needs_no_coding() -> None:
    assert without_coding(b"", "br", _LIMIT) == b""


@pytest.mark.parametrize(
    ("coded", "coding", "failure"),
    [
        (b"Connexion", "br", Failure.PROTOCOL_ERROR),
        (b"Connexion", "gzip", Failure.PROTOCOL_ERROR),
        (b"Connexion", "deflate", Failure.PROTOCOL_ERROR),
        (gzip.compress(b"Connexion", mtime=0)[:-1], "gzip", Failure.RESPONSE_TRUNCATED),
        (gzip.compress(bytes(_LIMIT + 1), mtime=0), "gzip", Failure.RESPONSE_TOO_LARGE),
        (gzip.compress(bytes(_LIMIT), mtime=0) * 2, "gzip", Failure.RESPONSE_TOO_LARGE),
        (gzip.compress(bytes(10**7), mtime=0), "gzip", Failure.RESPONSE_TOO_LARGE),
    ],
)
def test_a_coding_that_is_not_sound_is_a_failure(
    coded: bytes, coding: str, failure: Failure
) -> None:
    with pytest.raises(ProbeError) as raised:
        without_coding(coded, coding, _LIMIT)

    assert raised.value.failure is failure


def test_a_body_of_exactly_the_cap_is_taken() -> None:
    assert len(without_coding(gzip.compress(bytes(_LIMIT)), "gzip", _LIMIT)) == _LIMIT
