"""What the reader of archives must refuse: every flipped bit, every cut, every lie of a field."""

import io
import stat
import struct
import zipfile
from dataclasses import replace
from typing import Final

import pytest

from collector.evidence.archive import ArchiveError, ArchiveReader
from tests.collector.evidence.forged_zip import Ending, forge, part

A: Final = part("a.json", b'{"a":1}')
B: Final = part("b/c.txt", b"second")
SOUND: Final = forge(A, B)


def refused(data: bytes) -> str:
    """Return why an archive is refused; anything but `ArchiveError` fails the test."""
    with pytest.raises(ArchiveError) as caught:
        ArchiveReader(io.BytesIO(data))
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 600
    return message


def by_zipfile(method: int = zipfile.ZIP_STORED, *, comment: bytes = b"", mode: int = 0) -> bytes:
    """Return what Python's own module makes of one member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        info = zipfile.ZipInfo("a.json")
        info.compress_type = method
        info.external_attr = mode << 16
        archive.writestr(info, b"x" * 100)
        archive.comment = comment
    return file.getvalue()


def test_the_archive_that_is_altered_below_is_sound() -> None:
    assert ArchiveReader(io.BytesIO(SOUND)).names() == ("a.json", "b/c.txt")


def test_every_flipped_bit_is_found() -> None:
    for position in range(len(SOUND) * 8):
        flipped = bytearray(SOUND)
        flipped[position // 8] ^= 1 << position % 8
        refused(bytes(flipped))


def test_every_truncation_is_found() -> None:
    for length in range(len(SOUND)):
        refused(SOUND[:length])
        refused(SOUND[length + 1 :])


@pytest.mark.parametrize("more", [b"\x00", b"PK", SOUND, b"%PDF-1.7\n"])
def test_bytes_before_and_after_are_found(more: bytes) -> None:
    refused(more + SOUND)
    refused(SOUND + more)


def test_a_byte_put_in_or_left_out_anywhere_is_found() -> None:
    for position in range(len(SOUND)):
        refused(SOUND[:position] + b"\x00" + SOUND[position:])
        refused(SOUND[:position] + SOUND[position + 1 :])


def test_a_program_before_the_members_is_found_though_all_offsets_agree() -> None:
    # As in a self-extractor. The header, name and content of the member have 43 bytes.
    shifted = forge(replace(A, offset=4), lies={"offset": 4 + 43})
    assert "does not start where" in refused(b"MZ\x00\x00" + shifted)


def test_bytes_between_members_are_found() -> None:
    assert "b/c.txt does not start where" in refused(forge(replace(A, after=b"hidden"), B))


def test_bytes_before_the_directory_are_found() -> None:
    assert "the directory does not start where" in refused(forge(A, gap=b"hidden"))


HEADER_LIES: Final[dict[str, dict[str, int | bytes]]] = {
    "encrypted": {"flags": 1},
    "data descriptor": {"flags": 8},
    "UTF-8 flag": {"flags": 1 << 11},
    "masked header": {"flags": 1 << 13},
    "deflated": {"method": 8},
    "AES": {"method": 99},
    "needs ZIP64": {"needs": 45},
    "a time": {"time": 1},
    "a date": {"date": 0},
    "extra field": {"extra": b"\x55\x54\x05\x00\x01\x00\x00\x00\x00"},
    "other name in an extra field": {"extra": struct.pack("<HHBI", 0x7075, 6, 1, 0) + b"b"},
    "ZIP64 sizes": {
        "size": 0xFFFFFFFF,
        "packed": 0xFFFFFFFF,
        "extra": struct.pack("<HHQQ", 1, 16, 7, 7),
    },
    "CRC": {"crc": 0},
    "longer than it is": {"size": 8, "packed": 8},
    "shorter than it is": {"size": 6, "packed": 6},
    "a bomb by its length": {"size": 0xFFFFFFFE, "packed": 0xFFFFFFFE},
    "a bomb by its ratio": {"size": 0xFFFFFFFE},
    "packed longer": {"packed": 8},
}


@pytest.mark.parametrize("where", ["both", "header only", "directory only"])
@pytest.mark.parametrize("lie", HEADER_LIES)
def test_a_field_that_lies_is_found(lie: str, where: str) -> None:
    lying = part("a.json", A.content, **HEADER_LIES[lie])
    entry = A.entry if where == "header only" else lying.entry
    local = A.local if where == "directory only" else lying.local
    refused(forge(replace(A, local=local, entry=entry), B))


@pytest.mark.parametrize(
    "ending",
    [
        Ending(external=(stat.S_IFLNK | 0o777) << 16),
        Ending(external=(stat.S_IFDIR | 0o755) << 16 | 0x10),
        Ending(external=(stat.S_IFREG | 0o4755) << 16),
        Ending(made_by=20),
        Ending(internal=1),
        Ending(comment=b"said in passing"),
        Ending(disk=1),
    ],
    ids=["symlink", "folder", "set-user-id", "made on DOS", "text", "comment", "other disk"],
)
def test_an_attribute_that_is_not_a_plain_files_is_found(ending: Ending) -> None:
    assert "a.json is not in its one form" in refused(forge(replace(A, ending=ending), B))


@pytest.mark.parametrize(
    "name",
    [
        *(b"", b"/etc/passwd", b"../a", b"a/../../b", b"a/./b", b"a//b", b"folder/", b"a\\b"),
        *(b"C:a", b"a\x00.json", b"a\n", b"caf\xc3\xa9", b"\xff", b"a.", b"a./b", b"a b"),
    ],
    ids=lambda name: repr(name[:20]),
)
def test_a_name_that_leads_elsewhere_is_found(name: bytes) -> None:
    assert refused(forge(part(name, b"x"))).startswith("the name ")


@pytest.mark.parametrize("length", [201, 65_000])
def test_a_name_longer_than_any_system_takes_is_found(length: int) -> None:
    refused(forge(part("a" * length, b"x")))
    refused(forge(A, part("b" * length, b"x")))


@pytest.mark.parametrize(
    ("first", "second"),
    [("a", "a"), ("b", "a"), ("A", "a"), ("a", "a/b"), ("A/b", "a"), ("A", "a/b"), ("a/B", "a/b")],
)
def test_names_that_one_folder_cannot_hold_are_found(first: str, second: str) -> None:
    assert refused(forge(part(first, b"1"), part(second, b"2"))).startswith("the name")


def test_a_folder_is_found_behind_names_that_sort_between() -> None:
    # In bytes "a" < "a-" < "a.b" < "a/b".
    message = refused(forge(*(part(name, b"") for name in ("a", "a-", "a.b", "a/b"))))
    assert message == "the name 'a' is the folder of 'a/b'"


def test_two_names_for_the_same_bytes_are_found() -> None:
    overlapping = replace(part("b.json", A.content), offset=0)
    assert "b.json does not start where" in refused(forge(A, overlapping))


def test_a_member_inside_another_is_found() -> None:
    inner = part("b", b"quoted")
    quoting = part("a", inner.local.local() + inner.content)
    hidden = replace(inner, offset=len(quoting.local.local()))
    refused(forge(quoting, hidden))


def test_a_header_that_names_another_member_is_found() -> None:
    renamed = replace(A.local, name=b"z.json")
    assert refused(forge(replace(A, local=renamed))) == (
        "the header of a.json is not what the directory says"
    )


def test_a_member_that_the_directory_does_not_list_is_found() -> None:
    unlisted = A.local.local() + A.content
    sound_entry = B.entry.entry(len(unlisted), B.ending)
    body = unlisted + B.local.local() + B.content
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(sound_entry), len(body), 0)
    assert "b/c.txt does not start where" in refused(body + sound_entry + end)


@pytest.mark.parametrize(
    "lie",
    [
        {"count": 1, "count_here": 1},
        {"count": 3, "count_here": 3},
        {"count_here": 1},
        {"count": 0, "count_here": 0},
        {"count": 0xFFFF, "count_here": 0xFFFF},
        {"disk": 1},
        {"directory_disk": 1},
        {"size": 0},
        {"size": 0xFFFFFFFF},
        {"size": 52},
        {"offset": 0},
        {"offset": 0xFFFFFFFF},
        {"offset": 1},
        {"comment_length": 1},
    ],
    ids=str,
)
def test_an_end_record_that_lies_is_found(lie: dict[str, int]) -> None:
    refused(forge(A, B, lies=lie))


@pytest.mark.parametrize("comment", [b"c", SOUND, SOUND[-22:]], ids=["text", "archive", "end"])
def test_a_comment_of_the_archive_is_found(comment: bytes) -> None:
    refused(forge(A, B, comment=comment))


def test_a_second_directory_is_found() -> None:
    other = forge(part("a.json", b'{"a":2}'))
    refused(SOUND + other)
    refused(other + SOUND)


def test_zip64_records_are_found() -> None:
    body, end = SOUND[:-22], SOUND[-22:]
    size, offset = struct.unpack_from("<II", end, 12)
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 2, 2, size, offset)
    locator = struct.pack("<IIQI", 0x07064B50, 0, len(body), 1)
    refused(body + record + locator + end)
    unsaid = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, *(0xFFFF,) * 2, *(0xFFFFFFFF,) * 2, 0)
    refused(body + record + locator + unsaid)


def test_an_archive_without_members_is_refused() -> None:
    assert refused(forge()) == "0 bytes are no directory of 0 members"


def test_a_directory_of_long_names_is_not_read_on_the_word_of_its_count() -> None:
    directory = b"\x00" * 10_000_000
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(directory), 0, 0)
    assert refused(directory + end) == "10000000 bytes are no directory of 1 members"


def test_a_directory_that_ends_inside_an_entry_is_refused() -> None:
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, 30, 0, 0)
    assert "ends before its member 1" in refused(SOUND[-52:-22] + end)


@pytest.mark.parametrize(
    "data",
    [
        by_zipfile(),
        by_zipfile(zipfile.ZIP_DEFLATED),
        by_zipfile(zipfile.ZIP_BZIP2),
        by_zipfile(zipfile.ZIP_LZMA),
        by_zipfile(comment=b"hello"),
        by_zipfile(mode=stat.S_IFLNK | 0o777),
    ],
    ids=["stored", "deflated", "bzip2", "lzma", "comment", "symlink"],
)
def test_what_an_ordinary_program_packs_is_refused(data: bytes) -> None:
    refused(data)


@pytest.mark.parametrize("data", [b"", b"PK", b"PK\x05\x06", b"\x00" * 22, b"\xff" * 1000, b"{}"])
def test_what_is_no_archive_at_all_is_refused(data: bytes) -> None:
    refused(data)
