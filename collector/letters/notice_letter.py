"""What a hospital is told of a window, and in which words, in French and in English.

A letter is the same facts in every form it takes: its rows are the lines of the plain text, the
table of the HTML and the description in the calendar.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from collector.letters.occasion import Occasion
from collector.report.days import moment_text
from collector.report.durations import Language, duration_text
from probes.model.interval import Interval


@dataclass(frozen=True, slots=True)
class NoticeLetter:
    """One announcement of a window, or what became of it.

    `sequence` counts the letters on the window from 0, so that a calendar knows the later one;
    `before` is the plan that no longer holds. `notice` are the sentences on the notice itself,
    `remarks` what else was declared with the window, both in the letter's language. `sealed_at_us`
    is the instant that counts, microseconds UTC.
    """

    occasion: Occasion
    window: str
    hospital: str
    hospital_name: str
    product: str
    site: str
    zone: ZoneInfo
    plan: Interval
    sequence: int
    sealed_at_us: int
    before: Interval | None = None
    version_from: str = ""
    version_to: str = ""
    notice: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    acknowledge_url: str = ""


@dataclass(frozen=True, slots=True)
class _Words:
    subject: dict[Occasion, str]
    opening: dict[Occasion, str]
    opening_after: str
    hospital: str
    product: str
    versions: str
    version: str
    start: str
    end: str
    cancelled: str
    before: str
    interval: str
    notice: str
    remarks: str
    sealed: str
    acknowledge: str
    closing: str


_WORDS: Final = {
    Language.FRENCH: _Words(
        subject={
            Occasion.ANNOUNCED: "[{window}] Mise à jour de {product} : {start}",
            Occasion.RESCHEDULED: "[{window}] Mise à jour de {product} déplacée : {start}",
            Occasion.CANCELLED: "[{window}] Mise à jour de {product} annulée",
        },
        opening={
            Occasion.ANNOUNCED: "Une mise à jour est prévue ; ce message en donne le préavis.",
            Occasion.RESCHEDULED: "La mise à jour annoncée change de créneau.",
            Occasion.CANCELLED: "La mise à jour annoncée n'aura pas lieu.",
        },
        opening_after="Une mise à jour est inscrite après son début prévu ; ce message n'en donne"
        " pas le préavis.",
        hospital="Établissement",
        product="Produit",
        versions="Versions",
        version="Version",
        start="Début",
        end="Fin",
        cancelled="Créneau annulé",
        before="Créneau précédent",
        interval="du {start} au {end}",
        notice="Préavis",
        remarks="À savoir",
        sealed="Inscrit au registre",
        acknowledge="Accuser réception",
        closing=(
            "L'heure d'inscription au registre fait foi."
            " L'invitation jointe met à jour votre agenda."
        ),
    ),
    Language.ENGLISH: _Words(
        subject={
            Occasion.ANNOUNCED: "[{window}] Update of {product}: {start}",
            Occasion.RESCHEDULED: "[{window}] Update of {product} moved: {start}",
            Occasion.CANCELLED: "[{window}] Update of {product} cancelled",
        },
        opening={
            Occasion.ANNOUNCED: "An update is planned; this message gives notice of it.",
            Occasion.RESCHEDULED: "The update that was announced is moved.",
            Occasion.CANCELLED: "The update that was announced will not take place.",
        },
        opening_after="An update is registered after its planned start; this message gives no"
        " notice of it.",
        hospital="Hospital",
        product="Product",
        versions="Versions",
        version="Version",
        start="Start",
        end="End",
        cancelled="Cancelled",
        before="Planned before",
        interval="from {start} to {end}",
        notice="Notice",
        remarks="Please note",
        sealed="Entered in the register",
        acknowledge="Acknowledge",
        closing=(
            "The instant of entry in the register is what counts."
            " The attached invitation updates your calendar."
        ),
    ),
}


class Wording:
    """A letter in one language."""

    def __init__(self, letter: NoticeLetter, language: Language) -> None:
        """Put this letter into the words of this language."""
        self.letter = letter
        self.language = language
        self._words = _WORDS[language]

    @property
    def subject(self) -> str:
        """The subject: the window first, so that a mailbox sorts by it."""
        letter = self.letter
        return self._words.subject[letter.occasion].format(
            window=letter.window, product=letter.product, start=self._at(letter.plan.start)
        )

    @property
    def opening(self) -> str:
        """What has happened, in a sentence."""
        letter, words = self.letter, self._words
        if letter.occasion is Occasion.ANNOUNCED and letter.sealed_at_us >= letter.plan.start:
            return words.opening_after
        return words.opening[letter.occasion]

    @property
    def closing(self) -> str:
        """What counts, in a sentence."""
        return self._words.closing

    @property
    def acknowledge(self) -> str:
        """What the link that acknowledges is called."""
        return self._words.acknowledge

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield the facts: what each is called, and what it is."""
        letter, words = self.letter, self._words
        yield words.hospital, f"{letter.hospital_name} ({letter.hospital}), {letter.site}"
        yield words.product, letter.product
        if letter.version_from and letter.version_to:
            yield words.versions, f"{letter.version_from} → {letter.version_to}"
        elif letter.version_to:
            yield words.version, letter.version_to
        if letter.occasion is Occasion.CANCELLED:
            yield words.cancelled, self._interval(letter.plan)
        else:
            length = duration_text(letter.plan.length, self.language)
            yield words.start, self._at(letter.plan.start)
            yield words.end, f"{self._at(letter.plan.end)} · {length}"
        if letter.before is not None:
            yield words.before, self._interval(letter.before)
        for sentence in letter.notice:
            yield words.notice, sentence
        for remark in letter.remarks:
            yield words.remarks, remark
        yield words.sealed, self._at(letter.sealed_at_us)

    def lines(self) -> Iterator[str]:
        """Yield the facts as lines of text."""
        colon = " : " if self.language is Language.FRENCH else ": "
        return (f"{name}{colon}{value}" for name, value in self.rows())

    def _interval(self, interval: Interval) -> str:
        return self._words.interval.format(
            start=self._at(interval.start), end=self._at(interval.end)
        )

    def _at(self, instant: int) -> str:
        return moment_text(instant, self.letter.zone, self.language)
