"""`constat agents`: who measures, and how to shut one out."""

import click

from collector.cli.database import on_database, sealer_of
from collector.cli.options import (
    Output,
    Signatory,
    Target,
    hospital,
    outputs,
    reads_database,
    seals_entries,
)
from collector.cli.tables import Row, print_rows
from collector.errors import ConfigurationError, NotFoundError
from collector.report.durations import Language, duration_text
from collector.store.agents import revoke_agent
from collector.store.fleet import AgentState, read_agents
from collector.store.pool import Connection, Pool, connected, transaction
from collector.store.silence_alarms import SilenceAlarm, list_silences
from probes.model.instant import format_instant
from probes.model.keys import KeyId

_COLUMNS = (
    "hospital", "vantage", "kind", "agent", "state", "version", "enrolled_at", "last_batch_at",
    "batches", "clock_error_us", "silent_since",
)  # fmt: skip
_SILENCE_COLUMNS = ("hospital", "alarm", "vantage", "kind", "since", "heard", "detected_at")
_SHORTEST_PREFIX = 6


@click.group(
    short_help="List agents, or shut one out.",
    epilog="""\b
Examples:
  constat agents list --hospital CH-EXEMPLE
  constat agents revoke 4f0c9a1b --reason "poste remplacé" """,
)
def agents() -> None:
    """Agents: one key at one vantage point."""


@agents.command(
    "list",
    short_help="List agents.",
    epilog="""\b
Examples:
  constat agents list
  constat agents list --hospital CH-EXEMPLE -o json

\b
Exit codes: 0 done · 6 the database cannot be reached""",
)
@hospital
@outputs()
@reads_database
def list_agents(*, hospital: str | None, output: Output, target: Target) -> None:
    """List agents with when each was last heard. Instants are UTC.

    One that is silent for longer than its spool keeps what it measured says since when; a running
    collector states that in the log, and when it comes back.
    """

    async def work(pool: Pool) -> list[AgentState]:
        async with connected(pool) as connection:
            return await read_agents(connection, hospital)

    rows = [_row(agent, output) for agent in on_database(target, work)]
    columns = [column.removesuffix("_us") for column in _COLUMNS]
    names = columns if output is Output.TABLE else _COLUMNS
    print_rows(rows, names, output, empty="no agent")


@agents.command(
    "revoke",
    short_help="Shut an agent out.",
    epilog="""\b
Examples:
  constat agents revoke 4f0c9a1b --reason "poste remplacé"

\b
AGENT is the name that `agents list` shows, or enough of its start.
Exit codes: 0 done · 2 the name is not clear · 5 no such agent
· 6 the database cannot be reached""",
)
@click.argument("agent", metavar="AGENT")
@click.option("--reason", required=True, help="Why; it is sealed in the log.")
@seals_entries
def revoke(agent: str, *, reason: str, signatory: Signatory) -> None:
    """Shut AGENT out: nothing it sends is taken any more. What it measured before stays."""
    sealer = sealer_of(signatory.target)

    async def work(pool: Pool) -> AgentState:
        async with transaction(pool) as connection:
            found = await _find(connection, agent)
            await revoke_agent(
                connection,
                KeyId(found.agent),
                author=signatory.author,
                reason=reason,
                key=sealer.key,
                at_us=sealer.now_us(),
            )
            return found

    found = on_database(signatory.target, work)
    click.echo(f"{found.agent} revoked: {found.vantage} at {found.tenant}")


@agents.command(
    "silences",
    short_help="List vantage points that fell silent.",
    epilog="""\b
Examples:
  constat agents silences
  constat agents silences --hospital CH-EXEMPLE -o csv
  constat notice list ALARM --hospital CH-EXEMPLE     who was told of it

\b
A running collector looks every minute. A server or an external vantage point is told of after 15
minutes without a batch, a workstation, which may be switched off, after seven days. A silence is no
outage: of the service it says nothing.
Exit codes: 0 done · 6 the database cannot be reached""",
)
@hospital
@outputs()
@reads_database
def silences(*, hospital: str | None, output: Output, target: Target) -> None:
    """List silences that were told, the latest first; one not heard goes on. Instants are UTC."""

    async def work(pool: Pool) -> list[SilenceAlarm]:
        async with connected(pool) as connection:
            return await list_silences(connection, hospital)

    rows = [_silence_row(silence) for silence in on_database(target, work)]
    print_rows(rows, _SILENCE_COLUMNS, output, empty="no vantage point fell silent")


def _silence_row(silence: SilenceAlarm) -> Row:
    row: Row = {
        "hospital": silence.tenant,
        "alarm": silence.alarm,
        "vantage": silence.vantage,
        "kind": silence.kind,
        "since": format_instant(silence.since_us),
        "detected_at": format_instant(silence.detected_at_us),
    }
    if silence.heard_us is not None:
        row["heard"] = format_instant(silence.heard_us)
    return row


async def _find(connection: Connection, name: str) -> AgentState:
    found = [a for a in await read_agents(connection) if a.agent.startswith(name)]
    if len(name) < _SHORTEST_PREFIX or len(found) > 1:
        raise ConfigurationError(f"{name!r} could be several agents: give more of its name")
    if not found:
        raise NotFoundError(f"there is no agent {name}: constat agents list")
    return found[0]


def _row(agent: AgentState, output: Output) -> Row:
    row: Row = {
        "hospital": agent.tenant,
        "vantage": agent.vantage,
        "kind": agent.kind,
        "agent": agent.agent,
        "state": agent.state,
        "version": agent.version,
        "enrolled_at": format_instant(agent.enrolled_at_us),
        "batches": agent.batches,
    }
    if agent.received_at_us is not None:
        row["last_batch_at"] = format_instant(agent.received_at_us)
    if agent.silent_since_us is not None:
        row["silent_since"] = format_instant(agent.silent_since_us)
    if agent.error_us is not None and output is Output.TABLE:
        row["clock_error"] = duration_text(agent.error_us, Language.ENGLISH)
    elif agent.error_us is not None:
        row["clock_error_us"] = agent.error_us
    return row
