"""The text of an error that quotes what came from elsewhere: always short enough to be read."""

from typing import Final

LONGEST: Final = 300

_KEPT_AT_THE_END: Final = 100


def shortened(complaint: str) -> str:
    """Return a complaint without the middle that makes it too long: it ends with what is wrong."""
    if len(complaint) <= LONGEST:
        return complaint
    return f"{complaint[: LONGEST - _KEPT_AT_THE_END - 1]}…{complaint[-_KEPT_AT_THE_END:]}"
