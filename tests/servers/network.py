"""A small network in namespaces of the kernel: a vantage point, a switch, a service behind it.

    vantage 10.78.0.9 ──┐
                        ├── switch: gateway 10.78.0.1, peer 10.78.0.2
    service 10.78.0.3 ──┘

The vantage point has a second cable, to us, over which a collector hears of what it measured. It
takes root, `ip` and `nft`; where they are missing a test is skipped, or fails in CI.
"""

import contextlib
import io
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.servers.real import end, real

GATEWAY, PEER, SERVICE = "10.78.0.1", "10.78.0.2", "10.78.0.3"
COLLECTOR = "10.79.0.1"
PORT = 8080
PAGE = "<h1>Connexion</h1>"

_NUMBERS = itertools.count()
_SET_UP = """\
link add name cv netns {vantage} type veth peer name vantage netns {switch}
link add name cs netns {service} type veth peer name service netns {switch}
link add name {ours} type veth peer name us netns {vantage}
addr add 10.79.0.1/30 dev {ours}
link set {ours} up
-n {vantage} addr add 10.79.0.2/30 dev us
-n {vantage} link set us up
-n {vantage} link set lo up
-n {vantage} addr add 10.78.0.9/24 dev cv
-n {vantage} link set cv up
-n {service} addr add 10.78.0.3/24 dev cs
-n {service} link set lo up
-n {service} link set cs up
-n {switch} link add bridge type bridge
-n {switch} addr add 10.78.0.1/24 dev bridge
-n {switch} addr add 10.78.0.2/24 dev bridge
-n {switch} link set vantage master bridge up
-n {switch} link set service master bridge up
-n {switch} link set bridge up
"""


class Network:
    """Four namespaces, ours among them, and the cables between them."""

    def __init__(self, name: str) -> None:
        self.vantage, self.switch, self.service = (f"{name}{each}" for each in "vws")
        self.ours = f"{name}u"
        self._ip = real("ip")
        self._nft = real("nft")

    def set_up(self) -> None:
        for namespace in (self.vantage, self.switch, self.service):
            self.ip("netns", "add", namespace)
        for line in _SET_UP.splitlines():
            self.ip(*line.format(**vars(self)).split())

    def tear_down(self) -> None:
        # A namespace takes its cables with it only some time after it is gone.
        subprocess.run([self._ip, "link", "del", self.ours], check=False)
        for namespace in (self.vantage, self.switch, self.service):
            subprocess.run([self._ip, "netns", "del", namespace], check=False)

    def pull(self, cable: str) -> None:
        """Pull a cable, of the vantage point or of the service, out of the switch."""
        self.ip("-n", self.switch, "link", "set", cable, "down")

    def plug(self, cable: str) -> None:
        """Plug it in again."""
        self.ip("-n", self.switch, "link", "set", cable, "up")

    def inside(self, namespace: str) -> tuple[str, ...]:
        """Return what to put before a command that is to run in a namespace."""
        return (self._ip, "netns", "exec", namespace)

    def filter(self, namespace: str, hook: str, rule: str) -> None:
        """Add a rule to the firewall of a namespace; `hook` is input or output."""
        text = (
            f"table inet {hook} {{\nchain rules {{\ntype filter hook {hook} priority 0;\n}}\n}}\n"
            f"add rule inet {hook} rules {rule}\n"
        )
        command = [*self.inside(namespace), self._nft, "-f", "-"]
        subprocess.run(command, input=text.encode(), check=True)

    def ip(self, *arguments: str) -> None:
        subprocess.run([self._ip, *arguments], check=True)


@contextmanager
def network(folder: Path) -> Iterator[Network]:
    """Set a network up, with a page served by gateway, peer and service; take it down again."""
    if os.geteuid() != 0:
        if os.environ.get("CI"):
            raise PermissionError("network namespaces take root")
        pytest.skip("network namespaces take root")
    made = Network(f"c{os.getpid() % 100_000}{next(_NUMBERS)}")
    (folder / "index.html").write_text(PAGE)
    with ExitStack() as stack:
        stack.callback(made.tear_down)
        made.set_up()
        for namespace, address in (
            (made.switch, GATEWAY),
            (made.switch, PEER),
            (made.service, SERVICE),
        ):
            stack.enter_context(_serving(made.inside(namespace), address, folder))
            _wait_for(made.inside(made.vantage), address)
        yield made


def _wait_for(inside: tuple[str, ...], address: str) -> None:
    """Wait until the vantage point reaches a server: a bridge takes a moment to learn the way."""
    knock = f"import socket; socket.create_connection(({address!r}, {PORT}), 1)"
    command = [*inside, sys.executable, "-c", knock]
    for _ in range(30):
        if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return
    raise RuntimeError(f"{address} is never reached")


@contextmanager
def _serving(inside: tuple[str, ...], address: str, folder: Path) -> Iterator[None]:
    server = subprocess.Popen(
        [
            *inside,
            sys.executable,
            "-u",
            "-m",
            "http.server",
            "-b",
            address,
            "-d",
            folder,
            f"{PORT}",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with server.stdout or contextlib.nullcontext(io.BytesIO()) as said:
        try:
            assert said.readline().startswith(b"Serving HTTP on ")
            yield
        finally:
            end(server)
