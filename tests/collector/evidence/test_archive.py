"""The archive of an evidence bundle: one form, and every program that reads ZIP agrees with it."""

import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.errors import ExitCode
from collector.evidence import archive
from collector.evidence.archive import (
    CHUNK_BYTES,
    MAX_BYTES,
    MAX_MEMBERS,
    ArchiveError,
    ArchiveFullError,
    ArchiveReader,
    ArchiveWriter,
)
from collector.evidence.layout import MAX_NAME
from tests.collector.evidence.forged_zip import forge, part

SMALL: Final = {"LISEZMOI.txt": b"lire", "entries/0.dsse": b"", "window.json": b'{"id":"M-1"}'}

SEGMENTS = st.text("AZaz09._-", min_size=1, max_size=6).filter(lambda text: text[-1] != ".")
NAMES = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join)


def written(members: Mapping[str, bytes], *, chunk: int = 7) -> bytes:
    """Return the archive of these members, stored chunk by chunk."""
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    for name in sorted(members):
        content = members[name]
        writer.add(name, (content[at : at + chunk] for at in range(0, len(content), chunk)))
    writer.close()
    return file.getvalue()


def opened(data: bytes) -> ArchiveReader:
    return ArchiveReader(io.BytesIO(data))


def contents(reader: ArchiveReader) -> dict[str, bytes]:
    return {name: reader.read(name, cap=MAX_BYTES) for name in reader.names()}


def can_stand_together(names: set[str]) -> bool:
    """Say whether each name, whatever its case, is its own and no folder of another."""
    folders = {
        "/".join(name.lower().split("/")[:depth])
        for name in names
        for depth in range(1, 3)
        if depth < len(name.split("/"))
    }
    lower = {name.lower() for name in names}
    return len(lower) == len(names) and not lower & folders


@given(st.dictionaries(NAMES, st.binary(max_size=40), min_size=1, max_size=8), st.integers(1, 50))
def test_every_set_of_members_survives_its_archive(members: dict[str, bytes], chunk: int) -> None:
    if not can_stand_together(set(members)):
        with pytest.raises(ValueError, match=r"differ in case only|is the folder of"):
            written(members, chunk=chunk)
        return
    data = written(members, chunk=chunk)
    reader = opened(data)
    assert contents(reader) == members
    assert list(reader.names()) == sorted(members)
    assert written(contents(reader), chunk=50) == data
    with zipfile.ZipFile(io.BytesIO(data)) as theirs:
        assert {name: theirs.read(name) for name in theirs.namelist()} == members


def test_an_archive_is_the_bytes_of_the_zip_specification() -> None:
    assert written(SMALL) == forge(*(part(name, content) for name, content in SMALL.items()))


def test_what_is_stored_does_not_depend_on_how_it_came() -> None:
    assert written(SMALL, chunk=1) == written(SMALL, chunk=1000)


def test_the_digest_of_a_member_is_told_when_it_is_written_and_when_it_is_read() -> None:
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    digest = writer.add("a", [b"one", b"two"])
    writer.close()
    assert digest == sha256(b"onetwo").hexdigest()
    assert ArchiveReader(file).sha256("a") == digest


def test_a_member_is_read_like_a_file() -> None:
    lines = b"".join(b"%d\n" % number for number in range(30_000))
    reader = opened(written({"lines": lines, "other": b"x"}))
    assert reader.size("lines") == len(lines) > CHUNK_BYTES
    with reader.open("lines") as file, reader.open("other") as other:
        assert file.readline() == b"0\n"
        assert other.read() == b"x"
        assert [int(line) for line in file] == list(range(1, 30_000))


def test_a_member_longer_than_its_reader_allows_is_refused_unread() -> None:
    reader = opened(written({"a": b"12345"}))
    assert reader.read("a", cap=5) == b"12345"
    with pytest.raises(ArchiveError, match="the member a has 5 bytes, more than 4"):
        reader.read("a", cap=4)


@pytest.mark.parametrize("method", ["size", "sha256", "open"])
def test_a_member_that_is_not_there_is_named(method: str) -> None:
    reader = opened(written(SMALL))
    with pytest.raises(ArchiveError, match=r"the member seal.dsse is missing"):
        getattr(reader, method)("seal.dsse")


def test_an_unsound_archive_has_a_code_of_its_own() -> None:
    with pytest.raises(ArchiveError) as caught:
        opened(b"")
    assert (caught.value.code, caught.value.exit_code) == ("archive", ExitCode.UNSOUND)


def test_a_member_that_changes_after_opening_is_not_passed_off_for_what_was_checked() -> None:
    data = written({"a": b"genuine"})
    file = io.BytesIO(data)
    reader = ArchiveReader(file)
    file.seek(data.index(b"genuine"))
    file.write(b"forgery")
    with pytest.raises(ArchiveError, match="a changed while it was read"):
        reader.read("a", cap=100)


