"""What a verification says to a person, in both languages.

`{entries|entry|entries}` is a number with what it counts: one of them, or several.
"""

import re
from collections.abc import Mapping
from typing import Final

from collector.report.durations import Language


def told(template: str, facts: Mapping[str, int | str], lang: Language) -> str:
    """Return a sentence with its figures, each with the form of the word that it takes."""

    def counted(found: re.Match[str]) -> str:
        number = int(facts[found[1]])
        # Of none, French speaks in the singular and English in the plural.
        alone = number < 2 if lang is Language.FRENCH else number == 1  # noqa: PLR2004 - grammar
        return f"{number} {found[2] if alone else found[3]}"

    return _COUNTED.sub(counted, template).format(**facts)


_COUNTED: Final = re.compile(r"\{(\w+)\|([^|{}]+)\|([^|{}]+)\}")

TITLES: Final[dict[Language, dict[str, str]]] = {
    Language.FRENCH: {
        "archive": "archive sous sa forme unique, {members|fichier|fichiers}",
        "keys": "clé du journal {key}",
        "seal": "sceau valable pour la fenêtre {window} de {hospital}",
        "checkpoint": "point de contrôle signé, {size|inscription|inscriptions}, racine {root}",
        "tree": "{entries|inscription appartient|inscriptions appartiennent} au journal",
        "entries": "signatures : {stated|déclaration|déclarations}, {batches|lot|lots} de mesures",
        "register": "registre complet : {stated|déclaration|déclarations} sans lacune",
        "batches": (
            "mesures complètes : {agents|agent|agents},"
            " {lost|mesure perdue|mesures perdues} faute de place"
        ),
        "consistency": (
            "{checkpoints|point de contrôle antérieur prolongé"
            "|points de contrôle antérieurs prolongés} sans réécriture"
        ),
        "witness": "témoins connus : {witnesses}",
        "timestamp": (
            "horodatages d'une autorité connue : {stamps} sur {held} ; sur"
            " {wanted|étape|étapes} {late|datée|datées} tard, {undated|non datée|non datées}"
        ),
        "names": "noms vérifiés : {names}",
        "window": "fenêtre, clauses et panel conformes aux inscriptions",
        "measurements": "{measurements|mesure conforme|mesures conformes} aux lots signés",
        "report": "rapport recalculé à l'identique",
    },
    Language.ENGLISH: {
        "archive": "archive in its one form, {members|file|files}",
        "keys": "log key {key}",
        "seal": "seal holds for window {window} of {hospital}",
        "checkpoint": "signed checkpoint, {size|entry|entries}, root {root}",
        "tree": "{entries|entry belongs|entries belong} to the log",
        "entries": (
            "signatures: {stated|statement|statements}, {batches|batch|batches} of measurements"
        ),
        "register": "register complete: {stated|statement|statements} without a gap",
        "batches": "measurements complete: {agents|agent|agents}, {lost} lost for want of room",
        "consistency": (
            "{checkpoints|earlier checkpoint|earlier checkpoints} continued, nothing rewritten"
        ),
        "witness": "known witnesses: {witnesses}",
        "timestamp": (
            "time stamps of a known authority: {stamps} of {held}; of {wanted|step|steps}"
            " {late} dated late, {undated} not dated"
        ),
        "names": "names verified: {names}",
        "window": "window, terms and panel are those of the entries",
        "measurements": (
            "{measurements|measurement is that|measurements are those} of the signed batches"
        ),
        "report": "report made again, the same",
    },
}

PARTS: Final[dict[Language, dict[str, str]]] = {
    Language.FRENCH: {
        "integrity": "intégrité",
        "completeness": "complétude",
        "recomputation": "recalcul",
    },
    Language.ENGLISH: {
        "integrity": "integrity",
        "completeness": "completeness",
        "recomputation": "recomputation",
    },
}

