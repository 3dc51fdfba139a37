"""Text for a person that quotes what came from elsewhere: on one line, and short enough to read."""

from typing import Final

LONGEST: Final = 300

_KEPT_AT_THE_END: Final = 100


def on_one_line(text: str) -> str:
    """Return a text with whatever a terminal would obey, or not show, written out."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def shortened(complaint: str) -> str:
    """Return a complaint on one line, without the middle that makes it too long.

    It ends with what is wrong.
    """
    complaint = on_one_line(complaint)
    if len(complaint) <= LONGEST:
        return complaint
    return f"{complaint[: LONGEST - _KEPT_AT_THE_END - 1]}…{complaint[-_KEPT_AT_THE_END:]}"
