"""The service of a demonstration while it is upgraded: its versions, and the paths to it."""

import signal
from pathlib import Path
from urllib.parse import urlsplit

from collector.demo.programs import PYTHON, LineTaker, Program, ProgramError, Programs
from collector.demo.scenario import Ward

PATIENTS = 60_000

_RECORD = (*PYTHON, "-m", "collector.demo.patient_record")
_PATH = (*PYTHON, "-m", "collector.demo.path")


class Service:
    """The patient record, the maintenance page that may stand in for it, and a path per ward."""

    def __init__(self, programs: Programs, database: Path) -> None:
        self._programs = programs
        self._database = database
        self._paths: dict[Ward, Program] = {}
        self.path_ports: dict[Ward, int] = {}
        self._running: Program | None = None
        self._port = 0
        self._maintenance_port = 0

    async def create(self) -> None:
        """Create the database of version 1, with its fictitious patients."""
        await self._programs.run("patients", *self._record("--create", str(PATIENTS)))

    async def start(self, version: int) -> None:
        """Start a version, which says where it listens."""
        command = self._record("--version", str(version))
        self._running, self._port = await self._serve(f"version-{version}", *command)

    async def start_maintenance(self) -> None:
        """Start the server of the maintenance page, beside the service."""
        _, self._maintenance_port = await self._serve("maintenance", *_RECORD, "--maintenance")

    async def stop(self) -> None:
        """Stop the version that runs."""
        if self._running is not None:
            await self._programs.stop(self._running, signal.SIGTERM)
            self._running = None

    async def migrate(self, on_line: LineTaker) -> None:
        """Migrate the database, with a line for each durable batch."""
        await self._programs.run("migration", *self._record("--migrate"), on_line=on_line)

    async def lay_path(self, ward: Ward) -> None:
        """Lay the path of a workstation, open to the version that runs."""
        path = await self._programs.converse(f"path-{ward}", *_PATH)
        self._paths[ward] = path
        self.path_ports[ward] = int(await path.next_line())
        await self.restore(ward)

    async def restore(self, ward: Ward) -> None:
        """Lead the path of a workstation to the version that runs."""
        await self._tell(ward, f"open {self._port}", f"open {self._port}")

    async def show_maintenance(self, ward: Ward) -> None:
        """Lead the path of a workstation to the maintenance page."""
        port = self._maintenance_port
        await self._tell(ward, f"open {port}", f"open {port}")

    async def cut(self, ward: Ward) -> None:
        """Cut the path of a workstation."""
        await self._tell(ward, "close", "closed")

    def _record(self, *arguments: str) -> tuple[str, ...]:
        return (*_RECORD, "--database", str(self._database), *arguments)

    async def _serve(self, name: str, *command: str) -> tuple[Program, int]:
        program = await self._programs.converse(name, *command)
        return program, urlsplit(await program.next_line()).port or 0

    async def _tell(self, ward: Ward, command: str, expected: str) -> None:
        path = self._paths[ward]
        answer = await path.tell(command)
        if answer != expected:
            raise ProgramError(f"{path.name}: {answer}", path.log)
