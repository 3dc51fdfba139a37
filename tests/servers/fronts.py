"""Real front servers of Debian, before an application that is stopped or does not answer.

In each, `/login` is the application; nginx and Apache list the folder `/listed/`, and nginx has a
page of its own for `/closed`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.real import free_port, real, running


@contextmanager
def nginx(folder: Path, application: int) -> Iterator[int]:
    """Run nginx before an application on a port; give its own."""
    port = free_port()
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = folder / "nginx.conf"
    conf.write_text(f"""
daemon off; master_process off; pid {folder}/nginx.pid; {_as_root()}
events {{ worker_connections 64; }}
http {{
  access_log off; {paths} types {{ text/html html; }}
  server {{
    listen 127.0.0.1:{port}; root {folder};
    location /login {{ proxy_pass http://127.0.0.1:{application}; proxy_read_timeout 50ms; }}
    location /closed {{ return 503; }}
    location /listed/ {{ autoindex on; }}
  }}
}}
""")
    with running(real("nginx"), "-e", folder / "error.log", "-c", conf, port=port):
        yield port


@contextmanager
def haproxy(folder: Path, application: int) -> Iterator[int]:
    """Run HAProxy before an application on a port, which it checks; give its own."""
    port = free_port()
    conf = folder / "haproxy.cfg"
    conf.write_text(f"""
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 50ms
listen dpi
  bind 127.0.0.1:{port}
  server one 127.0.0.1:{application}
""")
    with running(real("haproxy"), "-db", "-f", conf, port=port):
        yield port


@contextmanager
def apache(folder: Path, application: int) -> Iterator[int]:
    """Run Apache before an application on a port; give its own."""
    port = free_port()
    program = real("apache2")
    wanted = ("mpm_event", "authz_core", "proxy", "proxy_http", "dir", "autoindex", "mime")
    modules = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in wanted
    )
    conf = folder / "apache2.conf"
    conf.write_text(f"""
{modules}
ServerName 127.0.0.1
ServerSignature On
Listen 127.0.0.1:{port}
PidFile {folder}/apache2.pid
ErrorLog {folder}/apache2.log
DefaultRuntimeDir {folder}
TypesConfig /dev/null
DocumentRoot {folder}
ProxyPass /login http://127.0.0.1:{application}/ retry=0
<Directory {folder}>
  Options +Indexes
  IndexOptions FancyIndexing HTMLTable
  Require all granted
</Directory>
""")
    with running(program, "-X", "-f", conf, port=port):
        yield port


@contextmanager
def tomcat(folder: Path) -> Iterator[int]:
    """Run Tomcat with no application but an empty one; give its port."""
    port = free_port()
    program = real("catalina.sh")
    for name in ("conf", "logs", "temp", "work", "webapps/ROOT"):
        (folder / name).mkdir(parents=True)
    (folder / "conf" / "server.xml").write_text(f"""
<Server port="-1"><Service name="Catalina">
  <Connector port="{port}" address="127.0.0.1" protocol="HTTP/1.1"/>
  <Engine name="Catalina" defaultHost="localhost">
    <Host name="localhost" appBase="webapps" autoDeploy="false"/>
  </Engine>
</Service></Server>
""")
    web = Path(program).parents[1] / "etc" / "web.xml"
    (folder / "conf" / "web.xml").write_bytes(web.read_bytes())
    base = {"CATALINA_BASE": str(folder), "CATALINA_TMPDIR": str(folder / "temp")}
    with running(program, "run", port=port, environment=base | {"LC_ALL": "C.UTF-8"}):
        yield port


def _as_root() -> str:
    # What a test owns only root may read.
    return "user root;" if os.geteuid() == 0 else ""
