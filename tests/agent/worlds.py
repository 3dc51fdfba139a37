"""What the tests of the agent are set in: a clock that obeys, samples, a run, an identity."""

from itertools import count

from agent.clock import Reading
from agent.identity import Identity
from agent.offset import clock_reading
from agent.sample import Sample
from agent.seal import Draft, Run
from probes.model.batch import NO_PREVIOUS, ClockReading
from probes.model.failure import Failure, Operation
from probes.model.instant import DAY, SECOND
from probes.model.keys import SigningKey
from probes.model.measurement import Outcome

BOOT = "0f6a2b9c-boot"
EPOCH = "e" * 32
KEY = SigningKey.from_seed(bytes(range(32)))
IDENTITY = Identity("CH-EXEMPLE", "accueil-03", KEY.verifying_key.key_id)
RUN = Run(BOOT, "0.1.0", "c" * 64, {"login": 10 * SECOND, "feed": 10 * SECOND})
NOON_US = 1_793_221_200_000_000

_seconds = count()


class FakeClock:
    """Clocks that stand still until they are moved."""

    def __init__(self, boot_id: str = BOOT, boottime_us: int = DAY) -> None:
        self.boot_id = boot_id
        self.wall_us = NOON_US
        self.monotonic_us = boottime_us
        self.boottime_us = boottime_us

    def read(self) -> Reading:
        return Reading(self.wall_us, self.monotonic_us, self.boottime_us)

    def now_us(self) -> int:
        return self.boottime_us

    def advance(self, duration_us: int) -> None:
        self.wall_us += duration_us
        self.monotonic_us += duration_us
        self.boottime_us += duration_us

    def suspend(self, duration_us: int) -> None:
        self.wall_us += duration_us
        self.boottime_us += duration_us

    def reading(self) -> ClockReading:
        return clock_reading(self.read(), None)


def sample(
    check: str = "login",
    outcome: Outcome = Outcome.UP,
    *,
    start_us: int | None = None,
    boot_id: str = BOOT,
    detail: str = "",
) -> Sample:
    """Make a sample, later than the one before."""
    down, unknown = outcome is Outcome.DOWN, outcome is Outcome.UNKNOWN
    return Sample(
        check=check,
        boot_id=boot_id,
        start_us=start_us if start_us is not None else DAY + next(_seconds) * SECOND,
        duration_us=12_000,
        outcome=outcome,
        failure=Failure.CONNECTION_REFUSED if down else Failure.STALL if unknown else None,
        operation=Operation.CONNECT if down else Operation.SCHEDULE if unknown else None,
        detail=detail,
    )


def draft(samples: list[Sample], clock: ClockReading | None = None) -> Draft:
    """Make the draft of the first batch of a chain."""
    return Draft(
        run=RUN,
        clock=clock or FakeClock().reading(),
        epoch=EPOCH,
        number=1,
        previous=NO_PREVIOUS,
        first=1,
        depth=len(samples),
        lost=0,
        samples=samples,
    )
