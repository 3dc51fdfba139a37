"""A report laid out for paper, before it takes a form: what stands on the first page, what behind.

Pure values in one language, text only: a template places them and adds nothing. PDF and HTML are
made of the same sheet.
"""

from dataclasses import dataclass

from collector.report.durations import Language
from collector.report.operation_phrases import Tone


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is named, and what it is, in lines."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was judged: the word for it, how the word looks, and why, in lines."""

    name: str
    word: str
    tone: Tone
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column; numbers stand on the right, the wide one takes what room is left."""

    name: str
    numeric: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under named columns."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG, and what it shows in words."""

    svg: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One heading, and what stands under it, in this order."""

    title: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    table: Table | None = None
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One document. `known_at_us` dates it: the last instant of which it tells, microseconds UTC.

    `headline` and `findings` are what was judged, `signatories` who is to sign, `running` what
    every page repeats.
    """

    language: Language
    title: str
    subject: str
    description: str
    known_at_us: int
    running: str
    page: str
    head: tuple[Fact, ...]
    headline: Finding | None
    findings: tuple[Finding, ...]
    picture: Picture | None
    picture_title: str
    front: tuple[Section, ...]
    annexes: tuple[Section, ...]
    annexes_title: str
    signatories: tuple[str, ...]
    signature: str
    landscape: bool = False
