"""How PostgreSQL is set up for a small server that is always on and must not lose a commit."""

from pathlib import Path
from typing import Final

# Given on the command line, where nothing in the cluster can override them.
FIXED: Final = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # One file a weekday, each overwritten a week later.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_file_mode": "0600",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "cluster_name": "constat",
}

# Written to postgresql.conf when the cluster is made: there an operator can change them.
DEFAULTS: Final = {
    "shared_buffers": "128MB",
    "max_connections": "50",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "jit": "off",
}


def initdb_arguments(cluster: str, role: str, password_file: str) -> list[str]:
    """Make a cluster of UTF-8 text that sorts alike on every machine, whatever its locales are."""
    return [
        f"--pgdata={cluster}",
        f"--username={role}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--data-checksums",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
        *(f"--set={name}={value}" for name, value in DEFAULTS.items()),
    ]


def server_arguments(cluster: str, sockets: str) -> list[str]:
    """Serve `cluster` on a socket in the folder `sockets`, and on nothing else."""
    quoted = sockets.replace('"', '""')  # the setting is a list, and a comma is a fair character
    options = FIXED | {"unix_socket_directories": f'"{quoted}"'}
    return ["-D", cluster, *(f"--{name}={value}" for name, value in options.items())]


def last_complaint(start_log: Path, cluster: Path) -> str:
    """Find the last line in which PostgreSQL said why it stopped, in its log or before that."""
    logs = sorted((cluster / "log").glob("*.log"), key=lambda log: log.stat().st_mtime)[-1:]
    for log in (start_log, *logs):
        for line in reversed(log.read_text(errors="replace").splitlines()):
            for mark in ("FATAL:", "PANIC:", "initdb: error:", "constat:"):
                if mark in line:
                    return line.partition(mark)[2].strip()
    return f"see {start_log}"
