"""`constat-agent status`: how a running agent is doing."""

from pathlib import Path
from typing import Final

import click

from agent.cli.ending import CommandError, ExitCode
from agent.cli.observations import milliseconds
from agent.cli.options import NO_REFERENCES, config_option, configuration
from agent.clock import Reading, SystemClock
from agent.snapshot import CheckState, CollectorState, Snapshot
from agent.status import NoStatusError, Status, read_status
from agent.vantage import Standing
from probes.model.instant import SECOND, format_duration


@click.command(
    epilog="""\b
Example:
  constat-agent status --config /etc/constat/agent.yaml

The exit code is 0 when the agent runs and 6 when it does not."""
)
@config_option
def status(path: Path) -> int:
    """Show how the agent of a configuration is doing: spool, collectors, clocks, checks."""
    config = configuration(path)
    clock = SystemClock()
    try:
        found = read_status(config.state_dir)
    except NoStatusError as error:
        raise CommandError(f"the agent is not running: {error}", ExitCode.UNREACHABLE) from None
    running = _running(found, clock)
    now = clock.read()
    for line in (_life(found, now, running=running), *_report(found.snapshot, now)):
        click.echo(line)
    if running and found.snapshot.config != config.digest:
        click.echo(f"note: {path} was changed since; restart the agent to use it", err=True)
    return ExitCode.DONE if running else ExitCode.UNREACHABLE


def _running(found: Status, clock: SystemClock) -> bool:
    same_boot = found.process.boot_id == clock.boot_id
    return same_boot and not found.stopped and found.process.alive


def _life(found: Status, now: Reading, *, running: bool) -> str:
    snapshot = found.snapshot
    if running:
        lived = _ago(snapshot.started_at_us, now).removesuffix(" ago")
        return f"running, process {found.process.pid}, for {lived}"
    ended = "stopped" if found.stopped else "ended without a word, was last seen"
    return f"NOT RUNNING: it {ended} {_ago(snapshot.taken_at_us, now)}; what follows is of then"


def _report(snapshot: Snapshot, now: Reading) -> list[str]:
    spool = snapshot.spool
    lost = f", {spool.lost} LOST for want of room" if spool.lost else ""
    scarce = ", NO ROOM: only changes are kept" if spool.scarce else ""
    held = f"{spool.used_bytes / 2**20:.1f} MiB, {spool.batches} batches so far{lost}{scarce}"
    width = max(len(check.name) for check in (*snapshot.checks, *snapshot.references))
    return [
        f"vantage    {snapshot.vantage} of {snapshot.tenant}, agent {snapshot.agent}",
        f"version    {snapshot.agent_version}, configuration {snapshot.config[:12]}",
        f"spool      {spool.samples} measurements some collector does not have, {held}",
        *(_collector(collector, now) for collector in snapshot.collectors),
        f"network    {_network(snapshot, now)}",
        *(_check(check, now, width, "reference") for check in snapshot.references),
        *(_check(check, now, width) for check in snapshot.checks),
    ]


def _network(snapshot: Snapshot, now: Reading) -> str:
    """Return what the agent knows of its own network."""
    found = snapshot.self_check
    if not snapshot.references:
        return f"NOT CHECKED: {NO_REFERENCES}"
    if found is None:
        return "not checked yet"
    withheld = f"; {found.withheld} failures are unknown for it" if found.withheld else ""
    return f"{_STANDINGS[found.standing]}, asked {_ago(found.last_us, now)}{withheld}"


def _collector(state: CollectorState, now: Reading) -> str:
    pushed = f"batch {state.batch}"
    if state.acknowledged_at_us is not None:
        pushed += f" taken {_ago(state.acknowledged_at_us, now)}"
    reason = f": {state.reason}" if state.reason else ""
    offset = "clock not compared yet"
    if state.offset_us is not None and state.error_us is not None:
        offset = f"clock {_signed(state.offset_us)} ± {milliseconds(state.error_us)}"
    return f"collector  {state.name}  {state.condition}, {pushed}; {offset}{reason}"


def _check(state: CheckState, now: Reading, width: int, what: str = "check") -> str:
    name = f"{state.name:{width}}"
    if state.outcome is None:
        return f"{what:11}{name}  not measured yet"
    why = f"  {state.failure} ({state.operation})" if state.failure else ""
    detail = f"  {state.detail}" if state.detail else ""
    seen = f"  version {state.version}" if state.version else ""
    since = f"since {_ago(state.since_us, now).removesuffix(' ago')}"
    return f"{what:11}{name}  {state.outcome} {since}{why}{detail}{seen}"


def _ago(instant_us: int, now: Reading) -> str:
    seconds = max(0, now.wall_us - instant_us) // SECOND
    return f"{format_duration(seconds * SECOND).removeprefix('PT').lower()} ago"


def _signed(offset_us: int) -> str:
    return f"{'+' if offset_us >= 0 else '-'}{milliseconds(abs(offset_us))}"


_STANDINGS: Final = {
    Standing.ONLINE: "there: references answer",
    Standing.OFFLINE: "LOST: no reference answers",
    Standing.UNCLEAR: "UNCLEAR: no reference could be asked",
}
