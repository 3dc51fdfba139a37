"""The JSON Schema of the configuration, for editors: made from the very types that read the file.

A schema cannot say all that the agent refuses (that a check asserts something, that times agree);
`constat-agent check` says the rest.
"""

import json
from typing import Any, Final

import msgspec

from agent.config_check import BOTH_FAMILIES
from agent.config_file import AgentFile, CheckConfig
from probes.registry import kinds

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_BOTH: Final = f"`{BOTH_FAMILIES}` makes two checks of one: NAME.ipv4 and NAME.ipv6."
_NAME: Final = {"type": "string", "pattern": r"^[\w.-]{1,100}$"}


def config_schema() -> dict[str, Any]:
    """Return the schema of a configuration file, with every kind of check there is here."""
    specs = {name: kind.spec_type for name, kind in kinds().items()}
    references, definitions = msgspec.json.schema_components(
        [AgentFile, CheckConfig, *specs.values()]
    )
    for definition in definitions.values():
        _tidy(definition)
    family = definitions["Family"]
    family["enum"].append(BOTH_FAMILIES)
    family["description"] += f" {_BOTH}"
    common = definitions.pop("CheckConfig")
    checks = []
    for (name, spec), reference in zip(specs.items(), references[2:], strict=True):
        title = f"{name}-check"
        definitions[title] = _check(name, common, definitions.pop(spec.__name__))
        checks.append({"$ref": f"#/$defs/{title}"})
        assert reference == {"$ref": f"#/$defs/{spec.__name__}"}  # noqa: S101 - names are unique
    file = definitions.pop("AgentFile")
    file["title"] = "Configuration of constat-agent"
    file["properties"]["vantage"] = _NAME
    named = {"type": "object", "propertyNames": _NAME, "additionalProperties": {"oneOf": checks}}
    file["properties"]["checks"] = {**named, "minProperties": 1}
    file["properties"]["references"] = named
    return {"$schema": _DIALECT, **file, "$defs": dict(sorted(definitions.items()))}


def config_schema_text() -> str:
    """Return the schema as it is published."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False)


def _check(name: str, common: dict[str, Any], special: dict[str, Any]) -> dict[str, Any]:
    properties = {**common["properties"], "kind": {"const": name}, **special["properties"]}
    required = [*common["required"], *special.get("required", [])]
    return {**special, "title": f"{name} check", "properties": properties, "required": required}


def _tidy(definition: dict[str, Any]) -> None:
    """Refuse unknown keys, and undo the indentation of docstrings."""
    if definition.get("type") == "object":
        definition["additionalProperties"] = False
    if "description" in definition:
        definition["description"] = " ".join(definition["description"].split())
