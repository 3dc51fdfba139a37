"""Real name servers of Debian, with a small zone: unbound, and bind9's named.

In both, `dpi.ch.example` is 10.1.2.3 and 2001:db8::3, `www` an alias of it, `long` more than a
datagram holds, and `txt` has a text only. For `broken.example`, unbound is a secondary that never
got its zone.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import dns.message
import dns.query
import dns.rcode

from tests.servers.listening import nobody
from tests.servers.real import free_port, real, running

LONG: Final = tuple(f"part {number} {'x' * 200}" for number in range(8))
_LONG: Final = "".join(f'long.ch.example. 60 IN TXT "{part}"\n' for part in LONG)
ZONE: Final = f"""\
dpi.ch.example. 60 IN A 10.1.2.3
dpi.ch.example. 60 IN AAAA 2001:db8::3
www.ch.example. 60 IN CNAME dpi.ch.example.
ch.example. 60 IN MX 10 dpi.ch.example.
_sip._tcp.ch.example. 60 IN SRV 0 5 5060 dpi.ch.example.
txt.ch.example. 60 IN TXT "v=spf1 -all"
{_LONG}"""


@contextmanager
def unbound(folder: Path) -> Iterator[int]:
    """Run unbound; give the port."""
    port = free_port()
    data = "".join(f"  local-data: '{line}'\n" for line in ZONE.splitlines())
    with nobody() as dead:
        conf = folder / "unbound.conf"
        conf.write_text(f"""
server:
  interface: 127.0.0.1@{port}
  directory: "{folder}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  do-not-query-localhost: no
  module-config: "iterator"
  access-control: 127.0.0.0/8 allow
  local-zone: "ch.example." static
{data}
auth-zone:
  name: "broken.example."
  primary: 127.0.0.1@{dead}
  for-downstream: yes
  for-upstream: no
  fallback-enabled: no
remote-control:
  control-enable: no
""")
        with running(real("unbound"), "-d", "-p", "-c", conf, port=port):
            yield port


@contextmanager
def named(folder: Path) -> Iterator[int]:
    """Run named, for its own zone only; give the port."""
    port = free_port()
    soa = "ch.example. 60 IN SOA dpi.ch.example. root.ch.example. 1 60 60 60 60\n"
    name_server = "ch.example. 60 IN NS dpi.ch.example.\n"
    (folder / "zone").write_text(soa + name_server + ZONE)
    conf = folder / "named.conf"
    conf.write_text(f"""
options {{
  directory "{folder}"; pid-file none; session-keyfile "{folder}/session.key";
  listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  recursion no; dnssec-validation no;
}};
controls {{ }};
zone "ch.example" {{ type primary; file "{folder}/zone"; }};
""")
    with running(real("named"), "-g", "-c", conf, port=port):
        _wait_for_zone(port)
        yield port


def _wait_for_zone(port: int) -> None:
    """Wait until the zone is loaded: named listens before it is."""
    question = dns.message.make_query("dpi.ch.example", "A")
    until = time.monotonic() + 30
    while dns.query.tcp(question, "127.0.0.1", 10, port).rcode() != dns.rcode.NOERROR:
        assert time.monotonic() < until, "named does not load its zone"
        time.sleep(0.02)
