"""What the agent asks of the program that drives a browser, and what that gives back; both JSON."""

from dataclasses import dataclass

from probes.model.browser_target import BrowserSpec
from probes.model.failure import Failure, Operation


@dataclass(frozen=True, slots=True)
class Errand:
    """What to do, with which browser, and how long it may take."""

    spec: BrowserSpec
    executable: str
    within_ms: int


@dataclass(frozen=True, slots=True)
class Account:
    """What came of it; without a failure, all that was expected was shown.

    `degraded` names the marker that was. `took_ms` is without the start of the browser.
    """

    failure: Failure | None = None
    operation: Operation | None = None
    detail: str = ""
    degraded: str = ""
    version: str | None = None
    took_ms: int = 0
