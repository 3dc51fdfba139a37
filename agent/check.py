"""A configured probe: what is measured, under which name, and how often."""

from dataclasses import dataclass
from typing import Any

from agent.schedule import Cadence
from probes.kind import Kind


@dataclass(frozen=True, slots=True)
class Check:
    """A probe to be run again and again, each time within `timeout_us`.

    A `reference` is of no service: it shows whether the vantage point has a network of its own.
    """

    name: str
    kind: Kind
    spec: Any  # of the kind's own type
    timeout_us: int
    cadence: Cadence
    reference: bool = False
