"""A real systemd, the first process of a namespace of its own, with units made for a test.

Only root may make one. It shares the network, and nothing else that it could harm.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.servers.programs import shell_script
from tests.servers.real import real

_WITHIN_S = 30


@dataclass(frozen=True)
class Systemd:
    """A systemd that runs; `folder` holds `systemctl` and `journalctl` that speak to it."""

    init: int
    folder: Path

    def run(self, *command: str) -> str:
        """Run a command where its services live, and return what it prints."""
        inside = ["nsenter", "-t", str(self.init), "-m", "-p", *command]
        return subprocess.run(inside, check=True, stdout=subprocess.PIPE, text=True).stdout

    def wait_until(self, unit: str, state: str) -> None:
        """Wait until a unit is in a state, as in `active (running)`."""
        until = time.monotonic() + _WITHIN_S
        shown = ""
        while shown != state:
            if time.monotonic() > until:
                raise TimeoutError(f"{unit} is {shown}, not {state}")
            asked = ("systemctl", "show", "--property=ActiveState,SubState", "--value", unit)
            active, _, sub = self.run(*asked).strip().partition("\n")
            shown = f"{active} ({sub})"


@contextmanager
def systemd(units: Mapping[str, str]) -> Iterator[Systemd]:
    """Run a systemd, and its journal, with these units: each is the text of a `[Service]`."""
    if os.geteuid() != 0:
        if os.environ.get("CI"):
            raise PermissionError("only root may start a systemd of its own")
        pytest.skip("only root may start a systemd of its own; make test-servers does")
    real("systemctl")
    with tempfile.TemporaryDirectory(prefix="constat-systemd-") as name:
        folder = Path(name)
        for unit, service in units.items():
            text = f"[Unit]\nDefaultDependencies=no\n[Service]\n{service}\n"
            (folder / f"{unit}.service").write_text(text)
        wanted = "Requires=systemd-journald.service\nAfter=systemd-journald.service\n"
        (folder / "made.target").write_text(f"[Unit]\nDefaultDependencies=no\n{wanted}")
        script = shell_script(folder, *_FIRST_PROCESS, name="init")
        command = ("unshare", "--fork", "--kill-child", "--pid", "--mount", "--mount-proc")
        starting = [*command, "--cgroup", "--ipc", "--uts", script, name]
        with (
            tempfile.TemporaryFile() as said,
            subprocess.Popen(
                starting, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            ) as outside,
        ):
            try:
                yield _once_up(outside, folder)
            finally:
                outside.kill()


def _once_up(outside: "subprocess.Popen[bytes]", folder: Path) -> Systemd:
    until = time.monotonic() + _WITHIN_S
    while time.monotonic() < until:
        for child in psutil.Process(outside.pid).children():
            inside = ("nsenter", "-t", str(child.pid), "-m", "-p")
            asked = [*inside, "systemctl", "is-active", "made.target"]
            if subprocess.run(asked, check=False, capture_output=True).stdout == b"active\n":
                for program in ("systemctl", "journalctl"):
                    path = shutil.which(program)
                    shell_script(folder, f'exec {" ".join(inside)} {path} "$@"', name=program)
                return Systemd(child.pid, folder)
        time.sleep(0.05)
    raise TimeoutError("systemd did not come up in its namespace")


_FIRST_PROCESS = (
    "set -e",
    'mkdir -p "$1/var" "$1/units"',
    'mv "$1"/*.service "$1"/*.target "$1/units"',
    "mount -t tmpfs tmpfs /run",
    "mkdir -p /run/systemd/system /run/lock /run/log/journal",
    'cp "$1"/units/* /run/systemd/system/',
    # Nothing is read from, or written to, the folders of the machine itself.
    "mount -t tmpfs tmpfs /var/log",
    "mount -t tmpfs tmpfs /sys/fs/cgroup",
    "mount -t cgroup2 cgroup2 /sys/fs/cgroup",
    "export container=unshare",
    "exec /lib/systemd/systemd --system --unit=made.target",
)
