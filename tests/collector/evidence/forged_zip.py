"""ZIP archives that lie: every field of every record can be set, whatever it should be.

Written from APPNOTE 6.3 and not from the module under test. Without a lie, what is made here is
the one form of an archive.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from zlib import crc32


@dataclass(frozen=True)
class Record:
    """The fields that a local header and a directory entry share."""

    name: bytes
    crc: int
    packed: int
    size: int
    needs: int = 10
    flags: int = 0
    method: int = 0
    time: int = 0
    date: int = 33
    extra: bytes = b""

    def local(self) -> bytes:
        return (
            struct.pack(
                "<IHHHHHIIIHH",
                0x04034B50,
                *(self.needs, self.flags, self.method, self.time, self.date),
                *(self.crc, self.packed, self.size, len(self.name), len(self.extra)),
            )
            + self.name
            + self.extra
        )

    def entry(self, offset: int, end: "Ending") -> bytes:
        return (
            struct.pack(
                "<IHHHHHHIIIHHHHHII",
                *(0x02014B50, end.made_by, self.needs, self.flags, self.method),
                *(self.time, self.date, self.crc, self.packed, self.size),
                *(len(self.name), len(self.extra), len(end.comment), end.disk),
                *(end.internal, end.external, offset),
            )
            + self.name
            + self.extra
            + end.comment
        )


@dataclass(frozen=True)
class Ending:
    """The fields that only a directory entry has."""

    made_by: int = 3 << 8 | 20
    comment: bytes = b""
    disk: int = 0
    internal: int = 0
    external: int = 0o100644 << 16


@dataclass(frozen=True)
class Part:
    """One member: what its header says, what the directory says, and what is there."""

    content: bytes
    local: Record
    entry: Record
    ending: Ending = field(default_factory=Ending)
    after: bytes = b""
    offset: int | None = None


def part(name: str | bytes, content: bytes, **lies: int | bytes) -> Part:
    """Return a member; a lie is told by its header and by the directory alike."""
    raw = name if isinstance(name, bytes) else name.encode()
    record = Record(raw, crc32(content), len(content), len(content))
    record = replace(record, **lies)  # type: ignore[arg-type]
    return Part(content, record, record)


def forge(
    *parts: Part, gap: bytes = b"", comment: bytes = b"", lies: Mapping[str, int] | None = None
) -> bytes:
    """Return the archive of these members; a lie names a field of the end record."""
    data, entries = bytearray(), bytearray()
    for each in parts:
        offset = len(data) if each.offset is None else each.offset
        entries += each.entry.entry(offset, each.ending)
        data += each.local.local() + each.content + each.after
    data += gap
    said = {
        "disk": 0,
        "directory_disk": 0,
        "count_here": len(parts),
        "count": len(parts),
        "size": len(entries),
        "offset": len(data),
        "comment_length": len(comment),
    }
    assert not lies or lies.keys() <= said.keys()
    end = struct.pack("<IHHHHIIH", 0x06054B50, *{**said, **(lies or {})}.values())
    return bytes(data + entries) + end + comment
