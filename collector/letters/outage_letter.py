"""What a hospital is told of an outage that nobody announced, while it lasts and when it is over.

The letter says what was measured, not why: what proved it, since when, for how long so far.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from collector.letters.occasion import Occasion
from collector.report.days import moment_text
from collector.report.durations import Language, clock_text, duration_text
from probes.model.instant import SECOND


@dataclass(frozen=True, slots=True)
class OutageLetter:
    """One alarm, or its end; instants in microseconds UTC.

    `start_us` is since when the service is proven down, `proven_us` how long of that was proven,
    `panel` how many vantage points count. `end_us` is when it came back, None while it lasts.
    """

    alarm: str
    hospital: str
    hospital_name: str
    product: str
    site: str
    zone: ZoneInfo
    start_us: int
    proven_us: int
    panel: int
    sealed_at_us: int
    end_us: int | None = None


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    subject_over: str
    opening: str
    opening_over: str
    hospital: str
    product: str
    start: str
    end: str
    length: str
    proven: str
    panel: str
    sealed: str
    closing: str


_WORDS: Final = {
    Language.FRENCH: _Words(
        subject="[{hospital}] {product} indisponible depuis {start}",
        subject_over="[{hospital}] {product} rétabli à {end}",
        opening="Un service stratégique est indisponible sur tous les postes qui comptent, sans"
        " qu'aucune mise à jour n'ait été annoncée.",
        opening_over="Le service est rétabli ; la durée ci-dessous est celle mesurée.",
        hospital="Établissement",
        product="Produit",
        start="Indisponible depuis",
        end="Rétabli",
        length="Durée",
        proven="Dont prouvé",
        panel="Postes du panel",
        sealed="Inscrit au registre",
        closing="Constat mesure et n'explique pas : voir avec l'astreinte de l'éditeur.",
    ),
    Language.ENGLISH: _Words(
        subject="[{hospital}] {product} down since {start}",
        subject_over="[{hospital}] {product} back at {end}",
        opening="A strategic service is down on every vantage point that counts, and no update was"
        " announced.",
        opening_over="The service is back; the duration below is the one measured.",
        hospital="Hospital",
        product="Product",
        start="Down since",
        end="Back",
        length="Duration",
        proven="Of which proven",
        panel="Vantage points of the panel",
        sealed="Entered in the register",
        closing="Constat measures and does not explain: ask the vendor's duty officer.",
    ),
}


class OutageWording:
    """A letter on an outage in one language."""

    def __init__(self, letter: OutageLetter, language: Language) -> None:
        """Put this letter into the words of this language."""
        self.letter = letter
        self.language = language
        self._words = _WORDS[language]

    @property
    def occasion(self) -> Occasion:
        """Whether it tells of an outage or of its end."""
        return Occasion.OUTAGE if self.letter.end_us is None else Occasion.RETURN

    @property
    def subject(self) -> str:
        """The subject: the hospital first, then what is down, since when."""
        letter, words = self.letter, self._words
        if letter.end_us is None:
            start = self._clock(letter.start_us)
            return words.subject.format(
                hospital=letter.hospital, product=letter.product, start=start
            )
        end = self._clock(letter.end_us)
        return words.subject_over.format(hospital=letter.hospital, product=letter.product, end=end)

    @property
    def opening(self) -> str:
        """What has happened, in a sentence."""
        over = self.letter.end_us is not None
        return self._words.opening_over if over else self._words.opening

    @property
    def closing(self) -> str:
        """What to do next, in a sentence."""
        return self._words.closing

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield the facts: what each is called, and what it is."""
        letter, words = self.letter, self._words
        yield words.hospital, f"{letter.hospital_name} ({letter.hospital}), {letter.site}"
        yield words.product, letter.product
        yield words.start, self._at(letter.start_us)
        if letter.end_us is not None:
            yield words.end, self._at(letter.end_us)
            yield words.length, self._length(letter.end_us - letter.start_us)
        yield words.proven, self._length(letter.proven_us)
        yield words.panel, str(letter.panel)
        yield words.sealed, self._at(letter.sealed_at_us)

    def _length(self, duration_us: int) -> str:
        return duration_text(duration_us, self.language)

    def _clock(self, instant: int) -> str:
        return clock_text(instant // SECOND * SECOND, self.letter.zone, self.language)

    def _at(self, instant: int) -> str:
        return moment_text(instant, self.letter.zone, self.language)
