"""Programs of Debian that tests and benches meet: found, or installed if we may, or missed aloud.

    python -m tests.debian PROGRAM… -- COMMAND…     run a command once the programs are there

Only root may install. Whoever is not root is told what is missing and the command is not run; in
CI, where nobody reads, that is a failure.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

PACKAGES: Final = {
    "7zz": "7zip",
    "apache2": "apache2",
    "bsdtar": "libarchive-tools",
    "catalina.sh": "tomcat10",
    "certutil": "libnss3-tools",
    "check_http": "monitoring-plugins-basic",
    "check_procs": "monitoring-plugins-basic",
    "chromium": "chromium",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "mariadbd": "mariadb-server",
    "mmdebstrap": "mmdebstrap",
    "named": "bind9",
    "nft": "nftables",
    "nginx": "nginx-light",
    "postfix": "postfix",
    "prometheus-blackbox-exporter": "prometheus-blackbox-exporter",
    "promtool": "prometheus",
    "Orthanc": "orthanc",
    "slapadd": "slapd",
    "slapd": "slapd",
    "sshd": "openssh-server",
    "storescp": "dcmtk",
    "systemctl": "systemd",
    "systemd-analyze": "systemd",
    "unbound": "unbound",
    "unzip": "unzip",
}
# An ordinary user's PATH lacks the folders of the servers, and everybody's that of plug-ins.
_PATH: Final = os.pathsep.join(
    [
        os.environ.get("PATH", os.defpath),
        *("/usr/sbin", "/sbin", "/usr/lib/nagios/plugins", "/usr/share/tomcat10/bin"),
    ]
)


class MissingError(Exception):
    """Something that only the user can bring is not there."""


def program(name: str) -> str:
    """Return the path of a program; `MissingError` says which package has it."""
    path = shutil.which(name, path=_PATH)
    if path is None:
        raise MissingError(f"{name} is not installed; it is in Debian's package {PACKAGES[name]}")
    return path


def install(names: Sequence[str]) -> None:
    """Install the programs that are not there yet, when we may."""
    missing = [name for name in names if shutil.which(name, path=_PATH) is None]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt_get("update")
        packages = sorted(PACKAGES[name] for name in missing)
        _apt_get("install", "--yes", "--no-install-recommends", *packages)
    for name in missing:
        program(name)


def main(arguments: list[str]) -> int:
    """Do what the command line says, and return an exit code."""
    split = arguments.index("--")
    try:
        install(arguments[:split])
    except MissingError as missing:
        print(f"NOT TESTED: {missing}", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    return subprocess.run(arguments[split + 1 :], check=False).returncode


def _apt_get(*arguments: str) -> None:
    # In runlevel 1, invoke-rc.d(8) starts no server that a package brings.
    environment = os.environ | {"RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "--quiet", "--quiet", *arguments]
    if subprocess.run(command, env=environment, check=False).returncode:
        raise MissingError(f"apt-get {arguments[0]} failed; what it said is above")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
