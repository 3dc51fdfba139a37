"""`constat-agent kinds` and `constat-agent schema`: what a configuration may say."""

import json
from inspect import getdoc
from typing import Any, Final

import click

from agent.cli.ending import CommandError
from agent.config_schema import config_schema, config_schema_text
from probes.kind import Kind
from probes.registry import KindError
from probes.registry import kinds as known_kinds


@click.command(epilog="\b\nExamples:\n  constat-agent kinds\n  constat-agent kinds http")
@click.argument("name", required=False)
def kinds(name: str | None) -> None:
    """List the kinds of check there are here; with NAME, the options of that kind."""
    try:
        known = known_kinds()
    except KindError as error:
        raise CommandError(str(error)) from None
    if name is None:
        for kind in known.values():
            click.echo(f"{kind.name:8}  {_summary(kind)}")
    elif name in known:
        _describe(known[name])
    else:
        raise click.UsageError(f"{name} is not a kind; there are {', '.join(known)}.")


@click.command(epilog="\b\nExample:\n  constat-agent schema > agent.schema.json")
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    click.echo(config_schema_text())


def _summary(kind: Kind) -> str:
    return (getdoc(kind.spec_type) or "").partition("\n")[0]


def _describe(kind: Kind) -> None:
    click.echo(f"{kind.name}: {getdoc(kind.spec_type)}\n")
    definitions = config_schema()["$defs"]
    check = definitions[f"{kind.name}-check"]
    for name, option in sorted(check["properties"].items()):
        if name != "kind":
            said = _type_in_words(option, definitions)
            said += ", required" if name in check["required"] else _default(option)
            click.echo(f"  {name:30}{said}")
    if kind.example:
        click.echo(f"\nExample:\n  constat-agent probe {kind.name} {kind.example}")
    click.echo(f"\nFailures it can report: {', '.join(sorted(kind.produces)) or 'none'}.")


def _type_in_words(option: dict[str, Any], definitions: dict[str, Any]) -> str:
    match option:
        case {"$ref": str(reference)}:
            words = _type_in_words(definitions[reference.rpartition("/")[2]], definitions)
        case {"anyOf": list(options)}:
            each = [_type_in_words(one, definitions) for one in options]
            words = " or ".join(word for word in each if word != "null")
        case {"enum": list(values)}:
            words = " or ".join(values)
        case {"properties": dict(properties)}:
            words = f"{{{', '.join(properties)}}}"
        case {"items": dict(item)}:
            words = f"list of {_type_in_words(item, definitions)}"
        case {"additionalProperties": dict(member)}:
            words = f"{{name: {_type_in_words(member, definitions)}}}"
        case {"examples": [example]}:
            words = f"duration such as {example}"
        case _:
            words = _WORDS.get(option["type"], str(option["type"]))
    return words


_WORDS: Final = {"string": "text", "integer": "whole number", "boolean": "true or false"}


def _default(option: dict[str, Any]) -> str:
    default = option.get("default")
    if default in (None, "", (), []):
        return ""
    return f", default {default if isinstance(default, str) else json.dumps(default)}"
