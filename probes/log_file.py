r"""Follows a file that is written to: what was added since it was read last, in whole lines.

- Renamed and replaced (or a link that leads elsewhere now): the old file is read to its end, and
  once more at the next reading, since its writer may be slow to leave it; then the new one is.
- Truncated, or replaced in place: it is read from its beginning.
- At first it is read backwards, block by block, as far as whoever reads wants to know.

The file is held open, so that nothing is lost when it is renamed, compressed or deleted. All this
blocks, and is for a thread of its own. A line ends with a line feed, one before it (`\r`) is
dropped; a line that is not UTF-8 is taken for Latin-1; of a long one only the beginning is read.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from probes.attempt import ProbeError, unreadable
from probes.model.failure import Failure, Operation


class LogFile:
    """A file that is followed by its path."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._current: _Opened | None = None
        self._previous: _Opened | None = None
        self.behind_bytes = 0

    def blocks(self) -> Iterator[list[str]]:
        """Open the file and yield its lines by blocks, the last block first; then it is followed.

        Ends at the beginning of the file, or when much was read.
        """
        self._current = _Opened(self._path)
        yield from self._current.backwards()

    @property
    def is_open(self) -> bool:
        """Whether it was ever there to be read."""
        return self._current is not None

    def new_lines(self) -> Iterator[str]:
        """Yield the lines written since the last reading, of a file that was opened."""
        self.behind_bytes = 0
        if self._previous is not None:
            yield from self._previous.forwards(last=True)
            self._previous = None
        current = self._current
        assert current is not None  # noqa: S101 - what is followed was opened
        current.rewind_if_replaced()
        yield from current.forwards()
        if not current.is_at(self._path):
            self._previous = current
            current = self._current = _Opened(self._path)
            yield from current.forwards()
        self.behind_bytes = current.unread_bytes()


class _Opened:
    """One file, by its descriptor; `_offset` is after the last whole line that was read."""

    def __init__(self, path: str) -> None:
        try:
            # Without waiting: what is no file may have nobody at its other end.
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise _cannot_read(path, error) from None
        self._offset = 0
        self._before = b""
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            detail = f"{path} is not a file"
            raise ProbeError(Failure.BAD_CONFIGURATION, detail, Operation.SCHEDULE)

    def __del__(self) -> None:
        with suppress(OSError, AttributeError):
            os.close(self._file)

    def is_at(self, path: str) -> bool:
        """Return whether this is the file that a path leads to."""
        try:
            there = os.stat(path)  # noqa: PTH116 - compared with the like of a descriptor
        except OSError as error:
            raise _cannot_read(path, error) from None
        return os.path.samestat(there, os.fstat(self._file))

    def rewind_if_replaced(self) -> None:
        """Begin anew when what was read is no longer what stands there."""
        length = len(self._before)
        if os.pread(self._file, length, self._offset - length) != self._before:
            self._offset = 0
            self._before = b""

    def unread_bytes(self) -> int:
        """Return how much more there was than is read at once."""
        rest = os.fstat(self._file).st_size - self._offset
        return rest if rest > _BLOCK else 0

    def backwards(self) -> Iterator[list[str]]:
        """Yield the lines of each block, the last block first."""
        size = os.fstat(self._file).st_size
        end = first_end = self._start_of_rest(size)
        self._go_to(end)
        while end > 0 and first_end - end < _MOST:
            # With the byte before the block: it tells whether a line begins right there.
            begin = max(0, end - _BLOCK - 1)
            data = os.pread(self._file, end - begin, begin)
            cut = data.find(b"\n") + 1 if begin > 0 else 0
            if cut < len(data):
                yield _lines(data[cut:])
                begin += cut
            end = begin

    def forwards(self, *, last: bool = False) -> Iterator[str]:
        """Yield the whole lines after what was read; when it is the `last` time, the rest too."""
        read = 0
        while read < _MOST:
            data = os.pread(self._file, _BLOCK, self._offset)
            end = data.rfind(b"\n") + 1
            if end == 0 and (len(data) == _BLOCK or last):
                end = len(data)  # a line longer than a block, or one that nobody will end
            if end == 0:
                return
            self._go_to(self._offset + end)
            read += end
            yield from _lines(data[:end])

    def _start_of_rest(self, size: int) -> int:
        """Return where the last line begins, that is not ended yet."""
        begin = max(0, size - _BLOCK)
        return begin + os.pread(self._file, size - begin, begin).rfind(b"\n") + 1

    def _go_to(self, offset: int) -> None:
        self._offset = offset
        length = min(offset, _REMEMBERED)
        self._before = os.pread(self._file, length, offset - length)


def _cannot_read(path: str, error: OSError) -> ProbeError:
    if isinstance(error, FileNotFoundError):
        return ProbeError(Failure.NOTHING_LOGGED, f"{path} does not exist", Operation.RUN)
    return unreadable(path, error)


def _lines(data: bytes) -> list[str]:
    return [
        _text(line[:_LONGEST_LINE].rstrip(b"\r")) for line in data.removesuffix(b"\n").split(b"\n")
    ]


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


_BLOCK: Final = 262_144
_MOST: Final = 16 * 1_048_576
_LONGEST_LINE: Final = 8_192
# Enough of what stands before to tell it from what another file would hold there.
_REMEMBERED: Final = 64
