"""What a person sees of a page, and what its words prove.

A word proves something only where it is shown: not in a script, a comment, a template, a hidden
element or the choices of a list. And only as a statement: who reports that a fault is mended, or
says what to do if one occurs, states nothing.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple, TypeAlias


class Certainty(StrEnum):
    """How much a sign proves."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Sign(NamedTuple):
    """A pattern that a page satisfied, by its own name: never the words of the page."""

    name: str
    certainty: Certainty


Wordings: TypeAlias = Mapping[str, re.Pattern[str]]


class Signs(NamedTuple):
    """The signs of one state of a service, by what they prove.

    Every statement holds one of the `stems`, which are cheap to look for, and reaches less far from
    it than a passage does. `statements` and `titles` are certain; a title that says too little by
    itself (`bare_titles`) is, on a page that has one of the `excuses` too. A statement counts for
    nothing in a question, when `unless` is found between the start of its sentence and its end, or
    `settled` in the rest of the sentence.
    """

    stems: tuple[str, ...]
    statements: Wordings
    titles: Wordings
    bare_titles: Wordings
    excuses: Wordings
    likely: Wordings
    possible: Wordings
    unless: re.Pattern[str]
    settled: re.Pattern[str] | None = None


class Seen:
    """A page as it is seen; read only when a stem is on it."""

    def __init__(self, page: str) -> None:
        self._page = page

    @cached_property
    def lowered(self) -> str:
        """The whole page in lower case, seen or not."""
        return self._page.lower()

    @property
    def text(self) -> str:
        """The text that is seen, folded: lower case, ASCII, single spaces, blocks apart."""
        return self._read[0]

    @property
    def titles(self) -> list[str]:
        """The parts of the titles, folded."""
        return self._read[1]

    @property
    def refresh(self) -> str:
        """The address that a browser goes to at once, by a `meta` element; empty for none."""
        return self._read[2]

    @cached_property
    def _read(self) -> tuple[str, list[str], str]:
        words: list[str] = []
        titles: list[str] = []
        title: list[str] | None = None
        refresh = ""
        for tag, attributes, text in _shown(self._page):
            if tag in _TITLES:
                title = []
            if title is not None and tag.startswith("/") and tag[1:] in _TITLES:
                titles.append(folded("".join(title)))
                title = None
            if title is not None:
                title.append(text)
            if tag == "meta":
                refresh = refresh or _refresh(attributes)
            words.append(f" . {text}" if tag.lstrip("/") in _BLOCKS else text)
        parts = [part.strip(" .!") for title in titles for part in _TITLE_SEPARATOR.split(title)]
        return f"{folded(''.join(words))} ", parts, refresh


def strongest(seen: Seen, signs: Signs) -> Sign | None:
    """Return the sign on a page that proves most, or None."""
    if not any(map(seen.lowered.__contains__, signs.stems)):  # most pages end here, in C
        return None
    passages = _passages(seen.text, signs.stems)
    certain = _certain(seen, signs, passages)
    if certain:
        return Sign(certain, Certainty.CERTAIN)
    for certainty, wordings in (
        (Certainty.LIKELY, signs.likely),
        (Certainty.POSSIBLE, signs.possible),
    ):
        name = _first(wordings, seen.text, passages)
        if name:
            return Sign(name, certainty)
    return None


def folded(text: str) -> str:
    """Return a text in lower case and ASCII, its accents and entities resolved, spaces single."""
    text = html.unescape(text).lower()
    for sign, plain in _LOOKALIKES:
        text = text.replace(sign, plain)
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore")
    return " ".join(ascii_only.decode().split())


def _certain(seen: Seen, signs: Signs, passages: list[slice]) -> str:
    for name, statement in signs.statements.items():
        if any(_states(statement, seen.text, passage, signs) for passage in passages):
            return name
    title = _title(signs.titles, seen)
    if title:
        return title
    bare = _title(signs.bare_titles, seen)
    whole = slice(0, len(seen.text))
    for name, excuse in signs.excuses.items():
        if bare and _states(excuse, seen.text, whole, signs):
            return f"{bare}, {name}"
    return ""


def _title(wordings: Wordings, seen: Seen) -> str:
    for name, wording in wordings.items():
        if any(wording.fullmatch(title) for title in seen.titles):
            return name
    return ""


def _first(wordings: Wordings, text: str, passages: list[slice]) -> str:
    for name, wording in wordings.items():
        if any(wording.search(text, each.start, each.stop) for each in passages):
            return name
    return ""


def _passages(text: str, stems: tuple[str, ...]) -> list[slice]:
    """Return the surroundings of every stem: the only places where a pattern can be found.

    They are in order and apart, so that nothing is read twice; a page that is nothing but stems is
    read in part.
    """
    passages: list[slice] = []
    length = 0
    for at in sorted(_places(text, stems)):
        start, end = max(0, at - _REACH), at + _REACH
        if passages and start <= passages[-1].stop:
            length += end - passages[-1].stop
            passages[-1] = slice(passages[-1].start, end)
        else:
            length += end - start
            passages.append(slice(start, end))
        if length > _MOST_READ:
            break
    return passages


