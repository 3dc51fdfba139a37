"""What happens in each demonstration, second by second, and the verdict it must end with.

Pure descriptions: `run.py` makes the processes really do it, and the agents measure what came
of it. Instants are seconds after the planned start of the window; a step whose instant has
passed, because the step before it took longer, is taken at once, but for one of a workstation:
what happens to two of them stays apart.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Ward(StrEnum):
    """The three workstations, named as their vantage points."""

    RECEPTION = "accueil-03"
    EMERGENCY = "urgences-01"
    THEATRE = "bloc-02"


class Upgrade(StrEnum):
    """What is done to the service."""

    STOP = "version 1 is stopped"
    MIGRATE = "its data are migrated"
    START = "version 2 is started"


class Act(StrEnum):
    """What is done to a workstation's path to the service, or to its agent."""

    CUT = "loses its path"
    RESTORE = "gets its path back"
    SHOW_MAINTENANCE = "is shown the maintenance page"
    KILL_AGENT = "loses its agent to kill -9"
    RESTART_AGENT = "gets its agent back, with what it had spooled"


class Unit(StrEnum):
    """The units of notice a demonstration's contract uses."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"


@dataclass(frozen=True, slots=True)
class UpgradeStep:
    """Something done to the service at an instant."""

    at_s: float
    act: Upgrade


@dataclass(frozen=True, slots=True)
class WardStep:
    """Something done to one workstation at an instant."""

    at_s: float
    ward: Ward
    act: Act


Step: TypeAlias = UpgradeStep | WardStep


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

    def __str__(self) -> str:
        return f"duration {self.duration}, notice {self.notice}, exit code {self.exit_code}"


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
    WardStep(1, Ward.RECEPTION, Act.CUT),
    WardStep(2.5, Ward.EMERGENCY, Act.CUT),
    WardStep(4, Ward.THEATRE, Act.CUT),
)
_UPGRADED = (
    UpgradeStep(4, Upgrade.STOP),
    UpgradeStep(4, Upgrade.MIGRATE),
    UpgradeStep(4, Upgrade.START),
)


def _back_one_by_one(first_s: float) -> tuple[WardStep, ...]:
    """Give the service back to the emergency ward first, and to the last one lost last."""
    return (
        WardStep(first_s, Ward.EMERGENCY, Act.RESTORE),
        WardStep(first_s + 1.5, Ward.RECEPTION, Act.RESTORE),
        WardStep(first_s + 3, Ward.THEATRE, Act.RESTORE),
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
        WardStep(11, Ward.THEATRE, Act.KILL_AGENT),
        *_back_one_by_one(28),
        WardStep(32, Ward.THEATRE, Act.RESTART_AGENT),
    ),
    expected=Expected("inconclusive", "respected", 4),
)

_MAINTENANCE_PAGE = Scenario(
    name="maintenance-page",
    story="every answer is 200 OK, but it is a maintenance page, and for too long",
    planned_s=34,
    terms=_SCALED,
    steps=(
        WardStep(1, Ward.RECEPTION, Act.SHOW_MAINTENANCE),
        WardStep(2.5, Ward.EMERGENCY, Act.SHOW_MAINTENANCE),
        WardStep(4, Ward.THEATRE, Act.SHOW_MAINTENANCE),
        *_UPGRADED,
        *_back_one_by_one(28),
    ),
    expected=Expected("breach", "respected", 3),
)

SCENARIOS = {
    scenario.name: scenario
    for scenario in (_COMPLIANT, _BREACH, _SHORT_NOTICE, _INCONCLUSIVE, _MAINTENANCE_PAGE)
}
