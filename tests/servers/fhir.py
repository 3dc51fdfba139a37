"""CapabilityStatements, as an independent library of FHIR makes and checks them."""

import json
from typing import Any

from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from tests.servers.web import PATIENT, page

_HEADERS = ("Content-Type: application/fhir+json; charset=utf-8",)


def statement(**changes: Any) -> str:  # noqa: ANN401 - whatever a statement may say
    """Return a statement of a server; the library refuses one that is none."""
    fields = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-14",
        "kind": "instance",
        "fhirVersion": "4.3.0",
        "format": ["json"],
        "publisher": PATIENT,
        "software": {"name": "Dossier patient", "version": "9.0.1"},
        "implementation": {"description": PATIENT},
        "rest": [{"mode": "server", "resource": [{"type": "Patient"}, {"type": "Observation"}]}],
    }
    made: str = CapabilityStatement.model_validate(fields | changes).model_dump_json()
    return made


def answer(content: str | dict[str, Any], status: str = "200 OK") -> bytes:
    """Return an answer that holds some JSON."""
    text = content if isinstance(content, str) else json.dumps(content)
    return page(text, status=status, headers=_HEADERS)


def outcome() -> dict[str, Any]:
    """Return what a server answers in place of what it cannot give."""
    issue = {"severity": "error", "code": "exception", "diagnostics": PATIENT}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
