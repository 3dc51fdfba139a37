"""The product in a demonstration: a collector and three agents, driven by their own commands.

Nothing is asked of them but what an operator would type; what each command says on standard error
goes to a log beside those of the programs that stay.
"""

import asyncio
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from collector.demo import hospital
from collector.demo.programs import PYTHON, Finished, Program, ProgramError, Programs
from collector.demo.scenario import Terms, Ward

_CONSTAT = (*PYTHON, "-m", "collector")
_AGENT = (*PYTHON, "-m", "agent")
_MAILBOX = (*PYTHON, "-m", "collector.demo.mailbox")
_VERDICTS = (0, 3, 4)
_READY_WITHIN_S = 60
_POLL_S = 0.2


class Product:
    """A collector in a folder of its own, and an agent for each workstation in its own."""

    _collector: Program

    def __init__(self, programs: Programs, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._settings = folder / "collector" / "constat.yaml"
        self._agents: dict[Ward, Program] = {}
        self.mail = folder / "mail"
        self.url = ""
        self.slowest_command_s = 0.0

    async def start_collector(self) -> None:
        """Start a mail server and a collector with its own database, and wait until it serves."""
        self.mail.mkdir()
        mailbox = await self._programs.converse("mailbox", *_MAILBOX, str(self.mail))
        hospital.write_settings(self._settings, int(await mailbox.next_line()))
        command = (*_CONSTAT, "up", "--config", str(self._settings))
        self._collector = await self._programs.start("collector", *command)
        ready = self._settings.parent / "data" / "ready.json"
        await self._until(ready.is_file, self._collector, "is not ready")
        self.url = json.loads(ready.read_text())["url"]

    async def apply_catalogue(self, terms: Terms) -> None:
        """Agree on the service, the checks and the scaled contract."""
        catalogue = self._folder / "catalogue.yaml"
        hospital.write_catalogue(catalogue, terms)
        await self.constat("apply", str(catalogue))

    async def enrol_agent(self, ward: Ward, path_port: int) -> None:
        """Make the agent of a workstation known to the collector by a token of its own."""
        config = self._config_of(ward)
        hospital.write_agent(config, ward, self.url, path_port)
        made = await self.constat(
            *("token", "create", "--hospital", hospital.HOSPITAL),
            *("--vantage", ward.value, "--kind", "workstation"),
        )
        token = config.parent / "token"
        token.touch(mode=0o600)
        token.write_text(made.lines[-1])
        enrol = ("enrol", "--config", str(config), "--token-file", str(token))
        await self._programs.run(f"enrol-{ward}", *_AGENT, *enrol)
        token.unlink()

    async def start_agent(self, ward: Ward) -> None:
        """Start the agent of a workstation."""
        command = (*_AGENT, "run", "--config", str(self._config_of(ward)))
        self._agents[ward] = await self._programs.start(f"agent-{ward}", *command)

    async def until_it_measures(self, ward: Ward) -> None:
        """Wait until an agent has found the service up and compared its clock."""
        await self._until(lambda: self._measures(ward), self._agents[ward], "measures nothing")

    async def kill_agent(self, ward: Ward) -> None:
        """Kill the agent of a workstation, which gets no time to say or save anything."""
        await self._programs.stop(self._agents.pop(ward), signal.SIGKILL)

    async def stop_agents(self) -> None:
        """Stop every agent; each sends what it still holds."""
        agents = list(self._agents.values())
        self._agents.clear()
        await asyncio.gather(*(self._programs.stop(agent) for agent in agents))

    async def constat(self, *arguments: str) -> Finished:
        """Run a command that changes something in the register."""
        began = time.monotonic()
        finished = await self._programs.run(
            f"constat-{arguments[0]}", *_CONSTAT, *arguments, "--config", str(self._settings)
        )
        self.slowest_command_s = max(self.slowest_command_s, time.monotonic() - began)
        return finished

    async def show(self, window: str) -> int:
        """Let `constat window show` speak on our terminal, and return its exit code."""
        command = self._window_show(window, "table")
        return await self._programs.show("constat-window-show", *command, accept=_VERDICTS)

    async def shown(self, window: str, form: str) -> Finished:
        """Return what `constat window show` says in a form, and its exit code: the verdict."""
        command = self._window_show(window, form)
        return await self._programs.run("constat-window-show", *command, accept=_VERDICTS)

    async def told(self, *arguments: str) -> list[str]:
        """Return what a command of the product that changes nothing prints."""
        command = (*_CONSTAT, *arguments, "--config", str(self._settings))
        return (await self._programs.run(f"constat-{arguments[0]}", *command)).lines

    async def verified(self, bundle: Path, keys: Path) -> Finished:
        """Return what `constat verify` says of a bundle, and its exit code: the verdict."""
        command = (*_CONSTAT, "verify", str(bundle), "--keys", str(keys), "--lang", "en")
        return await self._programs.run("constat-verify", *command, accept=_VERDICTS)

    async def mailed(self) -> Path:
        """Wait for the first letter, and return its file."""
        letter = self.mail / "1.eml"
        await self._until(letter.is_file, self._collector, "sends no mail")
        return letter

    def _window_show(self, window: str, form: str) -> tuple[str, ...]:
        config = str(self._settings)
        options = ("--config", config, "--lang", "en", "-o", form)
        return (*_CONSTAT, "window", "show", window, *options)

    def _config_of(self, ward: Ward) -> Path:
        return self._folder / ward / "agent.yaml"

    def _measures(self, ward: Ward) -> bool:
        status = self._config_of(ward).parent / "state" / "status.json"
        if not status.is_file():
            return False
        snapshot: dict[str, Any] = json.loads(status.read_bytes())["snapshot"]
        up = all(check["outcome"] == "up" for check in snapshot["checks"])
        return up and all(each["error_us"] is not None for each in snapshot["collectors"])

    async def _until(self, holds: Callable[[], bool], program: Program, complaint: str) -> None:
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                while not holds():
                    self._programs.watch()
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise ProgramError(f"{program.name} {complaint}", program.log) from None
