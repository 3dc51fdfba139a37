"""A real nginx that serves one page inside TLS."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.real import free_port, real, running


@contextmanager
def nginx(
    folder: Path,
    options: str = "",
    listen: str = "ssl",
    content: str = "return 200 'Connexion';",
) -> Iterator[int]:
    """Serve with the key and certificates of `server.pem` in a folder; give the port."""
    port = free_port()
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = folder / "nginx.conf"
    conf.write_text(f"""
daemon off; master_process off; pid {folder}/nginx.pid;
events {{ worker_connections 64; }}
http {{
  access_log off; {paths}
  ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem; {options}
  server {{ listen 127.0.0.1:{port} {listen}; location / {{ {content} }} }}
}}
""")
    with running(real("nginx"), "-e", folder / "error.log", "-c", conf, port=port):
        yield port
