"""The script probe: runs a monitoring plug-in, such as Nagios, Centreon and Zabbix run.

What its exit code means is the plug-ins' own convention (Monitoring Plugins Development
Guidelines). Any other code, a signal, and a plug-in that outlives its time say nothing of the
service: they are `unknown`.
"""

import os
import shlex
from typing import Any, Final

from probes import command
from probes.attempt import Attempt, Clock, ProbeError, slowness
from probes.command import BARE, Command, Ended
from probes.kind import Kind
from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.script_target import ScriptSpec
from probes.model.target import Timeouts

PRODUCES: Final = command.PRODUCES | {Failure.SCRIPT_CRITICAL}


async def probe(spec: ScriptSpec, deadline: int, clock: Clock) -> Observation:
    """Run a plug-in once; `deadline` is the latest instant of `clock` it may end at."""
    attempt = Attempt(Timeouts(), deadline, clock)
    try:
        async with attempt:
            plugin = Command(spec.command, _environment(spec), spec.cwd)
            ended = await command.run(plugin, attempt, _MOST_BYTES)
    except ProbeError as error:
        return attempt.failed(command.outlived(error, spec.command[0]))
    return _judged(spec, ended, attempt)


def _environment(spec: ScriptSpec) -> dict[str, str]:
    missing = [name for name in spec.env if name not in os.environ]
    if missing:
        detail = f"{missing[0]} is not in the environment of the agent"
        raise ProbeError(Failure.BAD_CONFIGURATION, detail)
    return {**BARE, **{name: os.environ[name] for name in spec.env}}


def _judged(spec: ScriptSpec, ended: Ended, attempt: Attempt) -> Observation:
    line = _first_line(ended.output) if spec.record_output else ""
    detail = f"{ended.how}: {line}" if line else ended.how
    if ended.code in _FAILURES:
        return Observation.failed(_FAILURES[ended.code], Operation.RUN, detail)
    if ended.code not in (_OK, _WARNING):
        said = f"not an exit code of plug-ins, {detail}"
        return Observation.failed(Failure.SCRIPT_UNKNOWN, Operation.RUN, said)
    slow = slowness(attempt.elapsed_us, spec.degraded_after_ms)
    if ended.code == _WARNING or slow:
        return Observation(Outcome.DEGRADED, detail=f"{detail}, {slow}" if slow else detail)
    return Observation(Outcome.UP, detail=detail)


def _first_line(output: bytes) -> str:
    """Return what a plug-in says for people: its first line, without the figures after a `|`."""
    line = output.partition(b"\n")[0].partition(b"|")[0].decode("utf-8", "replace")
    shown = "".join(letter if letter.isprintable() else " " for letter in line)
    return " ".join(shown.split())[:_LONGEST_LINE]


def _words(target: str) -> dict[str, Any]:
    """Read a target that is a command line, quoted as for a shell."""
    try:
        words = shlex.split(target)
    except ValueError as error:
        raise ValueError(f"{target} is not a command line: {error}") from None
    return {"command": words}


_OK: Final = 0
_WARNING: Final = 1
_FAILURES: Final = {2: Failure.SCRIPT_CRITICAL, 3: Failure.SCRIPT_UNKNOWN}
_MOST_BYTES: Final = 65_536
_LONGEST_LINE: Final = 200

KIND: Final = Kind(
    "script",
    ScriptSpec,
    probe,
    PRODUCES,
    _words,
    "'/usr/lib/nagios/plugins/check_http -H dpi.example -u /login -s Identifiant'",
)
