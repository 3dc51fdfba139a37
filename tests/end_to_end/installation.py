"""An installation on this machine: a collector with its own database, and agents that push to it.

Everything is a process of its own, started by the command an operator would use, and can be killed
and started again.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Final, Self

from collector.embedded.errors import EmbeddedError
from collector.embedded.folder import dsn_of, server_status
from collector.store.pool import open_pool, transaction
from collector.store.tenants import ensure_tenant
from collector.store.tokens import create_token
from tests.end_to_end.flapping import flapping
from tests.servers.listening import nobody

HOSPITAL: Final = "CH-EXEMPLE"
ROOT: Final = Path(__file__).parents[2]
POLL_S: Final = 0.05
PATIENCE_S: Final = 120.0
# Programs that are started again and again need not compile every module each time.
ENVIRONMENT: Final = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "PYTHONPYCACHEPREFIX": str(ROOT / ".pytest_cache" / "end_to_end"),
}


class Program:
    """A program that runs, is killed, and runs again; its output goes to one file."""

    def __init__(self, log: Path, *arguments: str | Path) -> None:
        self.log = log
        self._arguments = [str(argument) for argument in arguments]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *self._arguments),
                cwd=ROOT,
                env=ENVIRONMENT,
                stdout=log,
                stderr=log,
            )

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def end(self, how: signal.Signals) -> int:
        """Send it a signal and wait for its end."""
        assert self._process is not None
        assert self.runs, f"it ended by itself: see {self.log}"
        self._process.send_signal(how)
        return await self._process.wait()

    async def close(self) -> None:
        """End it, in order if it will."""
        if self.runs:
            await self.end(signal.SIGTERM)


class Installation:
    """A running installation in a folder; `agents` are in the order of their names."""

    def __init__(self, folder: Path, agents: int, checks: int) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._ready_file = self.data / "ready.json"
        self._checks = checks
        self._killed_database = 0
        with nobody() as port:
            self.url = f"http://127.0.0.1:{port}"
        settings = folder / "constat.yaml"
        settings.write_text(json.dumps({"data_dir": "data", "listen": f"127.0.0.1:{port}"}))
        self.collector = Program(folder / "up.log", "collector", "up", "--config", settings)
        self.names = [f"poste-{number:02}" for number in range(1, agents + 1)]
        self.agents = [self._agent(name) for name in self.names]
        self._resources = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start the collector, enrol the agents and start them."""
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop everything."""
        await self.close()

    async def close(self) -> None:
        """End every program."""
        for program in (*self.agents, self.collector):
            await program.close()
        await self._resources.aclose()

    async def kill_collector(self) -> None:
        """Kill the collector's process; its database ends with it; start both again."""
        await self.collector.end(signal.SIGKILL)
        self._ready_file.unlink(missing_ok=True)
        await self.collector.start()

    async def kill_database(self) -> None:
        """Kill the database server that the collector runs; the collector starts it again."""
        process = await self._database()
        os.kill(process, signal.SIGKILL)
        self._killed_database = process

    async def kill_agent(self, number: int) -> None:
        """Kill an agent and start it again."""
        await self.agents[number].end(signal.SIGKILL)
        await self.agents[number].start()

    def journal(self, name: str) -> Path:
        """Where an agent's journal is."""
        return self.folder / name / "journal"

    def state(self, name: str) -> Path:
        """Where an agent's state is."""
        return self.folder / name / "state"

    async def ready(self) -> str:
        """Wait until the collector serves and its database answers; return the database's DSN."""
        await self._database()
        await until(self._ready_file.exists)
        return dsn_of(self.data / "postgresql")

    def _agent(self, name: str) -> Program:
        config = self.folder / name / "agent.yaml"
        return Program(
            self.folder / f"{name}.log", "tests.end_to_end.journalled", config, self.journal(name)
        )

    async def _start(self) -> None:
        await self.collector.start()
        token = await self._token(await self.ready())
        for name, program in zip(self.names, self.agents, strict=True):
            port = await self._resources.enter_async_context(flapping(Random(name)))
            config = self._write_config(name, port)
            await _run("agent", "enrol", "--config", config, "--token", token)
            await program.start()

    async def _token(self, dsn: str) -> str:
        async with open_pool(dsn, size=1) as pool, transaction(pool) as connection:
            tenant_id = await ensure_tenant(connection, HOSPITAL)
            now_us = await connection.fetchval("SELECT (extract(epoch FROM now()) * 1e6)::bigint")
            return await create_token(connection, tenant_id, now_us=now_us, count=len(self.names))

    def _write_config(self, name: str, port: int) -> Path:
        folder = self.folder / name
        folder.mkdir()
        check: dict[str, Any] = {
            "kind": "tcp",
            "interval": "PT1S",
            "host": "127.0.0.1",
            "port": port,
            "connect_only": True,
        }
        config = {
            "vantage": name,
            "state_dir": "state",
            "collectors": [{"name": "here", "url": self.url}],
            "burst": {"interval": "PT0.2S", "duration": "PT2S"},
            "checks": {f"check-{number:02}": check for number in range(self._checks)},
        }
        path = folder / "agent.yaml"
        path.write_text(json.dumps(config))
        return path

    async def _database(self) -> int:
        """Wait until a database that was not killed yet answers; return its process."""
        folder = self.data / "postgresql"
        found = self._killed_database

        def answers() -> bool:
            nonlocal found
            assert self.collector.runs, f"it ended by itself: see {self.collector.log}"
            try:
                dsn_of(folder)
            except EmbeddedError:
                return False
            found, _ = server_status(folder / "cluster") or (found, "")
            return found != self._killed_database

        await until(answers)
        return found


async def _run(*arguments: str | Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *map(str, arguments)), cwd=ROOT, env=ENVIRONMENT
    )
    assert await process.wait() == 0, arguments


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, for as long as a slow machine may need."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(POLL_S)
