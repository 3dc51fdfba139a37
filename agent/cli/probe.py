"""`constat-agent probe`: one probe of one target, shown step by step."""

import asyncio
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import click

from agent.check import Check
from agent.cli.ending import CommandError, ExitCode
from agent.cli.observations import details, headline, healthy, take_all
from agent.config_check import make_checks
from agent.conversion import FaultsError
from agent.strict_yaml import YamlError, load
from probes.kind import Kind
from probes.registry import KindError, kind_named


@click.command(
    epilog="""\b
Examples:
  constat-agent probe http https://dpi.example/login --marker Identifiant
  constat-agent probe http https://dpi.example/health -o 'expect_json={/status: ok}'
  constat-agent probe tcp dpi.example:5432 -o connect_only=true
  constat-agent probe tcp smtp.example:25 -o 'expect={regex: "^220 "}'

`constat-agent kinds` lists the options of every kind. The exit code is 0 when the target is up or
degraded, 1 when it is not."""
)
@click.argument("kind")
@click.argument("target")
@click.option("--marker", "-m", multiple=True, help="Text the target must show; again for more.")
@click.option("--timeout", default="PT10S", show_default=True, help="The longest it may take.")
@click.option(
    "--option", "-o", "given", multiple=True, help="KEY=VALUE of the check, VALUE as in YAML."
)
def probe(
    kind: str, target: str, marker: tuple[str, ...], timeout: str, given: tuple[str, ...]
) -> int:
    """Probe TARGET once by a KIND of check, and print what was found.

    TARGET is what that kind probes: a URL, HOST:PORT, a name; constat-agent kinds KIND shows one.
    """
    checks = checks_of(kind, target, marker, timeout, given)
    results = asyncio.run(take_all(checks))
    for check, taken in zip(checks, results, strict=True):
        click.echo(headline(taken, f"{target}{check.name.removeprefix(_NAME).replace('.', ' ')}"))
        for line in details(taken):
            click.echo(f"{'':10}{line}")
    return ExitCode.DONE if all(map(healthy, results)) else ExitCode.ERROR


def checks_of(
    kind: str, target: str, markers: Sequence[str], timeout: str, given: Sequence[str]
) -> list[Check]:
    """Return the check a command line asks for, two with `family=both`.

    An error of the command line says what is wrong.
    """
    options: dict[str, Any] = {"kind": kind, "interval": "PT1H", "timeout": timeout}
    known = _known(kind)
    if known is not None:
        options |= _target(known, target) | _markers(known, markers)
    for text in given:
        _set(options, text)
    try:
        return make_checks(_NAME, options, Path.cwd())
    except FaultsError as error:
        raise CommandError("\n".join(error.faults), ExitCode.USAGE) from None


def _known(kind: str) -> Kind | None:
    try:
        return kind_named(kind)
    except KindError as error:
        raise CommandError(str(error)) from None


def _target(kind: Kind, target: str) -> dict[str, Any]:
    try:
        return kind.target(target)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None


def _markers(kind: Kind, markers: Sequence[str]) -> dict[str, Any]:
    known = {option.name for option in fields(kind.spec_type)}
    if not markers:
        return {}
    if "expect_markers" in known:
        return {"expect_markers": list(markers)}
    if "expect" in known and len(markers) == 1:
        return {"expect": markers[0]}
    raise click.UsageError(f"A {kind.name} check takes no such --marker.")


def _set(options: dict[str, Any], text: str) -> None:
    """Set an option given as `key=value`; a dot in the key goes one level down."""
    path, equals, value = text.partition("=")
    *parents, key = path.split(".")
    if not equals or not key:
        raise click.UsageError(f"{text} is not KEY=VALUE.")
    place = options
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise click.UsageError(f"{parent} in {path} holds a value already.")
    try:
        place[key] = load(value)
    except YamlError as error:
        raise click.UsageError(f"{path}: {error}.") from None


_NAME: Final = "probe"
