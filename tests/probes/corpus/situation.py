"""The situations of the corpus, read from `situations/*.yaml`, and what a probe sees in one.

The form is told in the README beside. A situation that is not in it is refused by its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from agent.config_check import make_checks
from agent.conversion import convert
from agent.strict_yaml import load
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from tests.probes.clocks import run
from tests.servers.staged import Pages, Serves, filled, staged

FOLDER: Final = Path(__file__).parent
PAGES: Final = Pages(FOLDER / "pages")
MARKER: Final = "Identifiant"


@dataclass(frozen=True)
class Verdict:
    """What a probe must say of a situation."""

    outcome: Outcome
    failure: Failure | None = None
    operation: Operation | None = None
    version: str | None = None


@dataclass(frozen=True)
class Situation:
    """A situation: what the server does, what is asked of it, and what must be said of it.

    `marker_decides` is of a page without a word that it is out of order: only the marker that it
    lacks tells it from the service.
    """

    theme: str
    name: str
    kind: str
    serves: Serves
    asks: Mapping[str, Any]
    must: Verdict
    marker_decides: bool = False


@cache
def situations() -> tuple[Situation, ...]:
    """Return all situations, in the order of their files."""
    return tuple(
        situation
        for path in sorted((FOLDER / "situations").glob("*.yaml"))
        for situation in read(path.read_text("utf-8"), path.stem)
    )


def read(text: str, theme: str) -> list[Situation]:
    """Return the situations of a file; `ValueError` says what is wrong with one."""
    return [_situation(theme, name, fields) for name, fields in load(text).items()]


async def seen_in(situation: Situation, folder: Path, pages: Pages = PAGES) -> Observation:
    """Return what the probe of a situation sees, the first time."""
    async with staged(situation.serves, pages, folder) as known:
        check, *others = make_checks("truth", options_of(situation, known), folder)
        assert not others
        return await run(check.kind, check.spec)


def options_of(situation: Situation, known: Mapping[str, str]) -> dict[str, Any]:
    """Return the options of the check of a situation, once it is known where its server is."""
    usual = _USUAL[situation.kind]
    options = {"kind": situation.kind} | usual | _secured(situation) | dict(situation.asks)
    return {key: _filled(value, known) for key, value in options.items()}


def verdict_of(observation: Observation) -> Verdict:
    """Return what of an observation is a verdict."""
    return Verdict(
        observation.outcome, observation.failure, observation.operation, observation.version
    )


def _situation(theme: str, name: str, fields: Mapping[str, Any]) -> Situation:
    unknown = fields.keys() - {"kind", "serves", "asks", "must", "version", "marker_decides"}
    if unknown or "must" not in fields:
        raise ValueError(f"{name}: unknown {sorted(unknown)}" if unknown else f"{name}: no must")
    outcome, *why = fields["must"].split()
    failure, operation = why or (None, None)
    must = Verdict(
        Outcome(outcome),
        failure and Failure(failure),
        operation and Operation(operation),
        fields.get("version"),
    )
    return Situation(
        theme,
        name,
        fields.get("kind", "http"),
        convert(fields.get("serves", {}), Serves, name),
        fields.get("asks", {}),
        must,
        fields.get("marker_decides", False),
    )


def _secured(situation: Situation) -> dict[str, Any]:
    if not situation.serves.tls:
        return {}
    trusted: dict[str, Any] = {"tls": {"ca_file": "{authority}"}}
    return trusted | ({"url": _URL.replace("http", "https", 1)} if situation.kind == "http" else {})


def _filled(value: Any, known: Mapping[str, str]) -> Any:  # noqa: ANN401 - as YAML has it
    if isinstance(value, str):
        text = filled(value, known)
        return int(text) if value == "{port}" else text
    if isinstance(value, Mapping):
        return {key: _filled(each, known) for key, each in value.items()}
    return [_filled(each, known) for each in value] if isinstance(value, list) else value


_URL: Final = "http://127.0.0.1:{port}/login"
_PLACE: Final = {"host": "127.0.0.1", "port": "{port}"}
# What is asked when a situation does not say: a page of login, a greeting, an address.
_USUAL: Final[dict[str, dict[str, Any]]] = {
    "dns": {"server": "127.0.0.1:{port}", "name": "dpi.ch.example", "expect": ["10.1.2.3"]},
    "http": {"url": _URL, "expect_markers": [MARKER]},
    "hl7": _PLACE,
    "log": {"path": "{file}", "start": "Server started", "stop": "Server stopped"},
    "script": {},
    "smtp": _PLACE,
    "ssh": _PLACE,
    "tcp": {**_PLACE, "expect": "220 "},
    "tls": _PLACE,
}
