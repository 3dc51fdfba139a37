"""What the runner hands to the spool: one measurement, on the agent's own boot clock.

Times are whole milliseconds in microseconds, the quantum of a batch: the start is rounded down and
the end up, so what is recorded always encloses what was measured.
"""

from dataclasses import dataclass
from typing import Final

from probes.model.failure import Failure, Operation
from probes.model.measurement import Outcome

_QUANTUM_US: Final = 1_000
_QUANTUM_NS: Final = 1_000_000


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


def enclosing_span(start_ns: int, end_ns: int) -> tuple[int, int]:
    """Return start and duration, in microseconds, of the whole milliseconds that hold a span.

    Both instants are nanoseconds of the boot clock; the result is never shorter than the span.
    """
    first = start_ns // _QUANTUM_NS
    last = -(-end_ns // _QUANTUM_NS)
    return first * _QUANTUM_US, max(0, last - first) * _QUANTUM_US
