"""The options that describe an operation, and the same fields as `window correct` takes them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import click

from collector.cli.options import Member
from collector.cli.times import read_instant, read_length
from collector.errors import ConfigurationError
from collector.judge.operation import Exclusion, Instance, Operation, VersionKind

_Result = TypeVar("_Result")

_OPTIONS: Final = (
    click.option("--operation", "operation_id", metavar="ID", help="Id it shares with others."),
    click.option("--version-from", metavar="V", help="Version that is replaced."),
    click.option("--version-to", metavar="V", help="Version that is delivered."),
    click.option("--version-kind", type=Member(VersionKind), help="How large the version is."),
    click.option(
        "--exclusion", type=Member(Exclusion), help="Why it does not count for the year (§4.1.7)."
    ),
    click.option("--hot", is_flag=True, help="A hot correction: the service is to stay up."),
    click.option(
        "--instance",
        type=Member(Instance),
        help="Whose instance it is on; what the product says by default.",
    ),
    click.option("--limit", metavar="LENGTH", help="Limit agreed for this operation, as in PT2H."),
    click.option(
        "--off-hours", is_flag=True, help="The client asked for it outside the opening hours."
    ),
    click.option("--pilot", is_flag=True, help="The version is tried here first: a pilot site."),
    click.option(
        "--unmet",
        metavar="TEXT",
        multiple=True,
        help="A technical prerequisite the client has not met; may be given several times.",
    ),
)


def describes_operation(command: Callable[..., _Result]) -> Callable[..., _Result]:
    """Give a command the options that describe an operation; it gets `operation`."""

    @wraps(command)
    def described(  # noqa: PLR0913 - the options of an operation
        *given: object,
        operation_id: str | None,
        version_from: str | None,
        version_to: str | None,
        version_kind: VersionKind | None,
        exclusion: Exclusion | None,
        hot: bool,
        instance: Instance | None,
        limit: str | None,
        off_hours: bool,
        pilot: bool,
        unmet: tuple[str, ...],
        **named: object,
    ) -> _Result:
        operation = Operation(
            id=operation_id,
            version_from=_text("--version-from", version_from),
            version_to=_text("--version-to", version_to),
            version_kind=version_kind,
            exclusion=exclusion,
            instance=instance,
            hot=hot,
            off_hours=off_hours,
            pilot=pilot,
            limit_us=None if limit is None else read_length("--limit", limit),
            prerequisites=tuple(_said("--unmet", text) for text in unmet),
        )
        return command(*given, operation=operation, **named)

    for option in reversed(_OPTIONS):
        described = option(described)
    return described


def read_field(text: str, zone: ZoneInfo) -> tuple[str, Any]:
    """Return a field and its value as `--set FIELD=VALUE` gives them, in the register's form."""
    name, equals, value = text.partition("=")
    if not equals or not value.strip():
        raise ConfigurationError(
            f"--set: {text!r} is not FIELD=VALUE; to take a value away: --unset"
        )
    return _field(name, value.strip(), zone)


def read_unset(name: str) -> tuple[str, Any]:
    """Return a field whose value is taken away, with no value."""
    if name not in FIELDS:
        raise ConfigurationError(f"--unset: {name!r} is no field; those are: {', '.join(FIELDS)}")
    return ("limit_us" if name == "limit" else name), ""


def _field(name: str, value: str, zone: ZoneInfo) -> tuple[str, Any]:
    option = f"--set {name}"
    kind, _, bound = name.rpartition(".")
    if kind.startswith("intervention.") and bound in {"start", "end"}:
        return f"{name}_us", read_instant(option, value, zone)
    if name not in FIELDS:
        raise ConfigurationError(
            f"--set: {name!r} is no field; those are: {', '.join(FIELDS)},"
            " intervention.1.start, intervention.1.end"
        )
    if name == "limit":
        return "limit_us", read_length(option, value)
    return name, _read(name, option, value)


def _read(name: str, option: str, value: str) -> bool | str | list[str]:
    if name in _MEMBERS:
        return _member(option, value, _MEMBERS[name])
    if name in _FLAGS:
        return _flag(option, value)
    if name == "prerequisites":
        return [_said(option, part) for part in value.split(";")]
    return _said(option, value)


FIELDS: Final = (
    "id", "version_from", "version_to", "version_kind", "exclusion", "instance", "hot", "off_hours",
    "pilot", "limit", "prerequisites",
)  # fmt: skip
_FLAGS: Final = frozenset({"hot", "off_hours", "pilot"})
_MEMBERS: Final[dict[str, type[VersionKind | Exclusion | Instance]]] = {
    "version_kind": VersionKind,
    "exclusion": Exclusion,
    "instance": Instance,
}


def _flag(option: str, value: str) -> bool:
    if value not in {"true", "false"}:
        raise ConfigurationError(f"{option}: expected true or false, not {value!r}")
    return value == "true"


def _member(option: str, value: str, members: type[VersionKind | Exclusion | Instance]) -> str:
    known = [member.value for member in members]
    if value not in known:
        raise ConfigurationError(f"{option}: expected one of {', '.join(known)}, not {value!r}")
    return value


def _text(option: str, value: str | None) -> str | None:
    return None if value is None else _said(option, value)


def _said(option: str, value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ConfigurationError(f"{option}: expected some text on one line")
    return value.strip()
