"""What a kind of probe is: the one object that a module of ours, or another package, gives.

A kind says how its spec is probed and every failure that can come of it; how a person names its
target on a command line; and what must be installed before it can be used at all.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeAlias

from probes.attempt import Clock
from probes.model.failure import Failure
from probes.model.measurement import Observation

# The spec is of the kind's own type: only the kind itself knows it.
Probe: TypeAlias = Callable[[Any, int, Clock], Coroutine[Any, Any, Observation]]
Reading: TypeAlias = Callable[[str], dict[str, Any]]
Lack: TypeAlias = Callable[[Any], str]


def a_url(target: str) -> dict[str, Any]:
    """Read a target that is a URL."""
    return {"url": target}


def host_and_port(default: int | None = None) -> Reading:
    """Return what reads a target that is HOST:PORT, or HOST alone where a port is usual."""

    def read(target: str) -> dict[str, Any]:
        host, colon, port = target.rpartition(":")
        if colon and port.isdecimal() and (host.count(":") == 0 or host.endswith("]")):
            return {"host": host.strip("[]"), "port": int(port)}
        if default is None:
            raise ValueError(f"{target} is not HOST:PORT")
        return {"host": target.strip("[]")}

    return read


def named(option: str) -> Reading:
    """Return what reads a target that is the value of one option, as it stands."""

    def read(target: str) -> dict[str, Any]:
        return {option: target}

    return read


def package(module: str, extra: str) -> Lack:
    """Return what says how to install a package that a kind cannot do without."""

    def lack(_: object) -> str:
        if find_spec(module) is not None:
            return ""
        return f"{module} is missing: install it with pip install 'constat[{extra}]'"

    return lack


def _nothing(_: object) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of probe: its options, how it is run, and every failure it can report.

    `target` reads what follows the kind in `constat-agent probe` into options, a `ValueError` says
    what it must look like; `example` is such a command from there on. `lacking` returns in one line
    what must be installed before a spec can be probed, nothing when all is there.
    """

    name: str
    spec_type: type[Any]
    probe: Probe
    produces: frozenset[Failure]
    target: Reading = a_url
    example: str = ""
    lacking: Lack = _nothing
