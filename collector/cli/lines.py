"""What a running collector says on standard error: one line each, never a traceback."""

import logging


class OneLine(logging.Formatter):
    """Formats a record as one line; an exception is only named."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        said = record.getMessage()
        fault = record.exc_info[1] if record.exc_info else None
        if fault is not None:
            said = (
                f"{said}: {type(fault).__name__}: {fault}" if str(fault) else f"{said}: {fault!r}"
            )
        return f"constat: {' '.join(said.split())}"


def say_in_lines() -> None:
    """Send warnings and worse to standard error, one line each."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