def _places(text: str, stems: tuple[str, ...]) -> Iterator[int]:
    for stem in stems:
        at = text.find(stem)
        while at >= 0:
            yield at
            at = text.find(stem, at + _REACH // 2)


def _states(statement: re.Pattern[str], text: str, passage: slice, signs: Signs) -> bool:
    """Return whether a passage states something, rather than supposes or recalls it."""
    for match in statement.finditer(text, passage.start, passage.stop):
        before = max(0, match.start() - _REACH)
        begun = (text.rfind(end, before, match.start()) for end in _ENDS)
        start = max(before, *begun)
        if signs.unless.search(text, start, match.end()) is not None:
            continue
        after = match.end() + _REACH
        ended = (text.find(end, match.end(), after) for end in _ENDS)
        end = min((at for at in ended if at >= 0), default=after)
        if text.startswith("?", end):
            continue
        if signs.settled is None or signs.settled.search(text, match.end(), end) is None:
            return True
    return False


def _shown(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield each tag that is shown, by its name, with its attributes and the text to the next one.

    One pass over the pieces between `<`: a pattern that spans tags would take quadratic time on a
    page that never closes them.
    """
    first, *pieces = page.split("<")
    yield "", "", first
    hidden_by, depth = "", 0
    for piece in pieces:
        match = _TAG.match(piece)
        tag = match[0].lower() if match else ""
        if hidden_by == _COMMENT:
            _, end, text = piece.partition("-->")
            if end:
                hidden_by = ""
                yield "", "", text
            continue
        if hidden_by in _CLOSED_BY_THE_NEXT and tag.lstrip("/") in _BLOCKS:
            hidden_by = ""
        attributes, _, text = piece.partition(">") if tag else ("", "", f"<{piece}")
        if hidden_by:
            depth += (tag == hidden_by) - (tag == f"/{hidden_by}")
            if depth == 0 or (hidden_by in _RAW and tag == f"/{hidden_by}"):
                hidden_by = ""
                yield tag, "", text
        elif tag in _HIDDEN or _is_hidden(tag, attributes):
            hidden_by, depth = tag, 1
            if tag == _COMMENT and "-->" in piece:
                hidden_by = ""
                yield "", "", piece.partition("-->")[2]
        else:
            alternative = _ALT.search(attributes) if tag == "img" else None
            yield tag, attributes, f" {alternative[1]} {text}" if alternative else text


def _is_hidden(tag: str, attributes: str) -> bool:
    if tag in _VOID or tag.startswith("/") or not tag:
        return False
    if tag == "dialog":
        return _OPEN.search(_QUOTED.sub('""', attributes)) is None
    lowered = attributes.lower()
    if "hid" not in lowered and "none" not in lowered:
        return False
    return bool(
        _HIDDEN_BY_STYLE.search(attributes)
        or _HIDDEN_BY_CLASS.search(attributes)
        or _HIDDEN_ATTRIBUTE.search(_QUOTED.sub('""', attributes))
    )


def _refresh(attributes: str) -> str:
    if _IS_REFRESH.search(attributes) is None:
        return ""
    content = _CONTENT.search(attributes)
    return immediate_refresh(html.unescape(content[2])) if content else ""


def immediate_refresh(value: str) -> str:
    """Return where a `Refresh` leads at once (HTML, section 4.2.5.3); empty when to itself."""
    match = _REFRESH.match(value)
    return match[2].strip("'\" ") if match and int(match[1]) <= _AT_ONCE_S else ""


_TAG: Final = re.compile(r"!--|/?[a-z][a-z0-9]*|[!?]", re.IGNORECASE)
_COMMENT: Final = "!--"
# What browsers show none of; the choices of a list are offered, not stated.
_RAW: Final = frozenset({_COMMENT, "script", "style"})
_HIDDEN: Final = _RAW | {"datalist", "noscript", "select", "template"}
_VOID: Final = frozenset({"!", "?", "area", "base", "br", "hr", "img", "input", "link", "meta"})
_CLOSED_BY_THE_NEXT: Final = frozenset({"dd", "dt", "li", "option", "p", "td", "th", "tr"})
_TITLES: Final = frozenset({"h1", "title"})
_BLOCKS: Final = frozenset(
    {
        *("button", "dd", "div", "dt", "h1", "h2", "h3", "li", "option", "p", "td", "th"),
        *("title", "tr"),
    }
)
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_OPEN: Final = re.compile(r"(?<![\w-])open(?![\w-])", re.IGNORECASE)
_HIDDEN_ATTRIBUTE: Final = re.compile(r"(?<![\w-])hidden(?![\w-])", re.IGNORECASE)
_HIDDEN_BY_STYLE: Final = re.compile(
    r"style\s*=\s*[\"'][^\"']*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE
)
# As the most used style sheets name it.
_HIDDEN_BY_CLASS: Final = re.compile(
    r"class\s*=\s*[\"'](?:[^\"']*\s)?(?:hidden|d-none|visually-hidden)(?=[\s\"'])", re.IGNORECASE
)
_ALT: Final = re.compile(r"\balt\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_IS_REFRESH: Final = re.compile(r"http-equiv\s*=\s*[\"']?refresh\b", re.IGNORECASE)
_CONTENT: Final = re.compile(r"\bcontent\s*=\s*([\"'])(.*?)\1", re.IGNORECASE | re.DOTALL)
_REFRESH: Final = re.compile(
    r"\s*(\d{1,4})(?:\.\d*)?\s*[;,]\s*(?:url\s*=\s*)?(\S.*)", re.IGNORECASE | re.DOTALL
)
_AT_ONCE_S: Final = 10
_TITLE_SEPARATOR: Final = re.compile(r" [-|:/] |: ")
_LOOKALIKES: Final = (("\u2019", "'"), ("\u2013", "-"), ("\u2014", "-"), ("\u00b7", "-"))
_ENDS: Final = (". ", "! ", "? ")
_REACH: Final = 160
_MOST_READ: Final = 32_768
