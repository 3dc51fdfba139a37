"""What a verification says to a person, in both languages."""

from typing import Final

from collector.report.durations import Language

TITLES: Final[dict[Language, dict[str, str]]] = {
    Language.FRENCH: {
        "archive": "archive sous sa forme unique, {members} fichiers",
        "keys": "clé du journal {key}",
        "seal": "sceau valable pour la fenêtre {window} de {hospital}",
        "checkpoint": "point de contrôle signé, {size} inscriptions, racine {root}",
        "tree": "{entries} inscriptions appartiennent au journal",
        "entries": "signatures : {stated} déclarations, {batches} lots de mesures",
        "register": "registre complet : {stated} déclarations sans lacune",
        "batches": "mesures complètes : {agents} agents, {lost} mesures perdues faute de place",
        "consistency": "{checkpoints} points de contrôle antérieurs prolongés sans réécriture",
        "witness": "témoins connus : {witnesses}",
        "timestamp": (
            "horodatages d'une autorité connue : {stamps} sur {held} ; sur {wanted} étapes"
            " {late} datées tard, {undated} non datées"
        ),
        "names": "noms vérifiés : {names}",
        "window": "fenêtre, clauses et panel conformes aux inscriptions",
        "measurements": "{measurements} mesures conformes aux lots signés",
        "report": "rapport recalculé à l'identique",
    },
    Language.ENGLISH: {
        "archive": "archive in its one form, {members} files",
        "keys": "log key {key}",
        "seal": "seal holds for window {window} of {hospital}",
        "checkpoint": "signed checkpoint, {size} entries, root {root}",
        "tree": "{entries} entries belong to the log",
        "entries": "signatures: {stated} statements, {batches} batches of measurements",
        "register": "register complete: {stated} statements without a gap",
        "batches": "measurements complete: {agents} agents, {lost} lost for want of room",
        "consistency": "{checkpoints} earlier checkpoints continued, nothing rewritten",
        "witness": "known witnesses: {witnesses}",
        "timestamp": (
            "time stamps of a known authority: {stamps} of {held}; of {wanted} steps"
            " {late} dated late, {undated} not dated"
        ),
        "names": "names verified: {names}",
        "window": "window, terms and panel are those of the entries",
        "measurements": "{measurements} measurements are those of the signed batches",
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

FAILED: Final = {
    Language.FRENCH: "preuve NON recevable ({code}) : {reason}",
    Language.ENGLISH: "evidence NOT sound ({code}): {reason}",
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
