"""The fhir probe: asks a server what it can do, and judges the statement it makes (FHIR R4, 5.2).

What comes back is first judged as any page is: maintenance pages, error pages, caches and portals
answer with JSON or without. A server that answers with an OperationOutcome of its own lives and
does not serve. Nothing of a statement is kept but the version of the software.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from probes import transport
from probes.attempt import Attempt, Clock, ProbeError
from probes.exchange import fetch
from probes.expectation import judge
from probes.kind import Kind, named
from probes.model.failure import Failure, Operation
from probes.model.fhir_target import FhirSpec
from probes.model.measurement import Observation, Outcome
from probes.page import Page

PRODUCES: Final = transport.PRODUCES | {
    Failure.PROTOCOL_ERROR,
    Failure.RESPONSE_TRUNCATED,
    Failure.RESPONSE_TOO_LARGE,
    Failure.UNEXPECTED_STATUS,
    Failure.UNEXPECTED_VALUE,
    Failure.UNEXPECTED_VERSION,
    Failure.MAINTENANCE_PAGE,
    Failure.ERROR_PAGE,
    Failure.STALE_ANSWER,
    Failure.NOT_SERVING,
    Failure.VANTAGE_OFFLINE,
    Failure.REDIRECT_REFUSED,
    Failure.TOO_MANY_REDIRECTS,
}


async def probe(spec: FhirSpec, deadline: int, clock: Clock) -> Observation:
    """Probe a server once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(spec.timeouts, deadline, clock)
    try:
        async with attempt:
            page = await fetch(spec.question, attempt)
    except ProbeError as error:
        return attempt.failed(error)
    seen = judge(spec.question, page, attempt.phases, attempt.elapsed_us)
    content = _content(page)
    if seen.failure in _IN_PLACE_OF_A_STATEMENT and _is_refusal(page, content):
        detail = f"status {page.status} from {page.peer}: an OperationOutcome, no statement"
        failure, operation = Failure.NOT_SERVING, Operation.ASSERT
        return Observation.failed(failure, operation, detail, phases=seen.phases)
    return seen if seen.failure is not None else _judged(spec, content, seen)


def _judged(spec: FhirSpec, statement: dict[str, Any], seen: Observation) -> Observation:
    """Return what a statement says, of a page that was in order as such."""
    flaw = next(_flaws(spec, statement), None)
    if flaw is not None:
        failure, reason = flaw
        return Observation.failed(
            failure,
            Operation.ASSERT,
            f"{seen.detail}: {reason}",
            version=seen.version,
            phases=seen.phases,
        )
    status = statement.get("status")
    if status == _ACTIVE:
        return seen
    told = status if status in _STATUSES else "of no known status"
    return replace(seen, outcome=Outcome.DEGRADED, detail=f"{seen.detail}: the statement is {told}")


def _flaws(spec: FhirSpec, statement: dict[str, Any]) -> Iterator[tuple[Failure, str]]:
    if not isinstance(statement.get("status"), str):
        yield Failure.UNEXPECTED_VALUE, "/status is missing"
    if statement.get("kind") != _INSTANCE:
        yield Failure.UNEXPECTED_VALUE, f"/kind is not {_INSTANCE}: it states nothing of itself"
    declared = statement.get("fhirVersion")
    if not isinstance(declared, str):
        yield Failure.UNEXPECTED_VALUE, "/fhirVersion is missing"
    elif spec.fhir_version and not _begins(declared, spec.fhir_version):
        yield Failure.UNEXPECTED_VERSION, f"/fhirVersion is not {spec.fhir_version}"
    if spec.resources:
        served = set(_served(statement))
        for name in spec.resources:
            if name not in served:
                yield Failure.UNEXPECTED_VALUE, f"it does not serve {name}"


def _begins(version: str, expected: str) -> bool:
    """Return whether a version is the expected one, or a closer form of it: 4.0.1 is 4.0."""
    return version == expected or version.startswith((f"{expected}.", f"{expected}-"))


def _served(statement: dict[str, Any]) -> Iterator[str]:
    """Yield the types of resources a statement says that it serves."""
    for rest in _dicts(statement.get("rest")):
        if rest.get("mode") != "server":
            continue
        for resource in _dicts(rest.get("resource")):
            if isinstance(resource.get("type"), str):
                yield resource["type"]


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (member for member in value if isinstance(member, dict))


def _content(page: Page) -> dict[str, Any]:
    """Return the object a page holds; an empty one when it holds none."""
    try:
        content = json.loads(page.text())
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _is_refusal(page: Page, content: dict[str, Any]) -> bool:
    """Return whether the server itself says that it cannot; what it says of us is a status."""
    ours = page.status in range(400, 500)
    return content.get("resourceType") == "OperationOutcome" and not ours


_ACTIVE: Final = "active"
_INSTANCE: Final = "instance"  # of a running server; others are of products and of wishes
_STATUSES: Final = frozenset({_ACTIVE, "draft", "retired", "unknown"})
_IN_PLACE_OF_A_STATEMENT: Final = frozenset(
    {
        Failure.UNEXPECTED_STATUS,
        Failure.UNEXPECTED_VALUE,
        Failure.UNEXPECTED_VERSION,
        Failure.ERROR_PAGE,
    }
)

KIND: Final = Kind(
    "fhir",
    FhirSpec,
    probe,
    PRODUCES,
    named("base_url"),
    "https://fhir.example/r4 -o fhir_version=\"'4.0'\"",
)
