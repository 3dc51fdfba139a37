"""Networks of our own: namespaces of Linux with a router between, which only root may make.

    client ── 192.0.2.1 … 192.0.2.2 ── router ── 198.51.100.1 …
              2001:db8:1::1 … ::2               2001:db8:2::1 …

Beyond the router, each host is one thing: `Beyond` says which. `NOBODY` and `NOBODY_V6` would be on
the client's own link.
"""

import asyncio
import ctypes
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from tests.servers.real import real

Answers: TypeAlias = Callable[[bytes], Iterable[bytes]]


class Beyond(StrEnum):
    """What is beyond the router."""

    HOST = "198.51.100.1"
    HOST_V6 = "2001:db8:2::1"
    NO_HOST = "198.51.100.66"
    FORBIDDEN = "198.51.100.67"
    FORBIDDEN_V6 = "2001:db8:2::67"
    SILENT = "198.51.100.68"
    NO_NETWORK = "203.0.113.1"
    NO_NETWORK_V6 = "2001:db8:3::1"


NOBODY: Final = "192.0.2.66"
NOBODY_V6: Final = "2001:db8:1::66"
_SETUP: Final = f"""
link add client netns {{client}} type veth peer name router netns {{router}}
-n {{client}} link set lo up
-n {{router}} link set lo up
-n {{client}} addr add 192.0.2.1/24 dev client
-n {{router}} addr add 192.0.2.2/24 dev router
-n {{client}} addr add 2001:db8:1::1/64 dev client nodad
-n {{router}} addr add 2001:db8:1::2/64 dev router nodad
-n {{client}} link set client address 02:00:00:00:00:01 up
-n {{router}} link set router address 02:00:00:00:00:02 up
-n {{client}} neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:02 dev client
-n {{router}} neigh add 2001:db8:1::1 lladdr 02:00:00:00:00:01 dev router
-n {{client}} route add default via 192.0.2.2
-n {{client}} route add default via 2001:db8:1::2
-n {{router}} addr add {Beyond.HOST}/32 dev lo
-n {{router}} addr add {Beyond.HOST_V6}/128 dev lo nodad
-n {{router}} route add unreachable {Beyond.NO_HOST}/32
-n {{router}} route add prohibit {Beyond.FORBIDDEN}/32
-n {{router}} route add prohibit {Beyond.FORBIDDEN_V6}/128
-n {{router}} route add blackhole {Beyond.SILENT}/32
"""


@dataclass(frozen=True)
class Network:
    """The names of the two namespaces."""

    client: str
    router: str


@contextmanager
def network() -> Iterator[Network]:
    """Make the network; `servers` tests are skipped where that is not allowed, or fail in CI."""
    names = Network(f"constat-c-{os.getpid()}", f"constat-r-{os.getpid()}")
    made = []
    try:
        for name in (names.client, names.router):
            _add(name)
            made.append(name)
            with inside(name):
                _set("ipv6/conf/default/accept_dad", "0")  # addresses are usable at once
        for line in _SETUP.format(client=names.client, router=names.router).strip().splitlines():
            _ip(line)
        with inside(names.router):
            for family in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
                _set(family, "1")
            for limit in ("ipv4/icmp_ratelimit", "ipv6/icmp/ratelimit"):
                _set(limit, "0")
        with inside(names.client):
            for family in ("ipv4", "ipv6"):
                _set(f"{family}/neigh/client/mcast_solicit", "1")
                _set(f"{family}/neigh/client/retrans_time_ms", "100")
        yield names
    finally:
        for name in made:
            _ip(f"netns del {name}")


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Let this thread, and the sockets it makes, be in a namespace."""
    with (
        Path("/proc/thread-self/ns/net").open() as before,
        Path("/run/netns", namespace).open() as there,
    ):
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(before.fileno())


def allow_unprivileged_pings(*, allowed: bool) -> None:
    """Let everybody ping in this namespace by a socket for that, or nobody."""
    _set("ipv4/ping_group_range", "0 2147483647" if allowed else "1 0")


@asynccontextmanager
async def echoing(answers: Answers) -> AsyncIterator[None]:
    """Answer echo requests to 127.0.0.1 by a script, in place of the system, in this namespace."""
    _set("ipv4/icmp_echo_ignore_all", "1")
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as responder:
        responder.settimeout(0)

        def answer() -> None:
            packet = responder.recv(2_048)[20:]
            if packet[0] == 8:
                for each in answers(packet):
                    responder.sendto(each, ("127.0.0.1", 0))

        loop = asyncio.get_running_loop()
        loop.add_reader(responder, answer)
        try:
            yield
        finally:
            loop.remove_reader(responder)
            _set("ipv4/icmp_echo_ignore_all", "0")


def _add(namespace: str) -> None:
    done = subprocess.run([real("ip"), "netns", "add", namespace], capture_output=True, check=False)
    if done.returncode != 0:
        refusal = f"no network namespace can be made here: {done.stderr.decode().strip()}"
        if os.environ.get("CI"):
            raise PermissionError(refusal)
        pytest.skip(refusal)


def _ip(arguments: str) -> None:
    done = subprocess.run(
        [real("ip"), *arguments.split()], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"ip {arguments}: {done.stderr}"


def _set(path: str, value: str) -> None:
    Path("/proc/sys/net", path).write_text(value)


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


_CLONE_NEWNET: Final = 0x40000000
