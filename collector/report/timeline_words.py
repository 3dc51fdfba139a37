"""The words in the picture of a timeline, in French and in English."""

from dataclasses import dataclass
from typing import Final

from collector.report.durations import Language


@dataclass(frozen=True, slots=True)
class TimelineWords:
    """Every word of the picture that is not one of the report's own."""

    title: str
    shown: str
    plan_said: str
    lost: str
    nothing_lost: str
    service: str
    planned: str
    interventions: str
    available: str
    down: str
    change: str
    no_data: str
    plan: str
    intervention: str
    hull: str


_WORDS: Final = {
    Language.FRENCH: TimelineWords(
        title="Frise de {window} : prévu et mesuré",
        shown="Frise du service et de ses postes ({count}), un par ligne, du {start} au {end}.",
        plan_said="L'opération était prévue du {start} au {end}.",
        lost=(
            "Mesuré, du début de la première indisponibilité à la fin de la dernière : du {start}"
            " au {end}."
        ),
        nothing_lost="Aucune indisponibilité n'a été mesurée.",
        service="Service (panel)",
        planned="Créneau prévu",
        interventions="Interventions",
        available="disponible",
        down="hors service",
        change="transition",
        no_data="aucune donnée",
        plan="prévu",
        intervention="intervention",
        hull="fenêtre",
    ),
    Language.ENGLISH: TimelineWords(
        title="Timeline of {window}: planned and measured",
        shown=(
            "Timeline of the service and of its vantage points ({count}), one a row, from {start}"
            " to {end}."
        ),
        plan_said="The operation was planned from {start} to {end}.",
        lost=(
            "Measured, from the start of the first outage to the end of the last: from {start} to"
            " {end}."
        ),
        nothing_lost="No outage was measured.",
        service="Service (panel)",
        planned="Planned",
        interventions="Interventions",
        available="available",
        down="down",
        change="transition",
        no_data="no data",
        plan="planned",
        intervention="intervention",
        hull="window",
    ),
}


def timeline_words_in(language: Language) -> TimelineWords:
    """Return the words of a language."""
    return _WORDS[language]
