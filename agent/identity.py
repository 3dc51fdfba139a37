"""Who this agent is, as its collectors know it: the outcome of enrolment, kept in one file."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agent.keys import UnusableStateError, write_whole
from probes.model.canonical import MalformedError, decode_object, encode, mapping, text
from probes.model.keys import VerifyingKey, WeakKeyError

IDENTITY_FILE: Final = "identity.json"
_SCHEMA: Final = "constat.identity/1"


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled agent. `collector_keys` has the log key of each collector, by its URL."""

    tenant: str
    vantage: str
    agent: str
    collector_keys: dict[str, VerifyingKey] = field(default_factory=dict)

    def enrolled_at(self, url: str) -> bool:
        """Return whether the collector at a URL knows this agent."""
        return url in self.collector_keys

    def log_keys(self, url: str) -> tuple[VerifyingKey, ...]:
        """Return the log key of the collector at a URL, of all of them if none is known there."""
        known = self.collector_keys.get(url)
        return tuple(self.collector_keys.values()) if known is None else (known,)

    def with_collector(self, url: str, key: VerifyingKey) -> "Identity":
        """Return this identity, known to one more collector."""
        return replace(self, collector_keys={**self.collector_keys, url: key})


def load_identity(folder: Path) -> Identity | None:
    """Return the identity kept in a state folder, None before enrolment."""
    path = folder / IDENTITY_FILE
    try:
        return _identity(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableStateError(f"cannot read {path}: {error.strerror}") from None
    except (MalformedError, WeakKeyError, ValueError) as error:
        raise UnusableStateError(f"cannot read {path}: {error}; enrol again") from None


def keep_identity(folder: Path, identity: Identity) -> None:
    """Write the identity of a state folder."""
    path = folder / IDENTITY_FILE
    content = encode(
        {
            "schema": _SCHEMA,
            "tenant": identity.tenant,
            "vantage": identity.vantage,
            "agent": identity.agent,
            "collectors": [
                {"url": url, "key": key.raw.hex()} for url, key in identity.collector_keys.items()
            ],
        }
    )
    try:
        write_whole(path, content + b"\n", replace=True)
    except OSError as error:
        raise UnusableStateError(f"cannot write {path}: {error.strerror}") from None


def _identity(content: bytes) -> Identity:
    fields = decode_object(content)
    if text(fields, "schema") != _SCHEMA:
        raise MalformedError(f"schema: expected {_SCHEMA}")
    collectors = fields.get("collectors")
    if not isinstance(collectors, list):
        raise MalformedError("collectors: expected an array")
    return Identity(
        tenant=text(fields, "tenant"),
        vantage=text(fields, "vantage"),
        agent=text(fields, "agent"),
        collector_keys=dict(_collector(entry) for entry in collectors),
    )


def _collector(entry: object) -> tuple[str, VerifyingKey]:
    fields = mapping({"collectors": entry}, "collectors")
    return text(fields, "url"), VerifyingKey.from_raw(bytes.fromhex(text(fields, "key")))
