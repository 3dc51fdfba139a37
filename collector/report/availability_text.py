"""Availability in words: the head a hosting contract asks for, a line a period, the method.

The head says what HDS requirement EXI 21 lists.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from collector.judge.availability import Rate
from collector.judge.terms import Periodicity
from collector.report.as_text import columns_text
from collector.report.availability import AvailabilityReport, MeasuredPeriod
from collector.report.durations import Language, duration_text, instant_text
from collector.report.guarantee_words import guarantee_words_in
from collector.report.rates import Rounding, rate_text
from collector.report.words import words_in

OUTAGES_SHOWN: Final = 50

_MILLION: Final = 1_000_000


class AvailabilityTold(NamedTuple):
    """A report in words, part by part: what a screen, or a page, lays out."""

    title: tuple[str, ...]
    head: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    unannounced: str
    outages: tuple[str, ...]
    method: tuple[str, ...]


def availability_told(report: AvailabilityReport, language: Language) -> AvailabilityTold:
    """Return a report in words; `unannounced` heads the outages that no window announced."""
    words = _WORDS[language]
    unannounced, *outages = _unannounced(report, language)
    return AvailabilityTold(
        title=tuple(filter(None, _title(report, language))),
        head=tuple(_head(report, language)),
        columns=tuple(words.columns),
        rows=tuple(tuple(_line(measured, language)) for measured in report.measured),
        unannounced=unannounced,
        outages=tuple(outages),
        method=words.method,
    )


def availability_lines(report: AvailabilityReport, language: Language) -> Iterator[str]:
    """Yield the lines of a report."""
    told = availability_told(report, language)
    yield " · ".join(told.title)
    yield ""
    yield from columns_text(told.head)
    yield ""
    yield from columns_text([told.columns, *told.rows])
    yield ""
    yield told.unannounced
    yield from (f"  {outage}" for outage in told.outages)
    yield ""
    yield from told.method


def _title(report: AvailabilityReport, language: Language) -> Iterator[str]:
    yield f"{report.hospital} ({report.hospital_name})" if report.hospital_name else report.hospital
    yield report.site
    yield report.service
    yield report.product
    yield words_in(language).service_class[report.service_class]


def _head(report: AvailabilityReport, language: Language) -> Iterator[tuple[str, str]]:
    words, guarantee = _WORDS[language], report.guarantee

    def at(instant: int) -> str:
        return instant_text(instant, report.zone, language)

    named = guarantee_words_in(language)
    yield named.indicator, words.rate
    level = named.unsaid
    if guarantee.level_ppm is not None:
        level = rate_text(Fraction(guarantee.level_ppm, _MILLION), language)
    if guarantee.periodicity is not None:
        level = words.level.format(level=level, period=words.periods[guarantee.periodicity])
    yield named.guaranteed, level
    first, last = report.measured[0].period.interval, report.measured[-1].period.interval
    yield named.measured, named.between.format(start=at(first.start), end=at(last.end))
    yield words.known, at(min(report.known_until_us, last.end))
    yield named.penalties, named.penalty(guarantee.penalties)
    yield words.hours, words.agreed_hours if guarantee.has_hours else words.all_hours
    yield words.panel, ", ".join(report.panel) or words.nobody


def _line(measured: MeasuredPeriod, language: Language) -> list[str]:
    words = _WORDS[language]
    name = measured.period.name
    if language is Language.FRENCH:
        name = name.replace("-Q", "-T").replace("-W", "-S")
    name = name if measured.is_over else words.so_far.format(name=name)
    found = measured.found
    if found is None:
        return [name, words.closed, *[""] * (len(words.columns) - 2)]
    gross, net = found.gross, found.net
    return [
        name,
        duration_text(gross.total_us, language),
        _observed(gross, language),
        _bounds(gross, language),
        _observed(net, language),
        _bounds(net, language),
        _rate(gross.coverage, language, Rounding.DOWN),
        duration_text(gross.down_us, language),
    ]


def _observed(rate: Rate, language: Language) -> str:
    if not rate.total_us:
        return _WORDS[language].nothing_left
    return _rate(rate.observed, language, Rounding.NEAREST)


def _bounds(rate: Rate, language: Language) -> str:
    if rate.lower is None or rate.upper is None:
        return ""
    lower, upper = (
        rate_text(bound, language, rounding)
        for bound, rounding in ((rate.lower, Rounding.DOWN), (rate.upper, Rounding.UP))
    )
    return f"{lower} … {upper}"


def _rate(rate: Fraction | None, language: Language, rounding: Rounding) -> str:
    return _WORDS[language].no_data if rate is None else rate_text(rate, language, rounding)


def _unannounced(report: AvailabilityReport, language: Language) -> Iterator[str]:
    words = _WORDS[language]
    found = {
        outage.span.start: outage
        for measured in report.measured
        if measured.found is not None
        for outage in measured.found.unannounced
    }
    if not found:
        yield words.none_unannounced
        return
    yield words.unannounced.format(count=len(found))
    for outage in list(found.values())[:OUTAGES_SHOWN]:
        start, end = (instant_text(bound, report.zone, language) for bound in outage.span)
        if outage.truncated and outage.span.end >= report.known_until_us:
            end = words.goes_on
        proven_us = sum(piece.length for piece in outage.proven)
        bounds = words.lasted.format(
            lower=duration_text(proven_us, language),
            upper=duration_text(outage.span.length, language),
        )
        yield f"{start} → {end}  {bounds}"
    if len(found) > OUTAGES_SHOWN:
        yield f"{words_in(language).more.format(count=len(found) - OUTAGES_SHOWN)}"


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of one language."""

    rate: str
    level: str
    periods: dict[Periodicity, str]
    known: str
    hours: str
    all_hours: str
    agreed_hours: str
    panel: str
    nobody: str
    columns: list[str]
    so_far: str
    closed: str
    no_data: str
    nothing_left: str
    none_unannounced: str
    unannounced: str
    goes_on: str
    lasted: str
    method: tuple[str, ...]


