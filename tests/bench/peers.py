"""What the benches of probes stand beside: an nginx that serves a page, and Debian's exporter.

Also what a process has used so far, by the kernel's own count.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.debian import install, program
from tests.servers.certificates import authority
from tests.servers.real import free_port, running

MARKER: Final = "Connexion"
PAGE: Final = f"<title>Dossier patient</title><h1>{MARKER}</h1>" + "<p>Bienvenue.</p>" * 100


class Page(NamedTuple):
    """What is probed: an address, and the authority that vouches for it."""

    url: str
    ca_file: str


class Exporter:
    """A running blackbox_exporter, asked over connections that are kept, as Prometheus asks it."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def probe(self, page: Page) -> None:
        """Let it probe a page once."""
        address = ("127.0.0.1", self._port)
        reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(*address)
        path = f"/probe?module=page&target={page.url}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n\r\n".encode())
        if b"\nprobe_success 1" not in await _body(reader):
            raise RuntimeError("the exporter's probe failed")
        self._idle.append((reader, writer))

    async def close(self) -> None:
        """Close the connections."""
        while self._idle:
            _, writer = self._idle.pop()
            writer.close()
            await writer.wait_closed()


def install_peers() -> None:
    """See to it that both programs are there; `MissingError` when they are not."""
    install(["nginx", "prometheus-blackbox-exporter"])


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[Page, Page]]:
    """Serve one page by nginx, as http and as https."""
    plain, secure = free_port(), free_port()
    authority().server(folder)
    (folder / "index.html").write_text(PAGE)
    (folder / "nginx.conf").write_text(_nginx_conf(folder, plain, secure))
    command = [program("nginx"), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with running(*command, port=plain):
        ca_file = authority().write(folder)
        yield (
            Page(f"http://127.0.0.1:{plain}/", ca_file),
            Page(f"https://127.0.0.1:{secure}/", ca_file),
        )


@contextmanager
def blackbox(folder: Path, ca_file: str) -> Iterator[Exporter]:
    """Run the exporter."""
    port = free_port()
    (folder / "blackbox.yml").write_text(_BLACKBOX_YML.format(marker=MARKER, ca_file=ca_file))
    command = [
        program("prometheus-blackbox-exporter"),
        f"--config.file={folder / 'blackbox.yml'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with running(*command, port=port) as pid:
        yield Exporter(pid, port)


def cpu_us(pid: int) -> float:
    """Return the CPU a process has used, user and system, its ended threads too.

    The clock's number is that of clock_getcpuclockid(3): what proc(5) shows in ticks of 10 ms, in
    nanoseconds.
    """
    return time.clock_gettime_ns((~pid << 3) | 2) / 1_000


def resident_mb(pid: int) -> float:
    """Return what a process has in memory, VmRSS of proc(5), in MB of 10^6 bytes."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1_024 / 1e6


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"content-length: " in head:
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return await reader.readexactly(int(length))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


def _nginx_conf(folder: Path, plain: int, secure: int) -> str:
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
daemon off; master_process off; pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off; {paths}
  types {{ text/html html; }}
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{secure} ssl;
    root {folder}; charset utf-8;
  }}
}}
"""


_BLACKBOX_YML: Final = """
modules:
  page:
    prober: http
    timeout: 5s
    http:
      preferred_ip_protocol: ip4
      fail_if_body_not_matches_regexp: ["{marker}"]
      tls_config: {{ca_file: "{ca_file}"}}
"""
