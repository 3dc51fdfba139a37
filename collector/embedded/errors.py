"""The one family of errors of the embedded PostgreSQL: what cannot be done, and what to do next."""

from collector.errors import ConstatError, ExitCode


class EmbeddedError(ConstatError):
    """The embedded PostgreSQL cannot be prepared, started or found."""


class NotRunningError(EmbeddedError):
    """No server runs on the data folder that was named."""

    exit_code = ExitCode.REFUSED