BROKEN: Final[dict[Language, dict[str, str]]] = {
    Language.FRENCH: {
        "archive": "le fichier n'est pas une archive sous sa forme unique",
        "keys": "les clés sont mal formées ou faibles, ou ne sont pas celles connues d'avance",
        "seal": "le sceau ne tient pas : un fichier manque, est de trop ou a été modifié",
        "checkpoint": "le point de contrôle du journal ne tient pas",
        "tree": "les inscriptions ne sont pas celles du journal signé",
        "entries": "une inscription est mal formée, ou n'est pas signée par qui elle doit l'être",
        "register": "le registre a une lacune, ou ne dit pas ce qu'il doit dire",
        "batches": "des mesures manquent",
        "consistency": "le journal a été réécrit : un point de contrôle antérieur n'y mène pas",
        "witness": "la contresignature d'un témoin ne tient pas, ou manque",
        "timestamp": "un horodatage ne tient pas, ou n'est pas celui du journal",
        "names": "un nom n'est pas celui qui fut engagé",
        "window": "la fenêtre ou ses clauses ne sont pas celles des inscriptions",
        "measurements": "les mesures ne sont pas celles des lots signés",
        "report": "le rapport ne découle pas des mesures",
    },
    Language.ENGLISH: {
        "archive": "the file is no archive in its one form",
        "keys": "keys are malformed or weak, or are not those known beforehand",
        "seal": "the seal does not hold: a file is missing, is one too many or was changed",
        "checkpoint": "the checkpoint of the log does not hold",
        "tree": "the entries are not those of the log that was signed",
        "entries": "an entry is malformed, or is not signed by whom it must be",
        "register": "the register has a gap, or does not say what it must",
        "batches": "measurements are missing",
        "consistency": "the log was rewritten: an earlier checkpoint does not lead to it",
        "witness": "the cosignature of a witness does not hold, or is missing",
        "timestamp": "a time stamp does not hold, or is not that of the log",
        "names": "a name is not the one committed to",
        "window": "the window or its terms are not those of the entries",
        "measurements": "the measurements are not those of the signed batches",
        "report": "the report does not follow from the measurements",
    },
}
FAILED: Final = {
    Language.FRENCH: "preuve NON recevable ({code}) : {broken}",
    Language.ENGLISH: "evidence NOT sound ({code}): {broken}",
}
# Reasons quote what a file holds, and are in English wherever they are told.
DETAIL: Final = {
    Language.FRENCH: "détail (en anglais) : {reason}",
    Language.ENGLISH: "detail: {reason}",
}
SOUND: Final = {
    Language.FRENCH: "preuve recevable : intègre, complète, et le verdict en découle",
    Language.ENGLISH: "evidence sound: intact, complete, and the verdict follows from it",
}
UNPINNED: Final = {
    Language.FRENCH: (
        "attention : aucune clé connue d'avance (--keys) ; le dossier est cohérent, il n'est pas"
        " prouvé de qui il vient"
    ),
    Language.ENGLISH: (
        "beware: no key was known beforehand (--keys); the bundle is coherent, whose it is is not"
        " proven"
    ),
}
UNWITNESSED: Final = {
    Language.FRENCH: (
        "sans témoin : qui détient les clés des agents et celle du journal pourrait avoir tout"
        " inventé"
    ),
    Language.ENGLISH: (
        "no witness: whoever holds the agents' keys and the log's could have invented it all"
    ),
}
WITNESSED: Final = {
    Language.FRENCH: "témoin : contresigné dès l'inscription {first}, et encore à {last}",
    Language.ENGLISH: "witness: cosigned from entry {first} on, and still at {last}",
}
UNSTAMPED: Final = {
    Language.FRENCH: "sans horodatage tiers : rien ne prouve la date de ce qui est écrit",
    Language.ENGLISH: "no time stamp of a third party: nothing proves when it was written",
}
STAMPED: Final = {
    Language.FRENCH: "horodatage : les {first} premières inscriptions existaient le {at}",
    Language.ENGLISH: "time stamp: the first {first} entries existed on {at}",
}
