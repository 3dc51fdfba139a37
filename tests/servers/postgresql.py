"""A real PostgreSQL on a port of the loopback, as a primary, a standby or in any state one asks.

The embedded one is built without TLS: a front speaks it before a server, as a balancer might.
"""

import asyncio
import shutil
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from collector.embedded.account import Account, account_for
from collector.embedded.binaries import Binaries, binaries_for
from collector.embedded.folder import server_status
from tests.servers.listening import Talk, reset, serving
from tests.servers.real import folder_of, free_port, running

PASSWORD: Final = "Été 2026 !"
SUPERUSER: Final = "gardien"


@dataclass(frozen=True)
class Postgres:
    """A server that answers."""

    port: int
    pid: int

    @property
    def dsn(self) -> str:
        """Where its superuser logs in."""
        return f"postgresql://{SUPERUSER}:{quote(PASSWORD)}@127.0.0.1:{self.port}/postgres"


@dataclass(frozen=True)
class Cluster:
    """The data of a server, which runs when it is started."""

    folder: Path
    account: Account
    binaries: Binaries

    @contextmanager
    def serving(self, ready: str = "ready", **settings: str) -> Iterator[Postgres]:
        """Run the server until it is no longer needed; `ready` is how it must call itself first."""
        port = free_port()
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            **settings,
        }
        command: list[str | Path] = [self.binaries.postgres, "-D", self.folder, f"--port={port}"]
        command += [f"--{name}={value}" for name, value in options.items()]
        with running(*command, port=port, user=self.account.name) as pid:
            _wait_until((pid, ready), self.folder)
            yield Postgres(port, pid)

    def copy(self, folder: Path, *signals: str) -> "Cluster":
        """Return a copy of the data of a server that is not running, with files of that name."""
        subprocess.run(["cp", "-a", self.folder, folder], check=True)  # owners and all
        for name in signals:
            self.give(folder / name, "")
        return Cluster(folder, self.account, self.binaries)

    def give(self, path: Path, content: str) -> None:
        """Write a file that only the server can read."""
        path.write_text(content)
        path.chmod(0o600)
        shutil.chown(path, self.account.uid, self.account.gid)


def _wait_until(status: tuple[int, str], folder: Path) -> None:
    until = time.monotonic() + 30
    while server_status(folder) != status:
        if time.monotonic() > until:
            raise RuntimeError(f"PostgreSQL is {server_status(folder)}, not {status}")
        time.sleep(0.02)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Make a cluster whose superuser has a password, outside the folders of the tests."""
    account = account_for(Path("/nonexistent"), None)
    binaries = binaries_for(account)
    with folder_of(account.name) as folder:
        made = Cluster(folder / "data", account, binaries)
        made.give(folder / "password", PASSWORD)
        initdb: list[str | Path] = [
            binaries.initdb,
            f"--pgdata={made.folder}",
            f"--username={SUPERUSER}",
            f"--pwfile={folder / 'password'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        subprocess.run(
            initdb,
            user=account.uid,
            group=account.gid,
            extra_groups=[] if not account.is_ours else None,
            cwd="/",
            capture_output=True,
            check=True,
        )
        yield made


@asynccontextmanager
async def front(
    port: int, answer: bytes = b"S", tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Answer who asks for TLS, and lead him, inside it or not, to a port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(answer)
        await writer.drain()
        if tls is not None:
            await writer.start_tls(tls)
        await leading_to(port)(reader, writer)

    async with serving(talk) as place:
        yield place


def leading_to(port: int) -> Talk:
    """Return a conversation that is held with another port."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except ConnectionResetError:
            reset(writer)
        finally:
            writer.close()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pipe(reader, back), pipe(there, writer))

    return talk
