"""Edits of pages that paste something where a person can see it."""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

Edit: TypeAlias = Callable[[str], str]


def first_seen(pasted: str) -> Edit:
    """Return an edit that pastes at the beginning of what is seen."""

    def edit(page: str) -> str:
        body = re.search(r"<body[^>]*>", page)
        at = body.end() if body else 0
        return page[:at] + pasted + page[at:]

    return _into_the_body(edit)


def last_seen(pasted: str) -> Edit:
    """Return an edit that pastes at the end of what is seen."""

    def edit(page: str) -> str:
        at = page.find("</body>")
        return page + pasted if at < 0 else page[:at] + pasted + page[at:]

    return _into_the_body(edit)


def after_every_block(pasted: str) -> Edit:
    """Return an edit that pastes after every block, and at the end."""
    return _into_the_body(
        lambda page: re.sub(r"</(?:h[1-6]|p|form|table|ul)>", rf"\g<0>{pasted}", page) + pasted
    )


PLACES: Final = (first_seen, last_seen, after_every_block)


def _into_the_body(edit: Edit) -> Edit:
    """Return an edit of a page that leaves the head before it, if it has one."""

    def edited(text: str) -> str:
        head, blank, body = text.partition("\r\n\r\n")
        return f"{head}{blank}{edit(body)}" if blank else edit(text)

    return edited
