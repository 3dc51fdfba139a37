"""Who stood where, from the entries that enrolled agents and shut them out."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from collector.record.entry import RegisterEntry
from collector.record.panel import Standing
from probes.model.measurement import VantageKind

AGENT_ENROLLED: Final = "agent.enrolled"
AGENT_FORKED: Final = "agent.forked"
AGENT_REVOKED: Final = "agent.revoked"
IMPORTED_KIND: Final = "measurements.imported"


class EnrolledAgent(NamedTuple):
    """An agent, where it stands, and since when it may not speak any more."""

    agent: str
    vantage: str
    public_key: bytes
    enrolled_at_us: int
    shut_out_at_us: int | None = None


class Roster(NamedTuple):
    """Every vantage point of a hospital, and every agent by its name."""

    standings: tuple[Standing, ...]
    agents: dict[str, EnrolledAgent]


def roster_of(entries: Iterable[RegisterEntry]) -> Roster:
    """Return who stood where, from all entries of a register in order."""
    agents: dict[str, EnrolledAgent] = {}
    kinds: dict[str, VantageKind] = {}
    since: dict[str, int] = {}
    imported: dict[str, int] = {}
    for entry in entries:
        body = entry.body
        if entry.kind == AGENT_ENROLLED:
            agents[body["agent"]] = EnrolledAgent(
                body["agent"], body["vantage"], bytes.fromhex(body["public_key"]), entry.at_us
            )
            kinds[body["vantage"]] = VantageKind(body["kind"])
            if body["vantage"] not in imported:
                since.setdefault(body["vantage"], entry.at_us)
        elif entry.kind in {AGENT_FORKED, AGENT_REVOKED}:
            agent = agents[body["agent"]]
            if agent.shut_out_at_us is None:
                agents[agent.agent] = agent._replace(shut_out_at_us=entry.at_us)
        elif entry.kind == IMPORTED_KIND:
            for columns in body["columns"]:
                if columns["vantage"] not in since:
                    imported.setdefault(columns["vantage"], entry.at_us)
                    kinds.setdefault(columns["vantage"], VantageKind(columns["kind"]))
    ended = _ended(agents.values())
    return Roster(
        tuple(
            Standing(name, kind, since[name], ended.get(name))
            if name in since
            else Standing(name, kind, imported[name], imported=True)
            for name, kind in sorted(kinds.items())
        ),
        agents,
    )


def _ended(agents: Iterable[EnrolledAgent]) -> dict[str, int]:
    """Return since when each vantage point is shut out whose agents all were."""
    ends: dict[str, list[int | None]] = {}
    for agent in agents:
        ends.setdefault(agent.vantage, []).append(agent.shut_out_at_us)
    return {
        name: max(end for end in all_ends if end is not None)
        for name, all_ends in ends.items()
        if None not in all_ends
    }
