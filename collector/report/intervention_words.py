"""The words for interventions of persons, in French and in English."""

from dataclasses import dataclass
from typing import Final

from collector.record.interventions import Mode
from collector.report.durations import Language
from collector.report.interventions import Identity


@dataclass(frozen=True, slots=True)
class InterventionWords:
    """Every word that is said of interventions; see `intervention_words_in`."""

    erased: str
    sealed: str
    intervener: str
    mode: dict[Mode, str]
    title: str
    none: str
    columns: tuple[str, ...]
    open: str
    partial: str
    sent: str

    def who(self, identity: Identity | None) -> str:
        """Say who somebody is, with the company; or that it was erased."""
        if identity is None:
            return self.erased
        return f"{identity.name} ({identity.company})" if identity.company else identity.name


def intervention_words_in(language: Language) -> InterventionWords:
    """Return the words of a language."""
    return _WORDS[language]


_WORDS: Final = {
    Language.FRENCH: InterventionWords(
        erased="identité effacée",
        sealed="identité scellée {commitment}",
        intervener="Intervenant",
        mode={Mode.REMOTE: "à distance", Mode.ON_SITE: "sur site"},
        title="Registre des interventions (§4.1.5)",
        none="aucune intervention",
        columns=(
            "Intervention", "Intervenant", "Objet", "Mode", "Fenêtre", "Début", "Fin",
            "Dans le mois",
        ),
        open="en cours",
        partial="Le mois n'est pas terminé.",
        sent="Envoyé le {instant} à {recipient} : {rows} ligne{s}, SHA-256 {sha256}",
    ),
    Language.ENGLISH: InterventionWords(
        erased="identity erased",
        sealed="sealed identity {commitment}",
        intervener="Intervened",
        mode={Mode.REMOTE: "remote", Mode.ON_SITE: "on site"},
        title="Register of interventions (§4.1.5)",
        none="no intervention",
        columns=(
            "Intervention", "Person", "Purpose", "Mode", "Window", "Start", "End", "In the month",
        ),
        open="open",
        partial="The month is not over.",
        sent="Sent {instant} to {recipient}: {rows} row{s}, SHA-256 {sha256}",
    ),
}  # fmt: skip
