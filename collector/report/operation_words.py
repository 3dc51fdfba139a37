"""The words for an operation and its conduct, in French and in English: one table for both."""

from dataclasses import dataclass

from collector.judge.conduct import Duty, Keeping
from collector.judge.operation import Exclusion, Instance, VersionKind
from collector.report.durations import Language


@dataclass(frozen=True, slots=True)
class OperationWords:
    """Every word that is said of an operation; see `operation_words_in`."""

    keeping: dict[Keeping, str]
    duty: dict[Duty, str]
    version_kind: dict[VersionKind, str]
    exclusion: dict[Exclusion, str]
    instance: dict[Instance, str]
    field: dict[str, str]
    operation: str
    version: str
    excluded: str
    hot: str
    pilot: str
    agreed_limit: str
    given_before: str
    given_after: str
    never_given: str
    not_due: str
    proven_down: str
    off_hours: str
    while_open: str
    no_opening_hours: str
    slots: str
    outside_slots: str
    early_start: str
    overrun: str
    unmet: str
    without_effect: str
    correction: str
    corrected: str
    none: str
    yes: str

    def member(self, field: str, value: str) -> str:
        """Return the word for a value of a field; the value itself where it is free text."""
        match field:
            case "version_kind":
                return self.version_kind[VersionKind(value)]
            case "exclusion":
                return self.exclusion[Exclusion(value)]
            case "instance":
                return self.instance[Instance(value)]
            case _:
                return value


_FRENCH = OperationWords(
    keeping={
        Keeping.KEPT: "respecté",
        Keeping.BROKEN: "non respecté",
        Keeping.INCONCLUSIVE: "non concluant",
        Keeping.PENDING: "en cours",
        Keeping.UNDECLARED: "non jugé",
    },
    duty={Duty.AUTHORISATION: "Autorisation", Duty.INFORMATION: "Information"},
    version_kind={
        VersionKind.MAJOR: "version majeure",
        VersionKind.INTERMEDIATE: "version intermédiaire",
        VersionKind.PATCH: "correctif",
    },
    exclusion={
        Exclusion.CRITICAL_FIX: "anomalie critique",
        Exclusion.THIRD_PARTY: "logiciel tiers",
        Exclusion.SECURITY: "sécurité",
        Exclusion.REGULATORY: "réglementaire",
        Exclusion.REFERENCE_DATA: "base documentaire de référence",
    },
    instance={Instance.DEDICATED: "instance dédiée", Instance.SAAS: "SaaS"},
    field={
        "id": "opération",
        "version_from": "version de départ",
        "version_to": "version d'arrivée",
        "version_kind": "nature de la version",
        "exclusion": "motif d'exclusion",
        "instance": "instance",
        "hot": "à chaud",
        "off_hours": "hors horaires d'ouverture",
        "pilot": "site pilote",
        "limit_us": "limite convenue",
        "prerequisites": "prérequis non satisfaits",
        "start_us": "début de l'intervention {number}",
        "end_us": "fin de l'intervention {number}",
        "purpose": "objet de l'intervention {number}",
        "mode": "mode de l'intervention {number}",
        "confidentiality": "engagement de confidentialité de l'intervention {number}",
    },
    operation="Opération",
    version="{old} → {new}",
    excluded="hors décompte annuel : {reason}",
    hot="À chaud",
    pilot="site pilote",
    agreed_limit="limite convenue {limit}",
    given_before="enregistrée le {given}, avant l'intervention du {start}",
    given_after="enregistrée le {given}, {late} après le début de l'intervention du {start}",
    never_given="non enregistrée ; intervention du {start}",
    not_due="attendue avant le {start}",
    proven_down="hors service prouvé : {length}",
    off_hours="Hors ouverture",
    while_open="demande du client · coupure pendant l'ouverture du site : {length}",
    no_opening_hours="demande du client · horaires d'ouverture du site non déclarés",
    slots="Créneaux éditeur",
    outside_slots="hors des créneaux publiés : {length}",
    early_start="Avant le créneau annoncé",
    overrun="Après la fin annoncée",
    unmet="Prérequis non satisfaits",
    without_effect="{prerequisites} (déclarés ; sans effet sur les mesures)",
    correction="Correction",
    corrected="{instant}, {author} : {changes} · {reason}",
    none="(rien)",
    yes="oui",
)

_ENGLISH = OperationWords(
    keeping={
        Keeping.KEPT: "kept",
        Keeping.BROKEN: "broken",
        Keeping.INCONCLUSIVE: "inconclusive",
        Keeping.PENDING: "pending",
        Keeping.UNDECLARED: "not judged",
    },
    duty={Duty.AUTHORISATION: "Authorisation", Duty.INFORMATION: "Information"},
    version_kind={
        VersionKind.MAJOR: "major version",
        VersionKind.INTERMEDIATE: "intermediate version",
        VersionKind.PATCH: "patch",
    },
    exclusion={
        Exclusion.CRITICAL_FIX: "critical anomaly",
        Exclusion.THIRD_PARTY: "third-party software",
        Exclusion.SECURITY: "security",
        Exclusion.REGULATORY: "regulatory",
        Exclusion.REFERENCE_DATA: "reference data",
    },
    instance={Instance.DEDICATED: "dedicated instance", Instance.SAAS: "SaaS"},
    field={
        "id": "operation",
        "version_from": "version from",
        "version_to": "version to",
        "version_kind": "kind of version",
        "exclusion": "exclusion",
        "instance": "instance",
        "hot": "hot",
        "off_hours": "off hours",
        "pilot": "pilot site",
        "limit_us": "agreed limit",
        "prerequisites": "unmet prerequisites",
        "start_us": "start of intervention {number}",
        "end_us": "end of intervention {number}",
        "purpose": "purpose of intervention {number}",
        "mode": "mode of intervention {number}",
        "confidentiality": "confidentiality commitment of intervention {number}",
    },
    operation="Operation",
    version="{old} → {new}",
    excluded="not counted for the year: {reason}",
    hot="Hot",
    pilot="pilot site",
    agreed_limit="agreed limit {limit}",
    given_before="registered {given}, before the intervention of {start}",
    given_after="registered {given}, {late} after the intervention of {start} began",
    never_given="not registered; intervention of {start}",
    not_due="to be registered before {start}",
    proven_down="proven down: {length}",
    off_hours="Off hours",
    while_open="asked by the client · outage while the site was open: {length}",
    no_opening_hours="asked by the client · the opening hours of the site are not declared",
    slots="Vendor's slots",
    outside_slots="outside the published slots: {length}",
    early_start="Before the announced start",
    overrun="After the announced end",
    unmet="Unmet prerequisites",
    without_effect="{prerequisites} (declared; they change no figure)",
    correction="Correction",
    corrected="{instant}, {author}: {changes} · {reason}",
    none="(none)",
    yes="yes",
)


def operation_words_in(language: Language) -> OperationWords:
    """Return the words of a language."""
    return _FRENCH if language is Language.FRENCH else _ENGLISH
