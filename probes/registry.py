"""The kinds of probe there are, by name: ours, and those other packages add.

A package adds a kind by an entry point of the group `constat.probes` whose object is a `Kind`:

    [project.entry-points."constat.probes"]
    mykind = "mypackage.probe:KIND"

A kind is refused, with the name of its entry point, when it is not a `Kind`, when its name is taken
or when it cannot be imported: a check that silently did not run would be worse.
"""

import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from probes import http, tcp
from probes.attempt import Clock
from probes.model.failure import Failure
from probes.model.http_target import HttpSpec
from probes.model.measurement import Observation
from probes.model.target import TcpSpec

GROUP: Final = "constat.probes"

# The spec is of the kind's own type: only the kind itself knows it.
Probe: TypeAlias = Callable[[Any, int, Clock], Coroutine[Any, Any, Observation]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of probe: its options, how it is run, and every failure it can report."""

    name: str
    spec_type: type[Any]
    probe: Probe
    produces: frozenset[Failure]


class KindError(Exception):
    """A kind that another package adds cannot be used."""


@cache
def kinds() -> Mapping[str, Kind]:
    """Return every kind by name, in the order of their names; `KindError` names a bad one."""
    found = {kind.name: kind for kind in _OWN}
    for name, kind in _added():
        if kind.name in found:
            raise KindError(f"the entry point {name} of {GROUP} adds {kind.name!r} a second time")
        found[kind.name] = kind
    return MappingProxyType(dict(sorted(found.items())))


def _added() -> list[tuple[str, Kind]]:
    if not _any_added():
        return []
    from importlib.metadata import entry_points  # noqa: PLC0415 - 2 MB that most agents can spare

    added = []
    for entry in entry_points(group=GROUP):
        try:
            kind = entry.load()
        except Exception as error:
            raise KindError(
                f"cannot load the entry point {entry.name} of {GROUP}: {error}"
            ) from error
        if not isinstance(kind, Kind):
            raise KindError(f"the entry point {entry.name} of {GROUP} is not a Kind")
        added.append((entry.name, kind))
    return added


def _any_added() -> bool:
    """Return whether an installed package says that it adds a kind."""
    lists = (found for folder in sys.path for found in Path(folder).glob(_ENTRY_POINTS))
    return any(GROUP in found.read_text("utf-8", "replace") for found in lists)


_ENTRY_POINTS: Final = "*-info/entry_points.txt"
_OWN: Final = (
    Kind("http", HttpSpec, http.probe, http.PRODUCES),
    Kind("tcp", TcpSpec, tcp.probe, tcp.PRODUCES),
)
