"""Agents as their users run them: processes, with a configuration file and a state folder."""

import asyncio
import io
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent.cli.main import run
from tests.agent.collecting import TOKEN

PROGRAM = (sys.executable, "-m", "agent")
# The agents started one after another need not each compile every module again.
ENVIRONMENT = {**os.environ, "PYTHONPYCACHEPREFIX": str(Path(".pytest_cache/agents").absolute())}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


async def command(*arguments: str | Path, given: str = "") -> Ended:
    """Run a command of the agent in this process, to its end."""
    return await asyncio.to_thread(_command, [str(argument) for argument in arguments], given)


async def spawned(*arguments: str | Path) -> Ended:
    """Run a command of the agent in a process of its own, to its end."""
    process = await asyncio.create_subprocess_exec(
        *PROGRAM, *map(str, arguments), env=ENVIRONMENT, stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


def write_config(folder: Path, collector_url: str, checks: dict[str, Any], **more: Any) -> Path:  # noqa: ANN401 - any section
    """Write a configuration; JSON is YAML too."""
    path = folder / "agent.yaml"
    collectors = [{"name": "test", "url": collector_url}]
    content = {"vantage": "accueil-03", "state_dir": "state", "collectors": collectors}
    path.write_text(json.dumps({**content, "checks": checks, **more}), encoding="utf-8")
    return path


async def enrol(config: Path) -> None:
    """Enrol an agent with the collector of its configuration."""
    ended = await command("enrol", "--config", config, "--token-file", "-", given=TOKEN)
    assert ended.code == 0, ended.err


@asynccontextmanager
async def running(
    config: Path, before: tuple[str, ...] = (), **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run an agent, by a command before it if one is given; kill it at the end if it still runs."""
    log = config.with_suffix(".log")
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *before,
            *PROGRAM,
            "run",
            "--config",
            str(config),
            env={**ENVIRONMENT, **environment},
            stderr=file,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _command(arguments: list[str], given: str) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        code = run(arguments)
    return Ended(code, out.getvalue(), err.getvalue())
