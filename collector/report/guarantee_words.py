"""The words of the head that a hosting contract asks for (HDS, requirement EXI 21).

It names the indicator, the level guaranteed, the period it is measured over, and whether there are
penalties.
"""

from dataclasses import dataclass
from typing import Final

from collector.report.durations import Language


@dataclass(frozen=True, slots=True)
class GuaranteeWords:
    """The names of the four, and what is said of penalties."""

    indicator: str
    guaranteed: str
    measured: str
    between: str
    penalties: str
    yes: str
    no: str
    unsaid: str

    def penalty(self, penalties: bool | None) -> str:
        """Say whether there are penalties; None when the contract does not."""
        return {None: self.unsaid, True: self.yes, False: self.no}[penalties]


_WORDS: Final = {
    Language.FRENCH: GuaranteeWords(
        indicator="Indicateur",
        guaranteed="Niveau garanti",
        measured="Période de mesure",
        between="du {start} au {end}",
        penalties="Pénalités",
        yes="oui",
        no="non",
        unsaid="non précisé au contrat",
    ),
    Language.ENGLISH: GuaranteeWords(
        indicator="Indicator",
        guaranteed="Guaranteed level",
        measured="Measurement period",
        between="from {start} to {end}",
        penalties="Penalties",
        yes="yes",
        no="no",
        unsaid="not said by the contract",
    ),
}


def guarantee_words_in(language: Language) -> GuaranteeWords:
    """Return the words of a language."""
    return _WORDS[language]
