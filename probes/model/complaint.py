"""Text that quotes what came from elsewhere: nothing in it can make a terminal show another.

A complaint is on one line and short enough to read; JSON is the same value, in other letters.
"""

import json
from typing import Final

LONGEST: Final = 300

_KEPT_AT_THE_END: Final = 100


def on_one_line(text: str) -> str:
    """Return a text with whatever a terminal would obey, or not show, written out."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def plain_json(value: object, *, indent: int | None = None) -> str:
    r"""Return a value as JSON for a terminal: what one would obey, or not show, as `\uXXXX`.

    Controls, directions of writing, invisible letters and odd spaces are in strings only, where
    JSON may escape any letter (RFC 8259, section 7): a program reads the same value.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text
    )


def shortened(complaint: str) -> str:
    """Return a complaint on one line, without the middle that makes it too long.

    It ends with what is wrong.
    """
    complaint = on_one_line(complaint)
    if len(complaint) <= LONGEST:
        return complaint
    return f"{complaint[: LONGEST - _KEPT_AT_THE_END - 1]}…{complaint[-_KEPT_AT_THE_END:]}"