_WORDS: Final = {
    Language.FRENCH: _Words(
        rate="taux de disponibilité au sens de HOP'EN P2.2, méthode indiquée",
        level="{level} par {period}",
        periods={
            Periodicity.DAY: "jour",
            Periodicity.WEEK: "semaine",
            Periodicity.MONTH: "mois",
            Periodicity.QUARTER: "trimestre",
            Periodicity.YEAR: "année",
        },
        known="État connu le",
        hours="Heures de service",
        all_hours="toutes",
        agreed_hours="celles convenues au contrat",
        panel="Panel",
        nobody="aucun poste",
        columns=[
            "Période", "Durée", "Observé brut", "entre … et", "Observé net", "entre … et",
            "Couverture", "Indisponible prouvé",
        ],
        so_far="{name} (en cours)",
        closed="hors heures de service",
        no_data="aucune donnée",
        nothing_left="tout annoncé",
        none_unannounced="Indisponibilités non annoncées : aucune",
        unannounced="Indisponibilités non annoncées : {count}",
        goes_on="toujours en cours",
        lasted="entre {lower} et {upper}",
        method=(
            "Méthode : taux observé = disponible / (disponible + indisponible), temps prouvés.",
            "Disponible : toutes les sondes applicatives d'un poste du panel au moins y accèdent.",
            "Ce que personne n'a observé compte indisponible en borne basse, disponible en haute.",
            "Couverture : part de la durée qui a été observée.",
            "Net : sans les créneaux annoncés dont le préavis a été respecté (règles, section 10).",
        ),
    ),
    Language.ENGLISH: _Words(
        rate="availability rate in the sense of HOP'EN P2.2, method stated",
        level="{level} a {period}",
        periods={period: period.value for period in Periodicity},
        known="As known",
        hours="Service hours",
        all_hours="all",
        agreed_hours="those agreed in the contract",
        panel="Panel",
        nobody="no vantage point",
        columns=[
            "Period", "Length", "Observed gross", "between … and", "Observed net",
            "between … and", "Coverage", "Proven down",
        ],
        so_far="{name} (so far)",
        closed="no service hours",
        no_data="no data",
        nothing_left="all announced",
        none_unannounced="Unannounced outages: none",
        unannounced="Unannounced outages: {count}",
        goes_on="not over yet",
        lasted="between {lower} and {upper}",
        method=(
            "Method: observed rate = up / (up + down), both proven.",
            "Up: every application probe of one vantage point of the panel at least gets through.",
            "What nobody saw counts as down in the lower bound and as up in the upper one.",
            "Coverage: the part of the length that was seen.",
            "Net: without the plans announced whose notice was respected (rules, section 10).",
        ),
    ),
}  # fmt: skip
