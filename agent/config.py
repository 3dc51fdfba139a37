"""Reading the agent's configuration: from a YAML file to checks that can be run.

Refused, each with the file and the key: unknown keys, keys given twice, checks of an unknown kind,
durations that are not ISO 8601, a timeout so long that a target that hangs would leave gaps in the
evidence, and whatever a kind of check refuses itself. Paths are taken from the file's own folder.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from agent.check import Check
from agent.config_check import make_checks
from agent.config_file import AgentFile, CollectorConfig, MetricsConfig, SpoolConfig
from agent.config_reference import make_references
from agent.conversion import FaultsError, convert
from agent.strict_yaml import YamlError, load
from probes.model.canonical import MalformedError, encode
from probes.model.measurement import VantageKind


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
    references: tuple[Check, ...]
    digest: str

    @property
    def measured(self) -> tuple[Check, ...]:
        """All that is measured and recorded."""
        return self.checks + self.references


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
    checks = _checks(file, folder)
    return Config(
        path=path,
        vantage=file.vantage,
        kind=file.kind,
        state_dir=folder / file.state_dir,
        collectors=tuple(_located(folder, collector) for collector in file.collectors),
        metrics=file.metrics,
        spool=file.spool,
        checks=checks,
        references=make_references(file.references, [check.name for check in checks], folder),
        digest=_digest(written),
    )


def _checks(file: AgentFile, folder: Path) -> tuple[Check, ...]:
    checks: list[Check] = []
    faults: list[str] = []
    for name, options in file.checks.items():
        try:
            checks += make_checks(name, options, folder, f"checks.{name}", file.burst)
        except FaultsError as error:
            faults += error.faults
    faults += _given_twice(checks)
    if faults:
        raise FaultsError(faults)
    return tuple(checks)


def _given_twice(checks: Iterable[Check]) -> list[str]:
    named = Counter(check.name for check in checks)
    return [
        f"checks.{name}: is already one half of a check with family: both"
        for name, times in named.items()
        if times > 1
    ]


def _located(folder: Path, collector: CollectorConfig) -> CollectorConfig:
    name = collector.name or urlsplit(collector.url).netloc
    ca_file = str(folder / collector.ca_file) if collector.ca_file else ""
    return CollectorConfig(collector.url.rstrip("/"), name, ca_file)


def _digest(written: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what is checked, as it was written; order and comments are nothing."""
    what = {key: written[key] for key in _MEASURED if key in written}
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


_MEASURED: Final = ("vantage", "kind", "burst", "checks", "references")
