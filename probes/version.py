"""The version of the software a target shows, in the one form it is recorded in."""

from typing import Final

LONGEST_VERSION: Final = 64


def shown_version(value: object) -> str | None:
    """Return a text or a number as a version, or None when it is not one short printable line."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    return text if text.isprintable() and 0 < len(text) <= LONGEST_VERSION else None
