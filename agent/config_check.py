"""Reading the options of one check: what all checks say, and what its kind asks for.

`family: both` is an option of the configuration only: it makes two checks, each with a name and
results of its own, so that no address family answers for the other. No probe is ever told `both`.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from agent.check import Check
from agent.config_file import BurstConfig, CheckConfig, require_name
from agent.conversion import FaultsError, convert, joined, suggestion
from agent.schedule import Burst, Cadence
from probes.kind import Kind
from probes.model.target import Family
from probes.registry import KindError, kind_named, kind_names

BOTH_FAMILIES: Final = "both"


def make_checks(
    name: str,
    options: Mapping[str, Any],
    folder: Path,
    path: str = "",
    burst: BurstConfig | None = None,
) -> list[Check]:
    """Return the check of some options; with `family: both`, `NAME.ipv4` and `NAME.ipv6`.

    `FaultsError` names each fault by its path.
    """
    kind = _kind(options.get("kind"), joined(path, "kind"))
    if options.get("family") != BOTH_FAMILIES or not has_family(kind.spec_type):
        return [make_check(name, options, folder, path, burst)]
    return [
        make_check(_half(name, family, path), {**options, "family": family}, folder, path, burst)
        for family in (Family.IPV4, Family.IPV6)
    ]


def make_check(
    name: str,
    options: Mapping[str, Any],
    folder: Path,
    path: str = "",
    burst: BurstConfig | None = None,
) -> Check:
    """Return the check of some options that make only one; `FaultsError` names each fault."""
    kind = _kind(options.get("kind"), joined(path, "kind"))
    common = {key: value for key, value in options.items() if key in _COMMON}
    special = {key: value for key, value in options.items() if key not in _COMMON}
    spec = convert(special, kind.spec_type, path, beside=sorted(_COMMON))
    if lack := kind.lacking(spec):
        raise FaultsError([f"{joined(path, 'kind')}: {lack}"])
    timing = convert(common, CheckConfig, path)
    chosen = timing.burst or burst or BurstConfig()
    cadence = _cadence(timing.interval_us, chosen.interval_us, chosen.duration_us)
    return Check(name, kind, _located_files(spec, folder), timing.timeout_us, cadence)


def has_family(spec_type: type[Any]) -> bool:
    """Return whether a kind of check can be asked for one family of addresses."""
    return any(option.name == "family" for option in fields(spec_type))


def _half(name: str, family: Family, path: str) -> str:
    half = f"{name}.{family}"
    try:
        require_name("family", half)
    except ValueError as error:
        raise FaultsError([joined(path, str(error))]) from None
    return half


@cache
def _cadence(interval_us: int, burst_interval_us: int, burst_for_us: int) -> Cadence:
    # Most checks of an agent share one.
    return Cadence(interval_us, Burst(burst_interval_us, burst_for_us))


def _kind(name: object, path: str) -> Kind:
    try:
        kind = kind_named(name) if isinstance(name, str) else None
        known = kind_names()
    except KindError as error:
        raise FaultsError([f"{path}: {error}"]) from None
    if kind is not None:
        return kind
    said = "is missing" if name is None else f"{name!r} is not a kind of check"
    raise FaultsError([f"{path}: {said}{suggestion(str(name), known)}"])


_COMMON: Final = frozenset(option.name for option in fields(CheckConfig))


def _located_files(spec: Any, folder: Path) -> Any:  # noqa: ANN401 - of the kind's own type
    """Return a spec with every `…_file` in it taken from a folder."""
    changes: dict[str, Any] = {}
    for option in fields(spec):
        value = getattr(spec, option.name)
        if is_dataclass(value):
            changes[option.name] = _located_files(value, folder)
        elif isinstance(value, tuple) and any(map(is_dataclass, value)):
            members = (
                _located_files(each, folder) if is_dataclass(each) else each for each in value
            )
            changes[option.name] = tuple(members)
        elif option.name.endswith("_file") and isinstance(value, str) and value:
            changes[option.name] = str(folder / value)
    return replace(spec, **changes) if changes else spec
