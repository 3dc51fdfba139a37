"""What a hospital is told of a vantage point that sends nothing any more, and of its return.

The letter says what was not received. It never says that a service is down: of that, silence is no
evidence (rules, section 5).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from collector.letters.occasion import Occasion
from collector.report.days import moment_text
from collector.report.durations import Language, duration_text, instant_text
from collector.report.words import words_in
from probes.model.instant import SECOND
from probes.model.measurement import VantageKind


@dataclass(frozen=True, slots=True)
class SilenceLetter:
    """One silence, or its end; instants in microseconds UTC.

    `since_us` is when the vantage point was last heard, `heard_us` when it was again; None
    meanwhile. `zone` is that of a site of the hospital.
    """

    alarm: str
    hospital: str
    hospital_name: str
    vantage: str
    kind: VantageKind
    zone: ZoneInfo
    since_us: int
    sealed_at_us: int
    heard_us: int | None = None


@dataclass(frozen=True, slots=True)
class _Words:
    subject: str
    subject_over: str
    opening: str
    opening_over: str
    hospital: str
    vantage: str
    since: str
    heard: str
    length: str
    sealed: str
    closing: str
    closing_over: str


_WORDS: Final = {
    Language.FRENCH: _Words(
        subject="[{hospital}] {vantage} ne transmet plus rien depuis le {instant}",
        subject_over="[{hospital}] {vantage} transmet de nouveau depuis le {instant}",
        opening="Un point d'observation ne transmet plus ses mesures au collecteur. Ce n'est pas"
        " une indisponibilité : l'état des services n'est plus connu depuis ce point, et ce silence"
        " n'est jamais compté comme une panne prouvée.",
        opening_over="Le point d'observation transmet de nouveau ses mesures au collecteur.",
        hospital="Établissement",
        vantage="Point d'observation",
        since="Dernière réception",
        heard="Reçu de nouveau",
        length="Durée du silence",
        sealed="Inscrit au registre",
        closing="À vérifier : la machine est-elle allumée, constat-agent tourne-t-il"
        " (constat-agent status), le réseau mène-t-il au collecteur ? Ce que l'agent mesure en"
        " attendant est gardé sur place sept jours au moins.",
        closing_over="Ce que l'agent a mesuré pendant ce silence, s'il tournait, est transmis"
        " maintenant.",
    ),
    Language.ENGLISH: _Words(
        subject="[{hospital}] {vantage} has sent nothing since {instant}",
        subject_over="[{hospital}] {vantage} sends again since {instant}",
        opening="A vantage point no longer sends its measurements to the collector. This is not an"
        " outage: the state of the services is no longer known from there, and this silence is"
        " never counted as proven downtime.",
        opening_over="The vantage point sends its measurements to the collector again.",
        hospital="Hospital",
        vantage="Vantage point",
        since="Last received",
        heard="Received again",
        length="Length of the silence",
        sealed="Entered in the register",
        closing="To be checked: is the machine on, does constat-agent run (constat-agent status),"
        " does the network lead to the collector? What the agent measures meanwhile is kept there"
        " for seven days at least.",
        closing_over="What the agent measured during this silence, if it ran, is sent now.",
    ),
}


class SilenceWording:
    """A letter on a silence in one language."""

    def __init__(self, letter: SilenceLetter, language: Language) -> None:
        """Put this letter into the words of this language."""
        self.letter = letter
        self.language = language
        self._words = _WORDS[language]

    @property
    def occasion(self) -> Occasion:
        """Whether it tells of a silence or of its end."""
        return Occasion.SILENCE if self.letter.heard_us is None else Occasion.HEARD

    @property
    def subject(self) -> str:
        """The subject: the hospital first, then what is silent, since when."""
        letter, words = self.letter, self._words
        form, at_us = words.subject, letter.since_us
        if letter.heard_us is not None:
            form, at_us = words.subject_over, letter.heard_us
        instant = instant_text(at_us // SECOND * SECOND, letter.zone, self.language)
        return form.format(hospital=letter.hospital, vantage=letter.vantage, instant=instant)

    @property
    def opening(self) -> str:
        """What has happened, and what it does not mean."""
        over = self.letter.heard_us is not None
        return self._words.opening_over if over else self._words.opening

    @property
    def closing(self) -> str:
        """What to do next."""
        over = self.letter.heard_us is not None
        return self._words.closing_over if over else self._words.closing

    def rows(self) -> Iterator[tuple[str, str]]:
        """Yield the facts: what each is called, and what it is."""
        letter, words = self.letter, self._words
        yield words.hospital, f"{letter.hospital_name} ({letter.hospital})"
        yield words.vantage, f"{letter.vantage} ({words_in(self.language).kind[letter.kind]})"
        yield words.since, self._at(letter.since_us)
        if letter.heard_us is not None:
            yield words.heard, self._at(letter.heard_us)
            yield words.length, duration_text(letter.heard_us - letter.since_us, self.language)
        yield words.sealed, self._at(letter.sealed_at_us)

    def _at(self, instant: int) -> str:
        return moment_text(instant, self.letter.zone, self.language)
