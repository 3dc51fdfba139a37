"""The kinds of probe there are, by name: ours, and those other packages add.

A package adds a kind by an entry point of the group `constat.probes` whose object is a `Kind`:

    [project.entry-points."constat.probes"]
    mykind = "mypackage.probe:KIND"

A kind is refused, with the name of its entry point, when it is not a `Kind`, when its name is taken
or when it cannot be imported: a check that silently did not run would be worse.

A kind of ours is imported when it is asked for: an agent pays for the kinds it runs.
"""

import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Final

from probes.kind import Kind

GROUP: Final = "constat.probes"


class KindError(Exception):
    """A kind that another package adds cannot be used."""


@cache
def kinds() -> Mapping[str, Kind]:
    """Return every kind by name, in the order of their names; `KindError` names a bad one."""
    found = {**{name: _own(name) for name in _OWN}, **_added()}
    return MappingProxyType(dict(sorted(found.items())))


def kind_named(name: str) -> Kind | None:
    """Return the kind of that name, if there is one; `KindError` names a bad one."""
    added = _added()
    return _own(name) if name in _OWN else added.get(name)


def kind_names() -> list[str]:
    """Return the names of all kinds, in order; `KindError` names a bad one."""
    return sorted([*_OWN, *_added()])


def _own(name: str) -> Kind:
    kind: Kind = import_module(f"probes.{name}").KIND
    return kind


@cache
def _added() -> Mapping[str, Kind]:
    if not _any_added():
        return {}
    from importlib.metadata import entry_points  # noqa: PLC0415 - 2 MB that most agents can spare

    added: dict[str, Kind] = {}
    for entry in entry_points(group=GROUP):
        try:
            kind = entry.load()
        except Exception as error:
            raise KindError(
                f"cannot load the entry point {entry.name} of {GROUP}: {error}"
            ) from error
        if not isinstance(kind, Kind):
            raise KindError(f"the entry point {entry.name} of {GROUP} is not a Kind")
        if kind.name in _OWN or kind.name in added:
            raise KindError(
                f"the entry point {entry.name} of {GROUP} adds {kind.name!r} a second time"
            )
        added[kind.name] = kind
    return added


def forget_added() -> None:
    """Look for the kinds of other packages anew when they are next asked for."""
    kinds.cache_clear()
    _added.cache_clear()


def _any_added() -> bool:
    """Return whether an installed package says that it adds a kind."""
    lists = (found for folder in sys.path for found in Path(folder).glob(_ENTRY_POINTS))
    return any(GROUP in found.read_text("utf-8", "replace") for found in lists)


_ENTRY_POINTS: Final = "*-info/entry_points.txt"
# Each is a module of this package whose KIND it is.
_OWN: Final = (
    "browser",
    "dicom",
    "dns",
    "fhir",
    "grpc",
    "hl7",
    "http",
    "icmp",
    "ldap",
    "log",
    "process",
    "script",
    "smtp",
    "sql",
    "ssh",
    "tcp",
    "tls",
)
