"""Whether a failure may be the vantage point's own: the rule, from what its references answered.

No I/O here. References are run in rounds, all at once. In a round the network is *offline* when
every reference across it failed, or when loopback itself did; loopback alone shows nothing of the
network. A round in which the instrument could not tell is *unclear*.

A failure stands when the target itself proved the network (`agent.witness`). Any other needs a
witness: of the rounds that overlap the probe, and the one run when it had failed, none may have
found the network offline, and one must have found it online. Nor may the last round before the
probe have found it offline, or any in the `AFTERMATH_US` before it: the network may have come back
when the probe was half over, and this host may still answer for it from what it found before (a
neighbour that ARP has given up on). To a check of this host's own loopback only loopback counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from agent.witness import Reach
from probes.model.failure import Failure
from probes.model.instant import SECOND
from probes.model.measurement import Observation, Outcome

# ARP gives up after three tries of a second each (arp(7)), and says so to whoever asks meanwhile.
AFTERMATH_US: Final = 5 * SECOND


class Standing(StrEnum):
    """What a round of references says of the vantage point's network."""

    ONLINE = "online"
    OFFLINE = "offline"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Round:
    """One run of all references: from when to when, and what it says of network and loopback."""

    start_us: int
    end_us: int
    network: Standing
    loopback: Standing

    def overlaps(self, start_us: int, end_us: int) -> bool:
        """Return whether a part of a probe's span lay in it."""
        return self.start_us <= end_us and start_us <= self.end_us

    def standing(self, reach: Reach) -> Standing:
        """Return what it says to a check whose target is so far away."""
        return self.loopback if reach is Reach.LOOPBACK else self.network


def standing_of(network: Sequence[bool | None], loopback: Sequence[bool | None]) -> Standing:
    """Return what the answers of a round say of the network; of no reference at all, unclear."""
    if loopback and all(answer is False for answer in loopback):
        return Standing.OFFLINE
    # Whoever gave no reference across the network cannot know better.
    return _standing(network or loopback)


def standing_of_loopback(loopback: Sequence[bool | None]) -> Standing:
    """Return what the answers of a round say of loopback alone."""
    return _standing(loopback)


def ruling(rounds: Sequence[Round], start_us: int, end_us: int, reach: Reach) -> Standing:
    """Return what rounds, in their order, say of the time in which a probe failed."""
    last = [each for each in rounds if each.end_us < start_us][-1:]
    lately = [each for each in rounds if each.overlaps(start_us - AFTERMATH_US, end_us)]
    during = [each for each in lately if each.overlaps(start_us, end_us)]
    if any(each.standing(reach) is Standing.OFFLINE for each in last + lately):
        return Standing.OFFLINE
    online = any(each.standing(reach) is Standing.ONLINE for each in during)
    return Standing.ONLINE if online else Standing.UNCLEAR


def without_network(observation: Observation, standing: Standing) -> Observation:
    """Return what becomes of a failure that may be the vantage point's own."""
    why = "no reference answered" if standing is Standing.OFFLINE else "no reference could tell"
    return replace(
        observation,
        outcome=Outcome.UNKNOWN,
        failure=Failure.VANTAGE_OFFLINE,
        detail=f"the probe saw {observation.failure}, {why}",
        version=None,
    )


def _standing(answers: Sequence[bool | None]) -> Standing:
    if any(answers):
        return Standing.ONLINE
    if not answers or None in answers:
        return Standing.UNCLEAR
    return Standing.OFFLINE
