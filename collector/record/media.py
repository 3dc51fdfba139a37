"""What kind of file some bytes are, by the bytes alone: a name says what somebody typed.

The table is short on purpose. What is not in it is `application/octet-stream`, and nothing is ever
taken for a page or a script that a browser would run.
"""

from io import BytesIO
from typing import Final
from zipfile import BadZipFile, ZipFile

UNKNOWN: Final = "application/octet-stream"
TEXT: Final = "text/plain"
ZIP: Final = "application/zip"
ODT: Final = "application/vnd.oasis.opendocument.text"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

_BEGINNINGS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x1f\x8b\x08", "application/gzip"),
)
_ZIP: Final = b"PK\x03\x04"
# OpenDocument 1.3, part 2, section 3.3: the first member, stored, named mimetype.
_ODT: Final = b"mimetype" + ODT.encode()
_LOCAL_HEADER: Final = 30
_WORD_MEMBERS: Final = frozenset({"[Content_Types].xml", "word/document.xml"})
_SPACES: Final = "\t\n\f\r"


def media_type(content: bytes) -> str:
    """Return the media type of some bytes."""
    for beginning, found in _BEGINNINGS:
        if content.startswith(beginning):
            return found
    if content.startswith(_ZIP):
        return _archive(content)
    return TEXT if _is_text(content) else UNKNOWN


def _archive(content: bytes) -> str:
    if content[_LOCAL_HEADER:].startswith(_ODT):
        return ODT
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = frozenset(archive.namelist())
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        return UNKNOWN
    return DOCX if members >= _WORD_MEMBERS else ZIP


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(character >= " " or character in _SPACES for character in text)
