"""What can go wrong for the person at the keyboard, and the exit code each kind ends with.

Every module of the collector raises one of these for a fault its user can do something about: one
line that names the thing, the place and what to do next. The command line turns them into that
line and that code, in one place (`collector.cli.main`); nothing else decides an exit code.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How every command ends (formats, exit codes)."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    BREACH = 3
    UNDECIDED = 4
    NOT_FOUND = 5
    REFUSED = 6
    UNSOUND = 7


class ConstatError(Exception):
    """A fault with a one-line explanation for the user."""

    exit_code: ClassVar[ExitCode] = ExitCode.ERROR


class ConfigurationError(ConstatError):
    """A file, an option or a value of it is not what it must be."""

    exit_code = ExitCode.USAGE


class NotFoundError(ConstatError):
    """A thing that was named does not exist."""

    exit_code = ExitCode.NOT_FOUND


class RefusedError(ConstatError):
    """What was asked is not allowed in this state, or a server cannot be reached or says no."""

    exit_code = ExitCode.REFUSED
