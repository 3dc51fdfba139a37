"""Every byte of an archive that is not content, and the names its members may have.

Layout of ZIP local headers, directory entries and end record: APPNOTE 6.3, sections 4.3.7, 4.3.12
and 4.3.16. There is one form of each, which the name, place, length and CRC of a member determine.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from struct import Struct
from typing import Final

MAX_NAME: Final = 200

LOCAL: Final = Struct("<4s5H3I2H")
ENTRY: Final = Struct("<4s6H3I5H2I")
END: Final = Struct("<4s4H2IH")

_MADE_BY_UNIX: Final = 3 << 8 | 20
_NEEDS: Final = 10
_FIRST_OF_1980: Final = 1 << 5 | 1
_REGULAR_FILE: Final = 0o100644 << 16
_NAME: Final = re.compile(r"(?:[A-Za-z0-9._-]*[A-Za-z0-9_-]/)*[A-Za-z0-9._-]*[A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Member:
    """What the directory says of a member; all its bytes but the content follow from it."""

    name: str
    offset: int
    size: int
    crc: int

    @property
    def start(self) -> int:
        """Where its content starts in the archive."""
        return self.offset + LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        """Where the next member, or the directory, starts."""
        return self.start + self.size

    @property
    def local_header(self) -> bytes:
        """The bytes before its content."""
        fixed = LOCAL.pack(
            b"PK\x03\x04", _NEEDS, 0, 0, 0, _FIRST_OF_1980,
            self.crc, self.size, self.size, len(self.name), 0,
        )  # fmt: skip
        return fixed + self.name.encode("ascii")

    @property
    def directory_entry(self) -> bytes:
        """The bytes that stand for it in the directory."""
        fixed = ENTRY.pack(
            b"PK\x01\x02", _MADE_BY_UNIX, _NEEDS, 0, 0, 0, _FIRST_OF_1980,
            self.crc, self.size, self.size, len(self.name), 0, 0, 0, 0, _REGULAR_FILE, self.offset,
        )  # fmt: skip
        return fixed + self.name.encode("ascii")


def end_record(count: int, size: int, offset: int) -> bytes:
    """Return the last bytes of an archive whose directory has `size` bytes and is at `offset`."""
    return END.pack(b"PK\x05\x06", 0, 0, count, count, size, offset, 0)


def name_fault(name: str) -> str | None:
    """Return what is wrong with a name taken alone."""
    if len(name) > MAX_NAME:
        return f"the name {name[:20]!r}… has {len(name)} characters, more than {MAX_NAME}"
    return None if _NAME.fullmatch(name) else f"the name {name!r} is not allowed"


def names_conflict(names: Iterable[str]) -> str | None:
    """Return what is wrong with these names taken together."""
    # With NUL for `/` a folder sorts just before what is in it: looking at neighbours is enough.
    keys = sorted((name.lower().replace("/", "\0"), name) for name in names)
    for (key, name), (next_key, next_name) in pairwise(keys):
        if key == next_key:
            return f"the names {name!r} and {next_name!r} differ in case only"
        if next_key.startswith(f"{key}\0"):
            return f"the name {name!r} is the folder of {next_name!r}"
    return None
