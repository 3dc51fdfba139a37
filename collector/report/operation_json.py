"""The operation of a window, who carried it out and how, as fields of the report's JSON object."""

from collections.abc import Mapping

from collector.judge.conduct import Conduct, Precedence, Promise
from collector.judge.operation import Correction
from collector.judge.window import Bounds
from collector.record.interventions import NamedIntervention
from collector.report.interventions import Identity, identity_json
from collector.report.value import Surroundings
from probes.model.canonical import JsonValue


def operation_json(around: Surroundings) -> dict[str, JsonValue]:
    """Return what was announced of the operation, how it was conducted, and what was corrected."""
    stated: dict[str, JsonValue] = {"operation": around.operation.to_json()}
    if around.conduct is not None:
        stated["conduct"] = _conduct(around.conduct)
    if around.corrections:
        stated["corrections"] = [correction_json(each) for each in around.corrections]
    if around.named:
        stated["named_interventions"] = [_named(each, around.identities) for each in around.named]
    return stated


def correction_json(correction: Correction) -> dict[str, JsonValue]:
    """Return what was put right: when, by whom, why, and the old beside the new."""
    changes: list[JsonValue] = [
        {"field": field, "old": _plain(old), "new": _plain(new)}
        for field, old, new in correction.changes
    ]
    return {
        "at_us": correction.at_us,
        "author": correction.author,
        "reason": correction.reason,
        "changes": changes,
    }


def _conduct(conduct: Conduct) -> dict[str, JsonValue]:
    stated: dict[str, JsonValue] = {
        "early_start": _bounds(conduct.early_start),
        "overrun": _bounds(conduct.overrun),
    }
    if conduct.precedence is not None:
        stated["precedence"] = _precedence(conduct.precedence)
    promises = {"hot": conduct.hot, "off_hours": conduct.off_hours, "slots": conduct.slots}
    for name, promise in promises.items():
        if promise is not None:
            stated[name] = _promise(promise)
    return stated


def _named(
    made: NamedIntervention, identities: Mapping[str, Identity] | None
) -> dict[str, JsonValue]:
    person: dict[str, JsonValue] = {"commitment": made.person}
    if identities is not None:
        person.update(identity_json(identities.get(made.person)))
    stated: dict[str, JsonValue] = {
        "intervention": made.id,
        "person": person,
        "purpose": made.purpose,
        "site": made.site,
        "start_us": made.start_us,
    }
    said = {
        "end_us": made.end_us,
        "mode": made.mode and made.mode.value,
        "confidentiality": made.confidentiality,
    }
    return {**stated, **{name: value for name, value in said.items() if value}}


def _precedence(precedence: Precedence) -> dict[str, JsonValue]:
    stated: dict[str, JsonValue] = {
        "duty": precedence.duty.value,
        "verdict": precedence.verdict.value,
        "judged_start_us": precedence.judged_start_us,
        "due": precedence.is_due,
    }
    if precedence.given_at_us is not None:
        stated["given_at_us"] = precedence.given_at_us
    return stated


def _promise(promise: Promise) -> dict[str, JsonValue]:
    return {"verdict": promise.keeping.value, **_bounds(promise.against)}


def _plain(value: str | int | list[str]) -> JsonValue:
    return [*value] if isinstance(value, list) else value


def _bounds(bounds: Bounds) -> dict[str, JsonValue]:
    return {"lower_us": bounds.lower_us, "upper_us": bounds.upper_us}
