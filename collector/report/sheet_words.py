"""The words that only stand on paper: headings, heads of tables, who signs; in both languages."""

from dataclasses import dataclass
from typing import Final

from collector.report.durations import Language
from collector.report.value import KeyHolder


@dataclass(frozen=True, slots=True)
class SheetWords:
    """Every word of a sheet that no screen shows."""

    title: str
    description: str
    availability_title: str
    interventions_title: str
    periods: str
    month: str
    running: str
    sendings: str
    page: str
    annexes: str
    signature: str
    vendor_signs: str
    hospital_signs: str
    hospital: str
    finess: str
    site: str
    service: str
    vendor: str
    service_class: str
    status: str
    announced: str
    seen: str
    unseen: str
    downtime: str
    at_most: str
    verdict: str
    judged_by: str
    timeline: str
    key_facts: str
    more: str
    figures: str
    rule: str
    lower: str
    upper: str
    judged: str
    vantages: str
    outages: str
    start: str
    end: str
    remark: str
    interventions: str
    number: str
    length: str
    none_registered: str
    attachments: str
    document: str
    sealed: str
    said_behind: str
    terms: str
    limit: str
    notice: str
    return_hold: str
    quorum: str
    panel_kind: str
    checks: str
    max_gap: str
    of_class: str
    calendar: str
    no_holiday: str
    method: str
    keys: str
    holder: str
    name: str
    since: str
    key: str
    key_holder: dict[KeyHolder, str]
    absent: str
    limit_of_proof: str
    entries: str
    window_entries: str
    hospital_entry: str
    site_entry: str
    service_entry: str
    log_size: str
    log_root: str


_FRENCH: Final = SheetWords(
    title="Constat de mise à jour",
    description="Indisponibilité mesurée de {subject}, {hospital}",
    availability_title="Taux de disponibilité",
    interventions_title="Registre des interventions",
    periods="Périodes",
    month="Mois",
    running="{subject} · {hospital} · état connu le {instant}",
    sendings="Envois",
    page="page {page} sur {pages}",
    annexes="Annexes",
    signature="Nom, qualité, date et signature",
    vendor_signs="Pour l'éditeur",
    hospital_signs="Pour l'établissement",
    hospital="Établissement",
    finess="FINESS {finess}",
    site="Site",
    service="Service",
    vendor="éditeur {vendor}",
    service_class="Classe de service",
    status="État de la fenêtre",
    announced="Versions annoncées",
    seen="Versions observées",
    unseen="aucune",
    downtime="durée d'indisponibilité lors d'une mise à jour (QHN §4.2.4)",
    at_most="{limit} au plus, {rule}",
    verdict="Verdict",
    judged_by="règles de mesure, § 5 à 7 : au moins ce qui est prouvé, au plus le possible",
    timeline="Prévu et mesuré",
    key_facts="Faits",
    more="et {count} autres faits",
    figures="Les trois chiffres (règles, § 7)",
    rule="Règle",
    lower="Au moins",
    upper="Au plus",
    judged="retenue par le contrat",
    vantages="Postes",
    outages="Coupures brutes et temps non observé (règles, § 5)",
    start="Début",
    end="Fin",
    remark="Remarque",
    interventions="Interventions",
    number="N°",
    length="Durée",
    none_registered="Aucune n'est enregistrée.",
    attachments="Pièces jointes scellées",
    document="Document",
    sealed="Scellée le",
    said_behind="Réserves de l'établissement : {count}, en entier en annexe",
    terms="Termes du contrat",
    limit="Durée maximale",
    notice="Délai de prévenance",
    return_hold="Remise en production",
    quorum="Quorum",
    panel_kind="Panel",
    checks="Sondes",
    max_gap="{check} : silence au-delà de {gap}",
    of_class="{service_class} : {limit}",
    calendar="Jours fériés du site",
    no_holiday="Aucun dans les années concernées.",
    method="Méthode",
    keys="Clés, et qui les détenait",
    holder="Détenteur",
    name="Nom",
    since="Depuis l'entrée",
    key="Clé",
    key_holder={
        KeyHolder.AGENT: "agent, sur le poste",
        KeyHolder.LOG: "journal du collecteur",
        KeyHolder.WITNESS: "témoin de l'établissement",
        KeyHolder.AUTHORITY: "autorité d'horodatage",
    },
    absent="absente",
    limit_of_proof="Limite de la preuve",
    entries="Ce qui fonde ce rapport",
    window_entries="Entrées de la fenêtre",
    hospital_entry="Entrée de l'établissement",
    site_entry="Entrée du site",
    service_entry="Entrée du service",
    log_size="Entrées du journal",
    log_root="Racine du journal",
)

_ENGLISH: Final = SheetWords(
    title="Update report",
    description="Measured downtime of {subject}, {hospital}",
    availability_title="Availability rate",
    interventions_title="Register of interventions",
    periods="Periods",
    month="Month",
    running="{subject} · {hospital} · as known {instant}",
    sendings="Sendings",
    page="page {page} of {pages}",
    annexes="Annexes",
    signature="Name, position, date and signature",
    vendor_signs="For the vendor",
    hospital_signs="For the hospital",
    hospital="Hospital",
    finess="FINESS {finess}",
    site="Site",
    service="Service",
    vendor="vendor {vendor}",
    service_class="Service class",
    status="Status",
    announced="Versions announced",
    seen="Versions seen",
    unseen="none",
    downtime="downtime during an update (QHN §4.2.4)",
    at_most="{limit} at most, {rule}",
    verdict="Verdict",
    judged_by="measurement rules, § 5 to 7: at least what is proven, at most what is possible",
    timeline="Planned and measured",
    key_facts="Facts",
    more="and {count} more facts",
    figures="The three figures (rules, § 7)",
    rule="Rule",
    lower="At least",
    upper="At most",
    judged="chosen by the contract",
    vantages="Vantage points",
    outages="Raw outages and unobserved time (rules, § 5)",
    start="Start",
    end="End",
    remark="Remark",
    interventions="Interventions",
    number="No.",
    length="Length",
    none_registered="None is registered.",
    attachments="Documents sealed",
    document="Document",
    sealed="Sealed",
    said_behind="Reservations of the hospital: {count}, in full in the annexes",
    terms="Terms of the contract",
    limit="Maximum downtime",
    notice="Notice",
    return_hold="Return to production",
    quorum="Quorum",
    panel_kind="Panel",
    checks="Checks",
    max_gap="{check}: silence beyond {gap}",
    of_class="{service_class}: {limit}",
    calendar="Holidays of the site",
    no_holiday="None in the years concerned.",
    method="Method",
    keys="Keys, and who held them",
    holder="Holder",
    name="Name",
    since="From entry",
    key="Key",
    key_holder={
        KeyHolder.AGENT: "agent, on the vantage point",
        KeyHolder.LOG: "the collector's log",
        KeyHolder.WITNESS: "the hospital's witness",
        KeyHolder.AUTHORITY: "time-stamping authority",
    },
    absent="absent",
    limit_of_proof="Limit of the proof",
    entries="What this report rests on",
    window_entries="Entries of the window",
    hospital_entry="Entry of the hospital",
    site_entry="Entry of the site",
    service_entry="Entry of the service",
    log_size="Entries of the log",
    log_root="Root of the log",
)


def sheet_words_in(language: Language) -> SheetWords:
    """Return the words of a language."""
    return _FRENCH if language is Language.FRENCH else _ENGLISH
