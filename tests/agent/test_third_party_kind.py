"""A package of another maker, once it is installed, adds its kind to every command of the agent."""

import asyncio
import os
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.agent.processes import ENVIRONMENT, PROGRAM, Ended, write_config
from tests.servers.listening import nobody, serving
from tests.servers.web import answering

EXAMPLE = Path(__file__).parents[1] / "assets/third_party_kind"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the example package and install it into a folder, without any network."""
    folder = tmp_path_factory.mktemp("installed")
    uv = Path(sys.executable).with_name("uv")
    options = ["--quiet", "--offline", "--no-deps", "--python", sys.executable]
    command: list[str | Path] = [uv, "pip", "install", *options, "--target", folder, EXAMPLE]
    subprocess.run(command, check=True)
    return folder


async def _command(installed: Path, *arguments: str | Path) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *map(str, arguments),
        env={**ENVIRONMENT, "PYTHONPATH": os.fspath(installed)},
        stdout=PIPE,
        stderr=PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def test_kinds_lists_it_and_shows_its_options(installed: Path) -> None:
    listed, shown = await _command(installed, "kinds"), await _command(installed, "kinds", "redis")

    assert "redis     Says PING to a Redis or Valkey and expects PONG.\n" in listed.out
    assert "  port                          whole number, default 6379\n" in shown.out
    assert "constat-agent probe redis cache.example:6379\n" in shown.out


@pytest.mark.parametrize(
    ("said", "code", "outcome"),
    [
        (b"+PONG\r\n", 0, "up "),
        (b"-LOADING Redis is loading the dataset in memory\r\n", 0, "degraded "),
        (b"-NOAUTH Authentication required.\r\n", 1, "down "),
    ],
)
async def test_probe_runs_it(installed: Path, said: bytes, code: int, outcome: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readline() == b"PING\r\n"
        writer.write(said)

    async with serving(talk) as port:
        ended = await _command(installed, "probe", "redis", f"127.0.0.1:{port}")

    assert (ended.code, ended.err) == (code, "")
    assert ended.out.startswith(outcome)


async def test_check_runs_it_beside_ours(installed: Path, tmp_path: Path) -> None:
    async with serving(answering(b"SSH-2.0-x\r\n")) as other:
        with nobody() as closed:
            checks = {
                "cache": {"kind": "redis", "host": "127.0.0.1", "port": closed},
                "other": {"kind": "tcp", "host": "127.0.0.1", "port": other, "connect_only": True},
            }
            config = write_config(tmp_path, "https://c.example", checks)
            ended = await _command(installed, "check", "--config", config)

    assert ended.code == 1
    assert "down      cache  " in ended.out
    assert "connection_refused (connect)" in ended.out
    assert "up        other  " in ended.out


async def test_a_fault_in_its_options_is_named_as_in_ours(installed: Path) -> None:
    ended = await _command(installed, "probe", "redis", "cache.example:70000")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "constat-agent: port: 70000 is not a port\n"


async def test_without_the_package_there_is_no_such_kind(tmp_path: Path) -> None:
    ended = await _command(tmp_path, "probe", "redis", "cache.example")

    assert ended.code == 2
    assert "'redis' is not a kind of check" in ended.err
