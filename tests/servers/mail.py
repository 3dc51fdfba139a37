"""Mail servers: real ones, and one that says what it is told to."""

import asyncio
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from aiosmtpd.smtp import SMTP

from tests.servers.listening import Talk, fall_silent
from tests.servers.real import folder_of, free_port, real, running


def saying(*replies: bytes, stay: bool = True) -> Talk:
    """Return a conversation that gives one reply at once, and one for each line it hears."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, reply in enumerate(replies):
            if number:
                await reader.readline()
            writer.write(reply)
            await writer.drain()
        if stay:
            await fall_silent(reader)

    return talk


class Postfix(NamedTuple):
    """The ports of a postfix: one that offers STARTTLS, one inside TLS, one that takes nobody."""

    plain: int
    implicit: int
    closed: int
    full: int


@contextmanager
def postfix(certificates: Path) -> Iterator[Postfix]:
    """Run postfix with the key and certificates of `server.pem` in a folder."""
    program = real("postfix")
    if os.geteuid() != 0:
        if os.environ.get("CI"):
            raise PermissionError("only root may run postfix")
        pytest.skip("only root may run postfix")
    ports = Postfix(*(free_port() for _ in Postfix._fields))
    with folder_of("root") as folder, folder_of("postfix") as data:
        folder.chmod(0o755)
        (folder / "queue").mkdir()
        (folder / "server.pem").write_bytes((certificates / "server.pem").read_bytes())
        (folder / "main.cf").write_text(_MAIN.format(folder=folder, data=data))
        (folder / "master.cf").write_text(_MASTER.format(**ports._asdict()))
        checked = subprocess.run(  # makes its queues
            [program, "-c", str(folder), "check"], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
        with running(_MASTER_PROGRAM, "-d", "-c", folder, port=ports.plain):
            yield ports


@asynccontextmanager
async def aiosmtpd(tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Run aiosmtpd; give the port."""
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(object(), hostname="mail.example", tls_context=tls, loop=None), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


_MASTER_PROGRAM = "/usr/lib/postfix/sbin/master"
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {data}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = /dev/stdout
smtpd_tls_security_level = may
smtpd_tls_chain_files = {folder}/server.pem
smtpd_tls_session_cache_database =
smtpd_relay_restrictions = reject
smtpd_delay_reject = no
alias_maps =
alias_database =
"""
_MASTER = """
127.0.0.1:{plain} inet n - n - - smtpd
127.0.0.1:{implicit} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
127.0.0.1:{closed} inet n - n - - smtpd
  -o smtpd_client_restrictions=reject
127.0.0.1:{full} inet n - n - - smtpd
  -o smtpd_client_connection_count_limit=1
  -o smtpd_client_event_limit_exceptions=
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
