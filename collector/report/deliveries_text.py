"""Deliveries in words: what counts against the limit, what does not and why, the pilot."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from collector.judge.deliveries import (
    MOST_INTERMEDIATE,
    MOST_MAJOR,
    Continuous,
    Counted,
    Counting,
    DeliveriesVerdict,
    PilotVerdict,
)
from collector.judge.terms import Periodicity
from collector.report.as_text import columns_text
from collector.report.deliveries import DeliveriesReport
from collector.report.durations import Language, instant_text
from collector.report.operation_words import operation_words_in


def deliveries_lines(report: DeliveriesReport, language: Language) -> Iterator[str]:
    """Yield the lines of a report."""
    words = _WORDS[language]
    place = (
        f"{report.hospital} ({report.hospital_name})" if report.hospital_name else report.hospital
    )
    yield f"{place} · {report.product_name} · {report.year}"
    yield ""
    yield from columns_text([[name, said] for name, said in _head(report, language)])
    yield ""
    if not report.found.counted:
        yield words.none
        return
    lines = (_line(report, each, language) for each in report.found.counted)
    yield from columns_text([words.columns, *lines])


def _head(report: DeliveriesReport, language: Language) -> Iterator[tuple[str, str]]:
    words, found = _WORDS[language], report.found
    yield words.verdict, words.verdicts[found.verdict]
    yield words.majors, words.of.format(count=found.majors, limit=MOST_MAJOR)
    yield words.intermediates, words.of.format(count=found.intermediates, limit=MOST_INTERMEDIATE)
    if found.unclassed:
        yield words.unclassed, str(found.unclassed)
    if report.continuous is not None:
        yield words.continuous, _continuous(report.continuous, language)
    pilots = ", ".join(delivery.window for delivery in found.pilots)
    said = words.pilots[found.pilot_verdict]
    yield words.pilot, f"{said} ({pilots})" if pilots else said


def _continuous(agreed: Continuous, language: Language) -> str:
    words = _WORDS[language]
    period = agreed.periodicity
    facts = (
        words.no_periodicity if period is None else words.periodicity[period],
        words.client_activates if agreed.client_activates else words.vendor_activates,
        words.exempt if agreed.is_exempt else words.not_exempt,
    )
    return ", ".join(facts)


def _line(report: DeliveriesReport, each: Counted, language: Language) -> list[str]:
    words, known = _WORDS[language], operation_words_in(language)
    delivery, at_us = each.delivery, each.delivery.delivered_at_us
    versions = (delivery.version_from, delivery.version_to)
    return [
        words.never if at_us is None else instant_text(at_us, report.zone, language),
        delivery.window,
        delivery.service,
        " → ".join(version or "?" for version in versions) if any(versions) else "",
        words.no_kind if delivery.kind is None else known.version_kind[delivery.kind],
        words.countings[each.counting].format(
            exclusion="" if delivery.exclusion is None else known.exclusion[delivery.exclusion]
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one language."""

    verdict: str
    verdicts: dict[DeliveriesVerdict, str]
    majors: str
    intermediates: str
    of: str
    unclassed: str
    continuous: str
    no_periodicity: str
    periodicity: dict[Periodicity, str]
    client_activates: str
    vendor_activates: str
    exempt: str
    not_exempt: str
    pilot: str
    pilots: dict[PilotVerdict, str]
    columns: list[str]
    never: str
    no_kind: str
    countings: dict[Counting, str]
    none: str


_WORDS: Final = {
    Language.FRENCH: _Words(
        verdict="Limite annuelle (§4.1.7)",
        verdicts={
            DeliveriesVerdict.WITHIN: "respectée",
            DeliveriesVerdict.EXCEEDED: "dépassée",
            DeliveriesVerdict.UNDECIDED: "non concluant : des versions ne sont pas qualifiées",
        },
        majors="Versions majeures",
        intermediates="Versions intermédiaires",
        of="{count} sur {limit} au plus",
        unclassed="Versions non qualifiées",
        continuous="Développement continu",
        no_periodicity="aucune périodicité convenue",
        periodicity={
            Periodicity.DAY: "livraisons quotidiennes convenues",
            Periodicity.WEEK: "livraisons hebdomadaires convenues",
            Periodicity.MONTH: "livraisons mensuelles convenues",
            Periodicity.QUARTER: "livraisons trimestrielles convenues",
            Periodicity.YEAR: "livraisons annuelles convenues",
        },
        client_activates="activation à l'initiative du client",
        vendor_activates="activation non laissée au client",
        exempt="exempté",
        not_exempt="non exempté",
        pilot="Site pilote (§4.1.4)",
        pilots={
            PilotVerdict.DONE: "évaluation de l'année faite",
            PilotVerdict.MISSING: "aucune évaluation à ce registre",
            PilotVerdict.NOT_DUE: "sans objet : aucune évolution livrée",
        },
        columns=["Mise en production", "Fenêtre", "Service", "Versions", "Nature", "Décompte"],
        never="non livrée",
        no_kind="non qualifiée",
        countings={
            Counting.COUNTED: "comptée",
            Counting.UNCLASSED: "à qualifier",
            Counting.NOT_DELIVERED: "non comptée : non livrée",
            Counting.EXCLUDED: "non comptée : {exclusion}",
            Counting.CONTINUOUS: "non comptée : développement continu",
            Counting.PATCH: "non comptée : correctif",
            Counting.REPEATED: "non comptée : version déjà livrée",
        },
        none="Aucune livraison.",
    ),
    Language.ENGLISH: _Words(
        verdict="Yearly limit (§4.1.7)",
        verdicts={
            DeliveriesVerdict.WITHIN: "respected",
            DeliveriesVerdict.EXCEEDED: "exceeded",
            DeliveriesVerdict.UNDECIDED: "inconclusive: some versions are not classed",
        },
        majors="Major versions",
        intermediates="Intermediate versions",
        of="{count} of {limit} at most",
        unclassed="Versions not classed",
        continuous="Continuous development",
        no_periodicity="no periodicity agreed",
        periodicity={
            Periodicity.DAY: "daily deliveries agreed",
            Periodicity.WEEK: "weekly deliveries agreed",
            Periodicity.MONTH: "monthly deliveries agreed",
            Periodicity.QUARTER: "quarterly deliveries agreed",
            Periodicity.YEAR: "yearly deliveries agreed",
        },
        client_activates="the client controls activation",
        vendor_activates="activation is not left to the client",
        exempt="exempt",
        not_exempt="not exempt",
        pilot="Pilot site (§4.1.4)",
        pilots={
            PilotVerdict.DONE: "the year's evaluation is done",
            PilotVerdict.MISSING: "no evaluation in this register",
            PilotVerdict.NOT_DUE: "not due: no evolution delivered",
        },
        columns=["In production", "Window", "Service", "Versions", "Kind", "Count"],
        never="not delivered",
        no_kind="not classed",
        countings={
            Counting.COUNTED: "counted",
            Counting.UNCLASSED: "to be classed",
            Counting.NOT_DELIVERED: "not counted: not delivered",
            Counting.EXCLUDED: "not counted: {exclusion}",
            Counting.CONTINUOUS: "not counted: continuous development",
            Counting.PATCH: "not counted: patch",
            Counting.REPEATED: "not counted: version delivered before",
        },
        none="No delivery.",
    ),
}
