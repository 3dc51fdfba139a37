"""What the runner hands to the spool: one measurement, on the agent's own boot clock.

Times are whole milliseconds, in microseconds: the quantum of a batch. The start is rounded down and
the end up, so what is recorded always encloses what was measured.
"""

from dataclasses import dataclass

from probes.model.batch import QUANTUM_US
from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of one check during one boot.

    `detail` and `version` are sparse: they are given where they may have changed, and stand until
    the next that is given.
    """

    check: str
    boot_id: str
    start_us: int
    duration_us: int
    outcome: Outcome
    failure: Failure | None = None
    operation: Operation | None = None
    detail: str = ""
    version: str | None = None


def enclosing_span(start_us: int, end_us: int) -> tuple[int, int]:
    """Return start and duration of the whole milliseconds that hold a span of the boot clock."""
    first = start_us // QUANTUM_US
    # The end was read in whole microseconds: the true one lies up to a microsecond later.
    last = end_us // QUANTUM_US + 1
    return first * QUANTUM_US, (last - first) * QUANTUM_US
