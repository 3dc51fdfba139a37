"""Texts and files as they are given to a command: what is wrong with one is said in one line."""

from pathlib import Path

from collector.errors import ConfigurationError
from collector.register.attaching import LARGEST_BYTES, Document


def one_line(option: str, text: str) -> str:
    """Return some text on one line; `ConfigurationError` names the option it was given for."""
    if not (text.strip() and text.isprintable()):
        raise ConfigurationError(f"{option}: expected some text on one line")
    return text.strip()


def read_document(file: Path) -> Document:
    """Return a file as a document; one that is too large is not read further than that shows."""
    return Document(file.name, read_bytes(file, LARGEST_BYTES))


def read_bytes(file: Path, most: int) -> bytes:
    """Return what is in a file, or one byte more than the most that is wanted."""
    try:
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None
