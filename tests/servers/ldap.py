"""Directories: a real slapd of Debian, and ones that answer as a test says."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sansldap import LDAPMessage, LDAPResultCode, LDAPServer, PartialAttribute

from tests.servers.listening import Talk, fall_silent
from tests.servers.real import folder_of, free_port, real, running
from tests.servers.web import PATIENT

BASE = "dc=ch,dc=example"
ADMIN = f"cn=admin,{BASE}"
PASSWORD = "let-me-in"
LDIF = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: ch
o: Centre hospitalier

dn: cn=Martin,{BASE}
objectClass: person
cn: Martin
sn: {PATIENT}

dn: cn=Durand,{BASE}
objectClass: person
cn: Durand
sn: {PATIENT}
"""


class Ports(NamedTuple):
    """Where a directory listens: in clear, and inside TLS from the first byte."""

    plain: int
    secure: int


@contextmanager
def slapd(certificate: Path, options: str = "") -> Iterator[Ports]:
    """Run OpenLDAP with a database of three entries; give its ports."""
    with folder_of("openldap") as folder:
        ports = Ports(free_port(), free_port())
        data, conf = folder / "data", folder / "slapd.conf"
        data.mkdir()
        pem = folder / "server.pem"
        pem.write_bytes(certificate.read_bytes())
        conf.write_text(f"""
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCertificateFile {pem}
TLSCertificateKeyFile {pem}
database mdb
suffix "{BASE}"
rootdn "{ADMIN}"
rootpw {PASSWORD}
directory {data}
{options}
""")
        # As whoever starts it: its files are in a folder that only we may enter.
        subprocess.run(
            [real("slapadd"), "-f", conf], input=LDIF, text=True, check=True, capture_output=True
        )
        urls = f"ldap://127.0.0.1:{ports.plain} ldaps://127.0.0.1:{ports.secure}"
        with running(real("slapd"), "-d", "0", "-f", conf, "-h", urls, port=ports.plain):
            yield ports


Answer = Callable[[LDAPServer, LDAPMessage], None]


def directory(*answers: Answer, stay: bool = True, more: bytes = b"", saying: str = "") -> Talk:
    """Return the conversation of a directory that gives each request the next of some answers.

    `saying` is said in place of the patient's name that its texts hold.
    """

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = LDAPServer()
        for answer in answers:
            messages: list[LDAPMessage] = []
            while not messages:
                data = await reader.read(65_536)
                if not data:
                    return
                messages = server.receive(data)
            answer(server, messages[0])
            said = server.data_to_send() + more
            if saying:
                assert len(saying) <= len(PATIENT)
                said = said.replace(PATIENT.encode(), saying.ljust(len(PATIENT)).encode())
            writer.write(said)
            await writer.drain()
        if stay:
            await fall_silent(reader)

    return talk


def bound(code: LDAPResultCode = LDAPResultCode.SUCCESS) -> Answer:
    """Return what answers a bind."""

    def answer(server: LDAPServer, request: LDAPMessage) -> None:
        server.bind_response(
            request.message_id, result_code=code, diagnostics_message=PATIENT, matched_dn=PATIENT
        )

    return answer


def found(
    entries: int,
    code: LDAPResultCode = LDAPResultCode.SUCCESS,
    references: int = 0,
    attributes: tuple[tuple[str, bytes], ...] = (),
) -> Answer:
    """Return what answers a search."""

    def answer(server: LDAPServer, request: LDAPMessage) -> None:
        held = [PartialAttribute(name, [value]) for name, value in attributes]
        for _ in range(entries):
            server.search_result_entry(request.message_id, f"cn={PATIENT}", held)
        for _ in range(references):
            server.search_result_reference(request.message_id, [f"ldap://{PATIENT}"])
        server.search_result_done(request.message_id, result_code=code, diagnostics_message=PATIENT)

    return answer


def extended(code: LDAPResultCode) -> Answer:
    """Return what answers StartTLS."""

    def answer(server: LDAPServer, request: LDAPMessage) -> None:
        server.extended_response(request.message_id, result_code=code)

    return answer


def notice_of_disconnection() -> bytes:
    """Return the message by which a directory leaves (RFC 4511, section 4.4.1)."""
    result = b"\x0a\x01\x34\x04\x00" + _tagged(0x04, PATIENT.encode())
    response = _tagged(0x78, result + _tagged(0x8A, b"1.3.6.1.4.1.1466.20036"))
    return _tagged(0x30, b"\x02\x01\x00" + response)


def _tagged(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content
