"""Kills every part of an installation again and again, and audits what is left.

    python -m tests.end_to_end.kill --full

Agents probe targets that come and go, so that there is always something to say. At random moments
an agent, the collector or its database is killed with SIGKILL. In the end every sample that an
agent's spool acknowledged must be in the log, once, in an unbroken chain of batches, and the
tables must count what the log holds.
"""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from agent.identity import load_identity
from agent.keys import load_key
from agent.ledger import Ledger
from agent.space import Capacity
from probes.model.keys import VerifyingKey
from tests.end_to_end.audit import Audit, audit
from tests.end_to_end.installation import Installation, until

AGENTS: Final = 3
CHECKS: Final = 24
_LONGEST_PAUSE_S: Final = 1.0
_ROUNDS: Final = 10


class Kills(NamedTuple):
    """How often each part is killed."""

    agents: int
    collector: int
    database: int


SHORT: Final = Kills(agents=5, collector=3, database=3)
FULL: Final = Kills(agents=50, collector=20, database=20)


async def kill(folder: Path, kills: Kills, seed: int, tell: Callable[[str], None]) -> Audit:
    """Run an installation in a folder, kill its parts, and return what was found afterwards."""
    random = Random(seed)
    plan = ["agent"] * kills.agents + ["collector"] * kills.collector
    plan += ["database"] * kills.database
    random.shuffle(plan)
    async with Installation(folder, AGENTS, CHECKS) as installation:
        for number, victim in enumerate(plan, start=1):
            if victim != "agent":
                await installation.ready()
            await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE_S))
            tell(f"{number} of {len(plan)}: {victim}")
            if victim == "agent":
                await installation.kill_agent(random.randrange(AGENTS))
            elif victim == "collector":
                await installation.kill_collector()
            else:
                await installation.kill_database()
        tell("everything is delivered")
        await _deliver(installation)
        dsn = await installation.ready()
        journals = {name: installation.journal(name) for name in installation.names}
        keys = {name: _key(installation.state(name)) for name in installation.names}
        return await audit(dsn, journals, keys)


async def _deliver(installation: Installation) -> None:
    """Stop the agents in order; one that could not deliver all runs again for a moment."""
    await installation.ready()
    for name, program in zip(installation.names, installation.agents, strict=True):
        for _ in range(_ROUNDS):
            # Until it heeds signals, one that was just started is simply killed.
            assert await program.end(signal.SIGTERM) in (0, -signal.SIGTERM), program.log
            if _is_delivered(installation.state(name)):
                break
            promised = _size(installation.journal(name))
            await program.start()
            await until(lambda: _size(installation.journal(name)) > promised)  # noqa: B023
        else:
            raise AssertionError(f"{name} cannot deliver what it holds: see {program.log}")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _is_delivered(state: Path) -> bool:
    """Look into the spool of an agent that does not run."""
    identity = load_identity(state)
    assert identity is not None
    ledger = Ledger(state / "spool.sqlite", Capacity.holding([]))
    try:
        ledger.cursors.follow(identity.collector_keys)
        return ledger.depth == 0
    finally:
        ledger.close()


def _key(state: Path) -> VerifyingKey:
    key = load_key(state)
    assert key is not None
    return key.verifying_key


def main() -> int:
    """Kill as often as was asked for; 0 when nothing was lost and nothing doubled."""
    parser = argparse.ArgumentParser(description="Kill every part of Constat, and audit the rest.")
    parser.add_argument("--full", action="store_true", help=f"as often as {FULL}")
    parser.add_argument("--seed", type=int, default=20261114)
    options = parser.parse_args()
    kills = FULL if options.full else SHORT
    folder = Path(tempfile.mkdtemp(prefix="constat-kill-"))
    _tell(f"in {folder}, which stays if anything is wrong")
    found = asyncio.run(kill(folder, kills, options.seed, _tell))
    _tell(
        f"{found.acknowledged} samples acknowledged, {found.received} in the log in"
        f" {found.batches} batches, {found.spans} in spans; {len(found.faults)} faults"
    )
    for fault in found.faults:
        _tell(fault)
    if found.faults:
        return 1
    shutil.rmtree(folder)
    return 0


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
