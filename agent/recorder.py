"""From what a probe saw to what is recorded: the outcome's history of one check.

The detail and the version are given where a run of equal results begins, where the version
changes, where the detail tells of an event, and again every `RESTATE_US`, so that they can be read
in the evidence of any window; in between they would only repeat themselves in every batch.

A change is a change of outcome between two measurements that are evidence: `unknown` says nothing
of the target, so it neither is a change nor hides one.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from agent.sample import Sample
from probes.model.failure import Failure, Operation
from probes.model.instant import HOUR
from probes.model.measurement import Observation, Outcome

RESTATE_US: Final = HOUR


class Recorded(NamedTuple):
    """A sample, and whether the outcome of its check has changed with it."""

    sample: Sample
    changed: bool


@dataclass(slots=True)
class History:
    """What was last recorded of one check."""

    check: str
    boot_id: str
    outcome: Outcome | None = None
    failure: Failure | None = None
    operation: Operation | None = None
    detail: str = ""
    version: str | None = None
    since_us: int = 0
    last_us: int = 0
    evidence: Outcome | None = None
    _stated_us: int = 0

    def record(self, observation: Observation, start_us: int, duration_us: int) -> Recorded:
        """Return the sample of an observation and remember it."""
        seen = (observation.outcome, observation.failure, observation.operation)
        new_run = seen != (self.outcome, self.failure, self.operation)
        aged = start_us - self._stated_us >= RESTATE_US
        restated = new_run or observation.event or aged
        new_version = observation.version is not None and observation.version != self.version
        if new_run:
            self.outcome, self.failure, self.operation = seen
            self.since_us = start_us
        if restated:
            self._stated_us = start_us
            self.detail = observation.detail
        self.last_us = start_us
        self.version = observation.version or self.version
        sample = Sample(
            check=self.check,
            boot_id=self.boot_id,
            start_us=start_us,
            duration_us=duration_us,
            outcome=observation.outcome,
            failure=observation.failure,
            operation=observation.operation,
            detail=observation.detail if restated else "",
            version=observation.version if restated or new_version else None,
        )
        return Recorded(sample, self._is_change(observation.outcome))

    def would_change(self, outcome: Outcome) -> bool:
        """Return whether an outcome would be a change, were it recorded."""
        known = self.evidence is not None and outcome is not Outcome.UNKNOWN
        return known and outcome is not self.evidence

    def _is_change(self, outcome: Outcome) -> bool:
        changed = self.would_change(outcome)
        if outcome is not Outcome.UNKNOWN:
            self.evidence = outcome
        return changed
