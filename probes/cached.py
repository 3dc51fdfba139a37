"""Whether a cache answered where the service should have.

A cache that cannot reach its service may answer with what it kept (RFC 5861), and then the page
looks as it always did. It says so in a header: `Warning` 110 and 111 (RFC 7234, section 5.5),
`Cache-Status` (RFC 9211), or the `X-Cache` and `X-Cache-Status` of proxies. A fresh copy proves
little more: how old it may be is for the check to say.
"""

import re
from typing import Final

from probes.page import Page


def sign_of_cache(page: Page, max_age_s: int | None) -> str:
    """Return why this is an answer that a cache kept too long; nothing when it is none."""
    for name, stale in _STALE.items():
        value = page.header(name)
        if value is not None and stale.search(value):
            return f"header {name} says that a cache answered with what it had kept"
    age = page.header("Age")
    if max_age_s is None or age is None:
        return ""
    # Several caches each add one; the oldest counts. What is no number says nothing.
    ages = [int(each) for each in _AGE.findall(age)]
    if max(ages, default=0) <= max_age_s:
        return ""
    return f"a cache had kept it for {max(ages)} s, more than {max_age_s}"


_AGE: Final = re.compile(r"(?<![\w.-])\d{1,10}(?![\w.])", re.ASCII)
_BY_WORD: Final = re.compile(r"\bstale\b|\bupdating\b", re.IGNORECASE | re.ASCII)
_STALE: Final = {
    "Warning": re.compile(r"(?:^|,)\s*11[01]\b", re.ASCII),
    # `fwd=stale` is another thing: what was kept was stale, so the service was asked.
    "Cache-Status": re.compile(r";\s*(?:stale\b(?!=\?0)|ttl=-\d)", re.IGNORECASE | re.ASCII),
    **dict.fromkeys(("X-Cache", "X-Cache-Status", "X-Proxy-Cache", "CF-Cache-Status"), _BY_WORD),
}
