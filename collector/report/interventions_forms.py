"""The interventions of a month as CSV, as JSON and as text."""

from collections.abc import Iterator
from typing import Final

from collector.report.as_csv import table_csv
from collector.report.as_text import columns_text
from collector.report.durations import Language, duration_text, instant_text
from collector.report.intervention_words import intervention_words_in
from collector.report.interventions import MonthOfInterventions, Sending, Share, identity_json
from collector.report.operation_json import correction_json
from probes.model.canonical import JsonValue
from probes.model.instant import format_instant

SCHEMA: Final = "constat.interventions/1"


def interventions_json(report: MonthOfInterventions) -> dict[str, JsonValue]:
    """Return the object of a month; a key without a value is left out."""
    return {
        "schema": SCHEMA,
        "hospital": report.hospital,
        "month": report.month,
        "is_over": report.is_over,
        "interventions": [_share(share) for share in report.shares],
        "sent": [
            {
                "at_us": sending.at_us,
                "rows": sending.rows,
                "sha256": sending.sha256,
                **({"recipient": sending.recipient} if sending.recipient else {"erased": True}),
            }
            for sending in report.sendings
        ],
    }


_COLUMNS: Final = (
    "month", "hospital", "intervention", "window", "site", "person", "company", "purpose", "mode",
    "confidentiality", "start", "end", "in_month_us", "corrections",
)  # fmt: skip


def interventions_csv(report: MonthOfInterventions, language: Language) -> str:
    """Return a header and a line for each intervention, instants on the clocks of its site.

    Of a month that is over, the same log and the same names give the same bytes.
    """
    return table_csv(_COLUMNS, [_cells(report.month, share, language) for share in report.shares])


def interventions_lines(report: MonthOfInterventions, language: Language) -> Iterator[str]:
    """Yield the lines of a month, for whoever reads a terminal."""
    words = intervention_words_in(language)
    yield f"{words.title} · {report.hospital} ({report.hospital_name}) · {report.month}"
    if not report.is_over:
        yield words.partial
    yield ""
    if report.shares:
        yield from columns_text(
            [words.columns, *(intervention_cells(each, language) for each in report.shares)]
        )
    else:
        yield words.none
    for sending in report.sendings:
        yield ""
        yield sending_text(report, sending, language)


def sending_text(report: MonthOfInterventions, sending: Sending, language: Language) -> str:
    """Say when a month was sent, to whom unless that was erased, and what was."""
    words = intervention_words_in(language)
    return words.sent.format(
        instant=instant_text(sending.at_us, report.zone, language),
        recipient=sending.recipient or words.erased,
        rows=sending.rows,
        s="" if _is_singular(sending.rows, language) else "s",
        sha256=sending.sha256,
    )


def _is_singular(count: int, language: Language) -> bool:
    """Return whether a noun takes no s after that number; after 0 it takes one in English only."""
    return count == 1 or (count == 0 and language is Language.FRENCH)


def _share(share: Share) -> dict[str, JsonValue]:
    made = share.attended.intervention
    said = {
        "end_us": made.end_us,
        "in_month_us": share.length_us,
        "mode": made.mode.value if made.mode else None,
        "confidentiality": made.confidentiality or None,
        "window": made.window or None,
    }
    return {
        "intervention": made.id,
        "entry": made.entry,
        "registered_at_us": made.registered_us,
        "author": made.author,
        "person": {"commitment": made.person, **identity_json(share.attended.identity)},
        "purpose": made.purpose,
        "site": made.site,
        "timezone": share.attended.zone.key,
        "start_us": made.start_us,
        **{name: value for name, value in said.items() if value is not None},
        "corrections": [correction_json(each) for each in made.corrections],
    }


def _cells(month: str, share: Share, language: Language) -> list[str | int]:
    made, zone, identity = (
        share.attended.intervention,
        share.attended.zone,
        share.attended.identity,
    )
    return [
        month,
        share.attended.hospital,
        made.id,
        made.window,
        made.site,
        identity.name if identity else intervention_words_in(language).erased,
        identity.company if identity else "",
        made.purpose,
        made.mode.value if made.mode else "",
        made.confidentiality,
        format_instant(made.start_us, zone),
        "" if made.end_us is None else format_instant(made.end_us, zone),
        "" if share.length_us is None else share.length_us,
        len(made.corrections),
    ]


def intervention_cells(share: Share, language: Language) -> list[str]:
    """Return what is said of an intervention, in the order of the words' columns."""
    words = intervention_words_in(language)
    made, zone = share.attended.intervention, share.attended.zone
    return [
        made.id,
        words.who(share.attended.identity),
        made.purpose,
        words.mode[made.mode] if made.mode else "",
        made.window,
        instant_text(made.start_us, zone, language),
        words.open if made.end_us is None else instant_text(made.end_us, zone, language),
        "" if share.length_us is None else duration_text(share.length_us, language),
    ]