def test_a_file_that_shrinks_after_opening_is_refused() -> None:
    file = io.BytesIO(written({"a": b"genuine"}))
    reader = ArchiveReader(file)
    file.truncate(20)
    with pytest.raises(ArchiveError, match="the file ends at byte"):
        reader.read("a", cap=100)


def test_a_file_that_cannot_be_read_is_refused_and_not_a_crash(tmp_path: Path) -> None:
    with (tmp_path / "closed").open("wb") as write_only:
        write_only.write(written(SMALL))
        with pytest.raises(ArchiveError, match="the file cannot be read"):
            ArchiveReader(write_only)


def test_a_pipe_is_refused_and_not_a_crash() -> None:
    read, write = os.pipe()
    os.close(write)
    with open(read, "rb") as pipe, pytest.raises(ArchiveError, match="the file cannot be read"):  # noqa: PTH123 - a descriptor
        ArchiveReader(pipe)


def test_a_file_that_gives_a_little_at_a_time_is_read_to_its_end() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            return super().read(min(size, 7))

    assert contents(ArchiveReader(Slow(written(SMALL)))) == SMALL


@pytest.mark.parametrize(
    "name",
    [
        *("", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a.", "a./b", "a\\b", "c:a"),
        *("é", "a b", "a\n", "a\x00", "a" * (MAX_NAME + 1)),
    ],
)
def test_a_name_that_some_system_would_read_otherwise_is_not_stored(name: str) -> None:
    with pytest.raises(ValueError, match=r"the name .* (is not allowed|more than 200)"):
        ArchiveWriter(io.BytesIO()).add(name, [])


@pytest.mark.parametrize("name", ["a", ".a", "..a", "a.b/c-d/_", "0", "a" * MAX_NAME])
def test_an_ordinary_name_is_stored(name: str) -> None:
    assert opened(written({name: b"x"})).names() == (name,)


@pytest.mark.parametrize("second", ["a", "B", "LISEZMOI.txt"])
def test_members_are_added_in_the_order_of_their_bytes(second: str) -> None:
    writer = ArchiveWriter(io.BytesIO())
    writer.add("a", [])
    with pytest.raises(ValueError, match=f"the name '{second}' does not sort after 'a'"):
        writer.add(second, [])


@pytest.mark.parametrize("names", [("A", "a"), ("a", "a-", "a/b"), ("a/B", "a/b/c")])
def test_names_that_one_folder_cannot_hold_are_not_stored(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"differ in case only|is the folder of"):
        written(dict.fromkeys(names, b""))


def test_an_archive_of_nothing_is_not_written() -> None:
    with pytest.raises(ValueError, match="at least one member"):
        ArchiveWriter(io.BytesIO()).close()


def test_an_archive_starts_with_its_file() -> None:
    with pytest.raises(ValueError, match="into an empty file"):
        ArchiveWriter(io.BytesIO(b"before"))


def test_a_member_that_fails_leaves_no_trace() -> None:
    def failing() -> Iterator[bytes]:
        yield b"x" * 1000
        raise OSError

    file = io.BytesIO()
    writer = ArchiveWriter(file)
    writer.add("a", [b"1"])
    with pytest.raises(OSError):  # noqa: PT011 - the one just made
        writer.add("b", failing())
    writer.add("c", [b"3"])
    writer.close()
    assert file.getvalue() == written({"a": b"1", "c": b"3"})


@pytest.mark.parametrize("room", [0, 1])
def test_what_does_not_fit_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    # Local header 31, content 10, directory entry 47, end record 22.
    monkeypatch.setattr(archive, "MAX_BYTES", 31 + 10 + 47 + 22 - room)
    if room == 0:
        assert len(written({"a": b"0123456789"})) == 110
        return
    with pytest.raises(ArchiveFullError, match="shorter than 4 GiB"):
        written({"a": b"0123456789"})


def test_content_is_refused_as_soon_as_it_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)

    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 100

    with pytest.raises(ArchiveFullError, match="cannot store a: an archive is shorter than 4 GiB"):
        ArchiveWriter(io.BytesIO()).add("a", endless())


def test_an_archive_holds_as_many_members_as_every_reader_can_count() -> None:
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    for number in range(MAX_MEMBERS):
        writer.add(f"{number:05}", [])
    with pytest.raises(ArchiveFullError, match="an archive has 65534 members"):
        writer.add("a", [])
    writer.close()
    assert len(ArchiveReader(file).names()) == MAX_MEMBERS
    with zipfile.ZipFile(file) as theirs:
        assert len(theirs.namelist()) == MAX_MEMBERS


def test_a_file_of_four_gibibytes_is_refused_by_its_length(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    path.touch()
    with path.open("r+b") as file:
        file.truncate(MAX_BYTES + 1)
        with pytest.raises(ArchiveError, match="the file has 4294967296 bytes"):
            ArchiveReader(file)
