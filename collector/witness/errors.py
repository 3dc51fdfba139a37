"""How a witness says no: this once, or for good."""

from typing import ClassVar

from collector.errors import ConstatError, ExitCode, RefusedError


class UnusableLogError(RefusedError):
    """The collector cannot be reached, or shows nothing that can be cosigned; it is asked again."""


class ForkedError(ConstatError):
    """The log contradicts what this witness saw of it: nothing of it is cosigned ever again."""

    exit_code: ClassVar[ExitCode] = ExitCode.BREACH


class ForgetfulError(RefusedError):
    """The witness may have forgotten what it cosigned: it signs nothing ever again."""
