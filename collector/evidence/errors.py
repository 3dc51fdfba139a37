"""The one family of exceptions that leaves verification: the evidence is not sound.

Each module that reads evidence has its subclass and its code. A code is what programs and the
manual refer to: it is part of the format, and never changes its meaning.
"""

from collector.errors import ConstatError, ExitCode
from probes.model.complaint import shortened


class VerificationError(ConstatError):
    """Evidence that is not sound; one line says what and where, `code` which check found it."""

    exit_code = ExitCode.UNSOUND
    code: str

    def __init__(self, complaint: str) -> None:
        super().__init__(shortened(complaint))
