"""The agent's log: one line for each event, `key=value`, on standard error; never a traceback."""

import json
import logging
import time
from pathlib import Path
from traceback import walk_tb


class LogfmtFormatter(logging.Formatter):
    """Writes a record in logfmt, the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        message = json.dumps(" ".join(record.getMessage().split()), ensure_ascii=False)
        where = record.name.rpartition(".")[2]
        line = f"ts={at}.{record.msecs:03.0f}Z level={record.levelname.lower()} from={where}"
        line += f" msg={message}"
        error = record.exc_info[1] if record.exc_info else None
        return line if error is None else f"{line} error={json.dumps(place_of(error))}"


def place_of(error: BaseException) -> str:
    """Return the type and the place of an error: its text might quote what a target sent."""
    frames = list(walk_tb(error.__traceback__))
    if not frames:
        return type(error).__name__
    frame, line = frames[-1]
    return f"{type(error).__name__} at {Path(frame.f_code.co_filename).name}:{line}"


def log_to_stderr() -> None:
    """Send the log of this process to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogfmtFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
