"""How a command ends: an exit code, or an error that is one line or more for its user."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command of Constat that an agent's commands use."""

    DONE = 0
    ERROR = 1
    USAGE = 2
    UNREACHABLE = 6
    INTERRUPTED = 130


class CommandError(Exception):
    """A command could not do what it was asked to; the message is for its user."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.ERROR) -> None:
        super().__init__(message)
        self.exit_code = exit_code
