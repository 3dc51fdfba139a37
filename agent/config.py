"""Reading the agent's configuration: from a YAML file to checks that can be run.

Refused, each with the file and the key: unknown keys, keys given twice, checks of an unknown kind,
durations that are not ISO 8601, a timeout so long that a target that hangs would leave gaps in the
evidence, and whatever a kind of check refuses itself. Paths are taken from the file's own folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from agent.check import Check
from agent.config_file import (
    AgentFile,
    BurstConfig,
    CheckConfig,
    CollectorConfig,
    MetricsConfig,
    SpoolConfig,
)
from agent.conversion import FaultsError, convert, joined, suggestion
from agent.schedule import Burst, Cadence
from agent.strict_yaml import YamlError, load
from probes.kind import Kind
from probes.model.canonical import MalformedError, encode
from probes.model.measurement import VantageKind
from probes.registry import KindError, kind_named, kind_names


class ConfigError(Exception):
    """A configuration file cannot be used; `faults` has a line for each reason."""

    def __init__(self, path: Path, faults: list[str]) -> None:
        self.faults = [f"cannot read {path}: {fault}" for fault in faults]
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that can be run. `digest` names what is checked, not whom it is told to."""

    path: Path
    vantage: str
    kind: VantageKind
    state_dir: Path
    collectors: tuple[CollectorConfig, ...]
    metrics: MetricsConfig | None
    spool: SpoolConfig
    checks: tuple[Check, ...]
    digest: str


def read_config(path: Path) -> Config:
    """Return the configuration in a file; `ConfigError` names every fault found."""
    try:
        written = load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(path, [error.strerror or str(error)]) from None
    except UnicodeDecodeError as error:
        raise ConfigError(path, [f"it is not UTF-8 at byte {error.start}"]) from None
    except YamlError as error:
        raise ConfigError(path, [str(error)]) from None
    try:
        return _config(path, written)
    except FaultsError as error:
        raise ConfigError(path, error.faults) from None


def _config(path: Path, written: object) -> Config:
    if not isinstance(written, dict):
        raise FaultsError(["it does not hold keys and values"])
    file = convert(written, AgentFile)
    folder = path.resolve().parent
    return Config(
        path=path,
        vantage=file.vantage,
        kind=file.kind,
        state_dir=folder / file.state_dir,
        collectors=tuple(_located(folder, collector) for collector in file.collectors),
        metrics=file.metrics,
        spool=file.spool,
        checks=_checks(file, folder),
        digest=_digest(written),
    )


def _checks(file: AgentFile, folder: Path) -> tuple[Check, ...]:
    checks: list[Check] = []
    faults: list[str] = []
    for name, options in file.checks.items():
        try:
            checks.append(make_check(name, options, folder, f"checks.{name}", file.burst))
        except FaultsError as error:
            faults += error.faults
    if faults:
        raise FaultsError(faults)
    return tuple(checks)


def make_check(
    name: str,
    options: Mapping[str, Any],
    folder: Path,
    path: str = "",
    burst: BurstConfig | None = None,
) -> Check:
    """Return the check of some options; `FaultsError` names each fault by its path."""
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


def _located(folder: Path, collector: CollectorConfig) -> CollectorConfig:
    name = collector.name or urlsplit(collector.url).netloc
    ca_file = str(folder / collector.ca_file) if collector.ca_file else ""
    return CollectorConfig(collector.url.rstrip("/"), name, ca_file)


def _located_files(spec: Any, folder: Path) -> Any:  # noqa: ANN401 - of the kind's own type
    """Return a spec with every `…_file` in it taken from a folder."""
    changes: dict[str, Any] = {}
    for option in fields(spec):
        value = getattr(spec, option.name)
        if is_dataclass(value):
            changes[option.name] = _located_files(value, folder)
        elif option.name.endswith("_file") and isinstance(value, str) and value:
            changes[option.name] = str(folder / value)
    return replace(spec, **changes) if changes else spec


def _digest(written: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what is checked, as it was written; order and comments are nothing."""
    what = {key: written[key] for key in ("vantage", "kind", "burst", "checks") if key in written}
    try:
        return sha256(encode(_without_null(what))).hexdigest()
    except MalformedError as error:
        raise FaultsError([f"checks: {error}"]) from None


def _without_null(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_null(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_null(member) for member in value if member is not None]
    return value
