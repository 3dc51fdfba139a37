"""What happens in each demonstration, second by second, and the verdict it must end with.

Pure descriptions: `run.py` makes the processes really do it, and the agents measure what came
of it. Instants are seconds after the planned start of the window; a step whose instant has
passed, because the step before it took longer, is taken at once.
"""

from dataclasses import dataclass
from enum import StrEnum


class Ward(StrEnum):
    """The three workstations, named as their vantage points."""

    RECEPTION = "accueil-03"
    EMERGENCY = "urgences-01"
    THEATRE = "bloc-02"


class Act(StrEnum):
    """What can be done to the service, to a workstation's path to it, or to its agent."""

    CUT = "cut the path of"
    RESTORE = "restore the path of"
    SHOW_MAINTENANCE = "put the maintenance page before"
    STOP = "stop version 1"
    MIGRATE = "migrate the database"
    START = "start version 2"
    KILL_AGENT = "kill -9 the agent of"
    RESTART_AGENT = "start again the agent of"


class Unit(StrEnum):
    """The units of notice a demonstration's contract uses."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"


@dataclass(frozen=True, slots=True)
class Step:
    """One act, at an instant, on one workstation where the act concerns one."""

    at_s: float
    act: Act
    ward: Ward | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """The contract of the demonstration; every duration but the notice is scaled down."""

    limit_s: int
    return_hold_s: int
    quorum: int
    notice_amount: int
    notice_unit: Unit


@dataclass(frozen=True, slots=True)
class Expected:
    """How the demonstration must end: both verdicts, and the exit code of `window show`."""

    duration: str
    notice: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """One demonstration: a plan, a contract, the steps, and the expected end."""

    name: str
    story: str
    planned_s: int
    terms: Terms
    steps: tuple[Step, ...]
    expected: Expected


# The real limit of a strategic service is 4 h, the real hold 5 min. A demonstration cannot be
# announced days ahead either: zero hours asks only that the notice come before the start.
# The quorum of three makes an outage proven only while every workstation saw it.
_SCALED = Terms(limit_s=20, return_hold_s=5, quorum=3, notice_amount=0, notice_unit=Unit.HOURS)
_THREE_CLEAR_DAYS = Terms(
    limit_s=20, return_hold_s=5, quorum=3, notice_amount=3, notice_unit=Unit.CALENDAR_DAYS
)

_LOST_ONE_BY_ONE = (
    Step(1, Act.CUT, Ward.RECEPTION),
    Step(2.5, Act.CUT, Ward.EMERGENCY),
    Step(4, Act.CUT, Ward.THEATRE),
)
_UPGRADED = (Step(4, Act.STOP), Step(4, Act.MIGRATE), Step(4, Act.START))


def _back_one_by_one(first_s: float) -> tuple[Step, ...]:
    """Give the service back to the emergency ward first, and to the last one lost last."""
    return (
        Step(first_s, Act.RESTORE, Ward.EMERGENCY),
        Step(first_s + 1.5, Act.RESTORE, Ward.RECEPTION),
        Step(first_s + 3, Act.RESTORE, Ward.THEATRE),
    )


_COMPLIANT = Scenario(
    name="compliant",
    story="an upgrade announced in time, back well within the limit",
    planned_s=20,
    terms=_SCALED,
    steps=(*_LOST_ONE_BY_ONE, *_UPGRADED, *_back_one_by_one(11)),
    expected=Expected("compliant", "respected", 0),
)

_BREACH = Scenario(
    name="breach",
    story="the new version is there in time, the first workstation gets it too late",
    planned_s=34,
    terms=_SCALED,
    steps=(*_LOST_ONE_BY_ONE, *_UPGRADED, *_back_one_by_one(28)),
    expected=Expected("breach", "respected", 3),
)

_SHORT_NOTICE = Scenario(
    name="short-notice",
    story="quick enough, but announced seconds ahead where the contract asks three clear days",
    planned_s=20,
    terms=_THREE_CLEAR_DAYS,
    steps=(*_LOST_ONE_BY_ONE, *_UPGRADED, *_back_one_by_one(11)),
    expected=Expected("compliant", "short", 3),
)

_INCONCLUSIVE = Scenario(
    name="inconclusive",
    story="an agent is killed during the outage: what its workstation had, nobody can prove",
    planned_s=34,
    terms=_SCALED,
    steps=(
        *_LOST_ONE_BY_ONE,
        *_UPGRADED,
        Step(11, Act.KILL_AGENT, Ward.THEATRE),
        *_back_one_by_one(28),
        Step(32, Act.RESTART_AGENT, Ward.THEATRE),
    ),
    expected=Expected("inconclusive", "respected", 4),
)

_MAINTENANCE_PAGE = Scenario(
    name="maintenance-page",
    story="every answer is 200 OK, but it is a maintenance page, and for too long",
    planned_s=34,
    terms=_SCALED,
    steps=(
        Step(1, Act.SHOW_MAINTENANCE, Ward.RECEPTION),
        Step(2.5, Act.SHOW_MAINTENANCE, Ward.EMERGENCY),
        Step(4, Act.SHOW_MAINTENANCE, Ward.THEATRE),
        *_UPGRADED,
        *_back_one_by_one(28),
    ),
    expected=Expected("breach", "respected", 3),
)

SCENARIOS = {
    scenario.name: scenario
    for scenario in (_COMPLIANT, _BREACH, _SHORT_NOTICE, _INCONCLUSIVE, _MAINTENANCE_PAGE)
}
