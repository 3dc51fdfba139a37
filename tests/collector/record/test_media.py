"""What a file is, is told from its bytes, whatever it is called."""

import gzip
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.record.media import DOCX, ODT, TEXT, UNKNOWN, ZIP, media_type

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


def _zip(*members: tuple[str, str], method: int = ZIP_STORED) -> bytes:
    out = BytesIO()
    with ZipFile(out, "w", method) as archive:
        for name, text in members:
            archive.writestr(name, text)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (gzip.compress(b"log"), "application/gzip"),
        (_zip(("a.txt", "a")), ZIP),
        (_zip(("mimetype", ODT), ("content.xml", "<x/>")), ODT),
        (_zip(("[Content_Types].xml", ""), ("word/document.xml", ""), method=ZIP_DEFLATED), DOCX),
        # As some programs write it: the list of types comes last.
        (_zip(("_rels/.rels", ""), ("word/document.xml", ""), ("[Content_Types].xml", "")), DOCX),
        ("préavis donné\r\n\tle 2 novembre\f".encode(), TEXT),
        (b"\xef\xbb\xbfBOM", TEXT),
    ],
    ids=lambda given: given if isinstance(given, str) else "",  # some contents hold the time
)
def test_each_kind_of_file_is_known(content: bytes, found: str) -> None:
    assert media_type(content) == found


@pytest.mark.parametrize(
    "content",
    [
        "préavis".encode("latin-1"),
        b"text with a \0 in it",
        b"\x1b[31mcoloured\x1b[0m",
        b"MZ\x90\0",
        b"PK\x03\x04 and then nothing of an archive",
        _zip(("a.txt", "a"))[:-30],
    ],
    ids=["latin-1", "nul", "escapes", "program", "no archive", "cut archive"],
)
def test_what_is_in_no_table_is_only_bytes(content: bytes) -> None:
    assert media_type(content) == UNKNOWN


@pytest.mark.parametrize(
    "page", [b"<html><script>alert(1)</script>", b"<svg onload=x>", b"<?xml?>"]
)
def test_a_page_is_plain_text(page: bytes) -> None:
    assert media_type(page) == TEXT


@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"%PDF-", PNG]))
def test_no_bytes_are_too_strange_to_be_named(content: bytes, beginning: bytes) -> None:
    assert "/" in media_type(beginning + content)
