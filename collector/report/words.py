"""The words of reports, in French and in English: one table, so that neither lags behind."""

from dataclasses import dataclass

from collector.judge.notice import NoticeVerdict
from collector.judge.terms import (
    DowntimeRule,
    ServiceClass,
    WindowStatus,
)
from collector.judge.verdict import DurationVerdict
from collector.report.durations import Language
from probes.model.measurement import VantageKind


@dataclass(frozen=True, slots=True)
class Words:
    """Every word a report is made of; see `words_in`."""

    duration_verdict: dict[DurationVerdict, str]
    notice_verdict: dict[NoticeVerdict, str]
    service_class: dict[ServiceClass, str]
    status: dict[WindowStatus, str]
    rule: dict[DowntimeRule, str]
    kind: dict[VantageKind, str]
    planned: str
    intervention: str
    measured: str
    no_outage: str
    between: str
    limit: str
    margin: str
    excess: str
    duration: str
    notice: str
    lost_last: str
    back_first: str
    nobody: str
    others: str
    early_start: str
    overrun: str
    coverage: str
    reporting: str
    observed: str
    clocks: str
    clock_error: str
    unestimated: str
    versions: str
    outages: str
    proven: str
    possible: str
    truncated: str
    unobserved: str
    vantage: str
    kind_title: str
    lost: str
    back: str
    down: str
    clock: str
    measurements: str
    later: str
    imported: str
    nothing: str
    fixed: str
    log: str
    as_of: str
    more: str


_FRENCH = Words(
    duration_verdict={
        DurationVerdict.COMPLIANT: "conforme",
        DurationVerdict.BREACH: "non conforme",
        DurationVerdict.INCONCLUSIVE: "non concluant",
        DurationVerdict.PENDING: "en cours",
    },
    notice_verdict={
        NoticeVerdict.RESPECTED: "respecté",
        NoticeVerdict.SHORT: "insuffisant",
        NoticeVerdict.NONE: "absent",
    },
    service_class={
        ServiceClass.STRATEGIC: "stratégique",
        ServiceClass.STANDARD: "standard",
        ServiceClass.LOW: "faible",
    },
    status={
        WindowStatus.ANNOUNCED: "annoncée",
        WindowStatus.IN_PROGRESS: "en cours",
        WindowStatus.CLOSED: "close",
        WindowStatus.CANCELLED: "annulée",
    },
    rule={
        DowntimeRule.CUMULATIVE: "durée cumulée",
        DowntimeRule.LONGEST: "plus longue coupure",
        DowntimeRule.SPAN: "de la première coupure au dernier retour",
    },
    kind={
        VantageKind.WORKSTATION: "poste",
        VantageKind.SERVER: "serveur",
        VantageKind.EXTERNAL: "externe",
    },
    planned="Prévu",
    intervention="Intervention",
    measured="Mesuré",
    no_outage="aucune indisponibilité mesurée",
    between="entre {lower} et {upper}",
    limit="limite {limit}",
    margin="marge {margin}",
    excess="dépassement {excess}",
    duration="Durée",
    notice="Préavis",
    lost_last="Perdu en dernier",
    back_first="Retrouvé en premier",
    nobody="personne",
    others="{names} et {count} autres",
    early_start="Début anticipé",
    overrun="Dépassement",
    coverage="Couverture",
    reporting="postes ayant mesuré : {reporting} sur {panel}",
    observed="fenêtre observée à {share}",
    clocks="Horloges",
    clock_error="erreur au plus {error}",
    unestimated="postes sans estimation d'horloge : {count}",
    versions="Versions",
    outages="Coupures brutes",
    proven="prouvée",
    possible="possible",
    truncated="tronquée par l'horizon",
    unobserved="Non observé",
    vantage="Poste",
    kind_title="Nature",
    lost="Perdu",
    back="Retrouvé",
    down="Hors service",
    clock="Horloge",
    measurements="Mesures",
    later="hors panel",
    imported="importé",
    nothing="aucune mesure",
    fixed="Panel et contrat fixés le {instant}",
    log="Journal : {size} entrées, racine {root}",
    as_of="État connu le {instant}",
    more="… et {count} autres",
)

_ENGLISH = Words(
    duration_verdict={verdict: verdict.value for verdict in DurationVerdict},
    notice_verdict={
        NoticeVerdict.RESPECTED: "respected",
        NoticeVerdict.SHORT: "too short",
        NoticeVerdict.NONE: "none",
    },
    service_class={service_class: service_class.value for service_class in ServiceClass},
    status={status: status.value.replace("_", " ") for status in WindowStatus},
    rule={
        DowntimeRule.CUMULATIVE: "cumulative",
        DowntimeRule.LONGEST: "longest outage",
        DowntimeRule.SPAN: "from the first outage to the last return",
    },
    kind={kind: kind.value for kind in VantageKind},
    planned="Planned",
    intervention="Intervention",
    measured="Measured",
    no_outage="no outage measured",
    between="between {lower} and {upper}",
    limit="limit {limit}",
    margin="margin {margin}",
    excess="excess {excess}",
    duration="Duration",
    notice="Notice",
    lost_last="Lost it last",
    back_first="Got it back first",
    nobody="nobody",
    others="{names} and {count} others",
    early_start="Early start",
    overrun="Overrun",
    coverage="Coverage",
    reporting="vantage points that measured: {reporting} of {panel}",
    observed="{share} of the window observed",
    clocks="Clocks",
    clock_error="error at most {error}",
    unestimated="vantage points without a clock estimate: {count}",
    versions="Versions",
    outages="Raw outages",
    proven="proven",
    possible="possible",
    truncated="cut by the horizon",
    unobserved="Unobserved",
    vantage="Vantage point",
    kind_title="Kind",
    lost="Lost",
    back="Back",
    down="Down",
    clock="Clock",
    measurements="Measured",
    later="not in the panel",
    imported="imported",
    nothing="nothing measured",
    fixed="Panel and contract fixed {instant}",
    log="Log: {size} entries, root {root}",
    as_of="As known {instant}",
    more="… and {count} more",
)


def words_in(language: Language) -> Words:
    """Return the words of a language."""
    return _FRENCH if language is Language.FRENCH else _ENGLISH
