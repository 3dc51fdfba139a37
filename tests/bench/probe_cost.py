"""CPU of one fresh probe, ours beside Debian's prometheus-blackbox-exporter, in one run.

Both ask the same local nginx for the same page, eight at a time, and look for the same marker; the
rounds alternate, and the median of each side counts. On our side the whole process is counted, the
loop and its threads included; on the other, the exporter's process, which also serves the request
that makes it probe. Run it with `python -m tests.bench.probe_cost`.
"""

import asyncio
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from probes.model.http_target import HttpSpec
from probes.model.measurement import Outcome
from probes.model.target import Tls
from probes.registry import kinds
from tests.servers.certificates import authority

AT_ONCE: Final = 8
MARKER: Final = "Connexion"
PAGE: Final = f"<title>Dossier patient</title><h1>{MARKER}</h1>" + "<p>Bienvenue.</p>" * 100


class Cost(NamedTuple):
    """CPU microseconds of one probe, ours and the exporter's."""

    ours_us: float
    theirs_us: float

    @property
    def ratio(self) -> float:
        """Ours as a share of theirs."""
        return self.ours_us / self.theirs_us


class Page(NamedTuple):
    """What both probe: an address, and the authority that vouches for it."""

    url: str
    ca_file: str


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[Page, Page]]:
    """Serve one page by nginx, as http and as https."""
    plain, secure = _free_port(), _free_port()
    authority().server(folder)
    (folder / "index.html").write_text(PAGE)
    (folder / "nginx.conf").write_text(_nginx_conf(folder, plain, secure))
    command = ["nginx", "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    with _running(command, plain):
        ca_file = authority().write(folder)
        yield (
            Page(f"http://127.0.0.1:{plain}/", ca_file),
            Page(f"https://127.0.0.1:{secure}/", ca_file),
        )


@contextmanager
def blackbox(folder: Path, ca_file: str) -> Iterator[tuple[int, int]]:
    """Run the exporter; give its process id and port."""
    port = _free_port()
    (folder / "blackbox.yml").write_text(_BLACKBOX_YML.format(marker=MARKER, ca_file=ca_file))
    command = [
        "prometheus-blackbox-exporter",
        f"--config.file={folder / 'blackbox.yml'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with _running(command, port) as pid:
        yield pid, port


async def our_cost_us(page: Page, probes: int) -> float:
    """Return the CPU microseconds of one of our probes, over that many."""
    kind = kinds()["http"]
    spec = HttpSpec(page.url, tls=Tls(ca_file=page.ca_file), expect_markers=(MARKER,))

    async def ask() -> None:
        deadline = _monotonic_us() + 5_000_000
        seen = await kind.probe(spec, deadline, _monotonic_us)
        if seen.outcome is not Outcome.UP:
            raise RuntimeError(f"our probe failed: {seen}")

    before = time.process_time_ns()
    await asyncio.gather(*(_repeat(ask, probes // AT_ONCE) for _ in range(AT_ONCE)))
    return (time.process_time_ns() - before) / 1_000 / probes


async def their_cost_us(page: Page, pid: int, port: int, probes: int) -> float:
    """Return the CPU microseconds of one of the exporter's probes, over that many."""
    path = f"/probe?module=page&target={page.url}"
    question = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()

    async def drive() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def ask() -> None:
            writer.write(question)
            if b"\nprobe_success 1" not in await _body(reader):
                raise RuntimeError("the exporter's probe failed")

        await _repeat(ask, probes // AT_ONCE)
        writer.close()
        await writer.wait_closed()

    before = _cpu_us(pid)
    await asyncio.gather(*(drive() for _ in range(AT_ONCE)))
    return (_cpu_us(pid) - before) / probes


async def compare(page: Page, pid: int, port: int, probes: int, rounds: int) -> Cost:
    """Return what both cost, in alternate rounds after one to warm up."""
    ours, theirs = [], []
    for _ in range(rounds + 1):
        ours.append(await our_cost_us(page, probes))
        theirs.append(await their_cost_us(page, pid, port, probes))
    return Cost(statistics.median(ours[1:]), statistics.median(theirs[1:]))


def main() -> int:
    """Print the cost of both sides and their ratio."""
    missing = [name for name in ("nginx", "prometheus-blackbox-exporter") if not shutil.which(name)]
    if missing:
        print(f"cannot compare: {' and '.join(missing)} not found (Debian packages)")
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with nginx(folder) as pages, blackbox(folder, pages[0].ca_file) as (pid, port):
            for page in pages:
                cost = asyncio.run(compare(page, pid, port, probes=4_000, rounds=5))
                print(
                    f"{page.url.partition(':')[0]:5}  ours {cost.ours_us:5.0f} us"
                    f"  blackbox_exporter {cost.theirs_us:5.0f} us  ratio {cost.ratio:.2f}"
                )
    return 0


async def _repeat(ask: Callable[[], Awaitable[None]], times: int) -> None:
    for _ in range(times):
        await ask()


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


def _cpu_us(pid: int) -> float:
    """Return the CPU a process has used, user and system (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1e6 / os.sysconf("SC_CLK_TCK")


def _monotonic_us() -> int:
    return time.monotonic_ns() // 1_000


@contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    """Run a server until it is no longer needed; give its process id once it listens."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(server, port)
            yield server.pid
        finally:
            server.terminate()


def _wait_for(server: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as dialled:
            if dialled.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"{server.args!r} does not listen on port {port}")


def _free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


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


if __name__ == "__main__":
    sys.exit(main())
