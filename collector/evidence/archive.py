"""The container of an evidence bundle: a ZIP archive that has exactly one form.

What is written and read here is one small part of the ZIP format (APPNOTE 6.3): members stored as
they are, in bytewise order of their names, one after another from the first byte, all dated
1 January 1980; no extra field, comment, data descriptor or ZIP64 record. A name is at most 200
characters: segments of ASCII letters, digits, `.`, `_` and `-`, joined by `/`, none ending with a
dot. No two names are equal when case is ignored, and none is the folder of another. So an archive
is shorter than 4 GiB and has 1 to 65 534 members; a log has more entries than that, and whoever
stores them puts many in one member.

The reader trusts no field. It derives from the directory every byte that is not content, compares
it with the file, and reads all content once, while opening: an archive that opens is the one the
writer would make of its members, and every program that reads ZIP finds the same members in it.
Nothing is extracted to disk, and nothing allocated on the word of a length that the file belies.
"""

import io
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO, Final
from zlib import crc32

from collector.errors import ConstatError
from collector.evidence.errors import VerificationError
from collector.evidence.layout import (
    END,
    ENTRY,
    LOCAL,
    MAX_NAME,
    Member,
    end_record,
    name_fault,
    names_conflict,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_BYTES: Final = 2**32 - 1
MAX_MEMBERS: Final = 65_534
CHUNK_BYTES: Final = 64 * 1024


class ArchiveError(VerificationError):
    """A file is not an archive in its one form."""

    code = "archive"


class ArchiveFullError(ConstatError):
    """More was to be stored than an archive can hold."""


class ArchiveWriter:
    """Writes an archive into an empty, seekable, buffered file, which its caller opens and closes.

    The header before a member holds its length and CRC: it is written when they are known, over a
    gap left for it. Members are added in bytewise order, `seal.dsse` like any other: what the seal
    says of the few members after it has to be known before they are added.
    """

    def __init__(self, file: BinaryIO) -> None:
        if file.seek(0, io.SEEK_END):
            raise ValueError("an archive is written into an empty file")
        self._file = file
        self._members: list[Member] = []
        self._end = 0

    def add(self, name: str, chunks: Iterable[bytes]) -> str:
        """Store a member, and return the SHA-256 of its content in hexadecimal.

        `ValueError` for a name that is not allowed or not after the one before, `ArchiveFullError`
        for a member too many or too long. A member that fails leaves no trace.
        """
        if fault := name_fault(name):
            raise ValueError(fault)
        if self._members and name <= self._members[-1].name:
            raise ValueError(f"the name {name!r} does not sort after {self._members[-1].name!r}")
        if len(self._members) == MAX_MEMBERS:
            raise ArchiveFullError(f"cannot store {name}: an archive has {MAX_MEMBERS} members")
        start = self._end + LOCAL.size + len(name)
        size, crc, digest = self._write_content(name, start, chunks)
        member = Member(name, self._end, size, crc)
        self._file.seek(member.offset)
        self._file.write(member.local_header)
        self._members.append(member)
        self._end = member.end
        return digest

    def close(self) -> None:
        """Write the directory; `ValueError` when no archive can have these names together."""
        if fault := names_conflict(member.name for member in self._members):
            raise ValueError(fault)
        if not self._members:
            raise ValueError("an archive has at least one member")
        directory = b"".join(member.directory_entry for member in self._members)
        if self._end + len(directory) + END.size > MAX_BYTES:
            raise ArchiveFullError("cannot store so much: an archive is shorter than 4 GiB")
        self._file.seek(self._end)
        self._file.write(directory)
        self._file.write(end_record(len(self._members), len(directory), self._end))
        self._file.truncate()

    def _write_content(
        self, name: str, start: int, chunks: Iterable[bytes]
    ) -> tuple[int, int, str]:
        size, crc, digest = 0, 0, sha256()
        self._file.seek(start)
        for chunk in chunks:
            size, crc = size + len(chunk), crc32(chunk, crc)
            digest.update(chunk)
            if start + size > MAX_BYTES:
                break
            self._file.write(chunk)
        if start + size > MAX_BYTES:
            raise ArchiveFullError(f"cannot store {name}: an archive is shorter than 4 GiB")
        return size, crc, digest.hexdigest()


class ArchiveReader:
    """Reads an archive from a seekable binary file, which its caller opens and closes.

    Opening checks all there is to check and reads every byte once, in bounded memory. It raises
    `ArchiveError`, and nothing else, for a file that is no archive in its one form or that cannot
    be read; so does each method for a name that is not in the archive.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._members = {member.name: member for member in _read_directory(file)}
        self._digests = {
            member.name: _check_member(file, member) for member in self._members.values()
        }

    def names(self) -> tuple[str, ...]:
        """Return the names of the members, in bytewise order."""
        return tuple(self._members)

    def size(self, name: str) -> int:
        """Return the length of a member's content in bytes."""
        return self._member(name).size

    def sha256(self, name: str) -> str:
        """Return the SHA-256 of a member's content in hexadecimal, as read while opening."""
        return self._digests[self._member(name).name].hex()

    def open(self, name: str) -> io.BufferedReader:
        """Return a member's content as a file, from its start.

        At its end it raises `ArchiveError` when it is not what was read while opening.
        """
        member = self._member(name)
        return io.BufferedReader(_Content(self._file, member, self._digests[name]), CHUNK_BYTES)

    def read(self, name: str, cap: int) -> bytes:
        """Return a member's whole content; `ArchiveError` when it is longer than `cap` bytes."""
        size = self.size(name)
        if size > cap:
            raise ArchiveError(f"the member {name} has {size} bytes, more than {cap}")
        with self.open(name) as content:
            return content.read(size)

    def _member(self, name: str) -> Member:
        try:
            return self._members[name]
        except KeyError:
            raise ArchiveError(f"the member {name} is missing") from None


class _Content(io.RawIOBase):
    """The content of one member, which must still be what it was when the archive was opened."""

    def __init__(self, file: BinaryIO, member: Member, digest: bytes) -> None:
        self._file = file
        self._member = member
        self._expected = digest
        self._digest = sha256()
        self._position = member.start

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        with memoryview(buffer).cast("B") as view:
            count = min(len(view), self._member.end - self._position)
            if not count:
                return 0
            data = _read(self._file, self._position, count)
            view[:count] = data
        self._digest.update(data)
        self._position += count
        if self._position == self._member.end and self._digest.digest() != self._expected:
            raise ArchiveError(f"the member {self._member.name} changed while it was read")
        return count


def _read_directory(file: BinaryIO) -> list[Member]:
    """Return the members of a file whose every length and offset is as it must be."""
    length = _length(file)
    if not END.size <= length <= MAX_BYTES:
        raise ArchiveError(f"the file has {length} bytes: no archive has so many or so few")
    last = _read(file, length - END.size, END.size)
    count, size, offset = END.unpack(last)[4:7]
    if last != end_record(count, size, offset) or offset + size + END.size != length:
        raise ArchiveError("the file does not end as an archive does")
    if not 1 <= count <= MAX_MEMBERS or size > count * (ENTRY.size + MAX_NAME):
        raise ArchiveError(f"{size} bytes are no directory of {count} members")
    members = list(_members(_read(file, offset, size), count))
    if members[-1].end != offset:
        raise ArchiveError("the directory does not start where the last member ends")
    if fault := names_conflict(member.name for member in members):
        raise ArchiveError(fault)
    return members


def _members(directory: bytes, count: int) -> Iterator[Member]:
    """Yield the members of a directory, each of which starts where the one before it ends."""
    position, previous, end = 0, "", 0
    for number in range(1, count + 1):
        if len(directory) - position < ENTRY.size:
            raise ArchiveError(f"the directory ends before its member {number}")
        fields = ENTRY.unpack_from(directory, position)
        crc, size, name_length, offset = fields[7], fields[9], fields[10], fields[16]
        after = position + ENTRY.size + name_length
        name = directory[position + ENTRY.size : after].decode("latin-1")
        if fault := name_fault(name):
            raise ArchiveError(fault)
        member = Member(name, offset, size, crc)
        if directory[position:after] != member.directory_entry:
            raise ArchiveError(f"the directory's entry of {name} is not in its one form")
        if name <= previous:
            raise ArchiveError(f"the name {name!r} does not sort after {previous!r}")
        if offset != end:
            raise ArchiveError(f"the member {name} does not start where the one before it ends")
        yield member
        position, previous, end = after, name, member.end
    if position != len(directory):
        raise ArchiveError("the directory goes on after its last member")


def _check_member(file: BinaryIO, member: Member) -> bytes:
    """Return the SHA-256 of a member whose header and content are what the directory says."""
    if _read(file, member.offset, member.start - member.offset) != member.local_header:
        raise ArchiveError(f"the header of {member.name} is not what the directory says")
    crc, digest = 0, sha256()
    for position in range(member.start, member.end, CHUNK_BYTES):
        chunk = _read(file, position, min(CHUNK_BYTES, member.end - position))
        crc = crc32(chunk, crc)
        digest.update(chunk)
    if crc != member.crc:
        raise ArchiveError(f"the content of {member.name} is not what its CRC says")
    return digest.digest()


def _length(file: BinaryIO) -> int:
    try:
        return file.seek(0, io.SEEK_END)
    except OSError as error:
        raise ArchiveError(f"the file cannot be read: {error.strerror or error}") from None


def _read(file: BinaryIO, offset: int, count: int) -> bytes:
    """Return exactly these bytes of a file."""
    try:
        file.seek(offset)
        data = file.read(count)
        while len(data) < count and (more := file.read(count - len(data))):
            data += more
    except OSError as error:
        raise ArchiveError(f"the file cannot be read: {error.strerror or error}") from None
    if len(data) != count:
        raise ArchiveError(f"the file ends at byte {offset + len(data)}, before its content does")
    return data
