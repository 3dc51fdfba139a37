"""A real sshd of Debian, that lets nobody in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.servers.real import free_port, real, running


@contextmanager
def sshd(folder: Path, options: str = "") -> Iterator[int]:
    """Run sshd with a key of its own; give the port."""
    port = free_port()
    key = folder / "host_key"
    key.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
    )
    key.chmod(0o600)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it leaves its privileges
    conf = folder / "sshd_config"
    conf.write_text(f"""
ListenAddress 127.0.0.1:{port}
HostKey {key}
PidFile none
UsePAM no
PasswordAuthentication no
PubkeyAuthentication no
{options}
""")
    with running(real("sshd"), "-D", "-e", "-f", conf, port=port):
        yield port
