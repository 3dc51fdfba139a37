"""Reading the references of a vantage point: checks that show whether it has a network of its own.

They are run in rounds, all at once, so they share one interval and never burst. Refused: a time in
which a round would not be over soon, a reference that names no host to reach, a name that a check
has too, and references of which none is across the network.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from agent.check import Check
from agent.config_check import make_checks
from agent.config_file import BurstConfig
from agent.conversion import FaultsError
from agent.witness import Reach, reach_of
from probes.model.instant import SECOND, format_duration

_LONGEST_US: Final = 2 * SECOND
_USUAL: Final = {"interval": "PT5S", "timeout": "PT2S"}
_NEVER: Final = BurstConfig(duration="PT0S")


def make_references(
    references: Mapping[str, Mapping[str, Any]], names: Iterable[str], folder: Path
) -> tuple[Check, ...]:
    """Return the references of some options; `names` are those of the checks beside them.

    `FaultsError` names each fault by its path.
    """
    made: list[Check] = []
    faults: list[str] = []
    for name, options in references.items():
        path = f"references.{name}"
        try:
            found = make_checks(name, {**_USUAL, **options}, folder, path, _NEVER)
        except FaultsError as error:
            faults += error.faults
            continue
        faults += [f"{path}.{fault}" for fault in _faults(found[0], options)]
        made += [replace(each, reference=True) for each in found]
    faults += _clashes(made, set(names))
    if made and not any(reach_of(each.spec) is Reach.NETWORK for each in made):
        faults.append("references: none is across the network; loopback shows nothing of that")
    if not faults and len(intervals := {each.cadence.interval_us for each in made}) > 1:
        told = " and ".join(format_duration(interval_us) for interval_us in sorted(intervals))
        faults.append(f"references: run all at once, but have intervals of {told}; give them one")
    if faults:
        raise FaultsError(faults)
    return tuple(made)


def _faults(reference: Check, options: Mapping[str, Any]) -> Iterable[str]:
    if "burst" in options:
        yield "burst: references never burst; a failure of a check has them run at once"
    if reference.timeout_us > _LONGEST_US:
        longest = format_duration(_LONGEST_US)
        yield f"timeout: {options['timeout']} is more than {longest}; failures wait for references"
    if reach_of(reference.spec) is Reach.UNKNOWN:
        yield "kind: names no host to reach, so it shows nothing of a network"


def _clashes(references: Iterable[Check], names: set[str]) -> Iterable[str]:
    seen = set(names)
    for reference in references:
        if reference.name in seen:
            yield f"references.{reference.name}: is the name of a check or reference already"
        seen.add(reference.name)
