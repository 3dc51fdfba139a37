"""The operation of a window and its conduct, as fields of the report's JSON object."""

from collector.judge.conduct import Conduct, Precedence, Promise
from collector.judge.operation import Correction
from collector.judge.window import Bounds
from collector.report.value import Surroundings
from probes.model.canonical import JsonValue


def operation_json(around: Surroundings) -> dict[str, JsonValue]:
    """Return what was announced of the operation, how it was conducted, and what was corrected."""
    stated: dict[str, JsonValue] = {"operation": around.operation.to_json()}
    if around.conduct is not None:
        stated["conduct"] = _conduct(around.conduct)
    if around.corrections:
        stated["corrections"] = [_correction(each) for each in around.corrections]
    return stated


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


def _correction(correction: Correction) -> dict[str, JsonValue]:
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


def _plain(value: str | int | list[str]) -> JsonValue:
    return [*value] if isinstance(value, list) else value


def _bounds(bounds: Bounds) -> dict[str, JsonValue]:
    return {"lower_us": bounds.lower_us, "upper_us": bounds.upper_us}
