"""A time-stamping authority of one's own: its keys and certificates, and `openssl ts` behind HTTP.

The tokens are OpenSSL's, made from a request as any authority would make them. What an authority
does only when it is broken, an `Answer` asks of the server.
"""

import asyncio
import datetime as dt
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import NoReturn, TypeAlias

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

POLICY = "1.2.3.4.1"

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_STAMPS = (ExtendedKeyUsageOID.TIME_STAMPING,)
_DAY = dt.timedelta(days=1)
_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_digest = sha256
default_policy = {policy}
digests = {digests}
accuracy = secs:1, millisecs:500, microsecs:100
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = {ess}
"""


def certificate(  # noqa: PLR0913 - what a certificate says
    name: str,
    key: PrivateKey,
    issuer: "tuple[x509.Certificate, PrivateKey] | None" = None,
    *,
    authority: bool = False,
    purposes: tuple[x509.ObjectIdentifier, ...] = _STAMPS,
    critical: bool = True,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> x509.Certificate:
    """Return a certificate, signed by its issuer or by itself; valid from yesterday, for a year."""
    now = dt.datetime.now(dt.UTC)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Autorité d'Exemple"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start or now - _DAY)
        .not_valid_after(end or now + 365 * _DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if purposes and (not authority or purposes != _STAMPS):  # an authority only when asked to
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
    return builder.sign(key if issuer is None else issuer[1], hashes.SHA256())


class Answer(Enum):
    """How the server answers a request."""

    TOKEN = auto()
    REFUSAL = auto()
    NOTHING = auto()
    ERROR = auto()
    GARBAGE = auto()
    PAGE = auto()
    ENDLESS = auto()
    REDIRECT = auto()
    CUT = auto()
    STALE = auto()


@dataclass
class Authority:
    """An authority: a root, an authority below it, and the certificate that signs time stamps."""

    folder: Path
    root: x509.Certificate
    middle: x509.Certificate
    signer: x509.Certificate
    signer_key: PrivateKey
    middle_key: PrivateKey
    answers: list[Answer] = field(default_factory=list)
    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    first_reply: bytes = b""
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def make(cls, folder: Path, *, elliptic: bool = False, ess: str = "sha256") -> "Authority":
        """Make the keys, certificates and configuration of an authority in a folder."""
        root_key, middle_key, signer_key = (
            ec.generate_private_key(ec.SECP256R1())
            if elliptic
            else rsa.generate_private_key(65537, 2048)
            for _ in range(3)
        )
        root = certificate("Racine", root_key, authority=True)
        middle = certificate("Intermédiaire", middle_key, (root, root_key), authority=True)
        signer = certificate("Horodatage", signer_key, (middle, middle_key))
        made = cls(folder, root, middle, signer, signer_key, middle_key)
        made.write(ess)
        return made

    @property
    def root_file(self) -> Path:
        """The file of what an auditor pins."""
        return self.folder / "root.pem"

    def write(self, ess: str) -> None:
        self.root_file.write_bytes(pem(self.root))
        (self.folder / "chain.pem").write_bytes(pem(self.middle) + pem(self.root))
        (self.folder / "signer.pem").write_bytes(pem(self.signer))
        key = self.signer_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "signer.key").write_bytes(key)
        (self.folder / "serial").write_text("01\n")
        for name, digests in (("tsa", "sha256"), ("refusing", "sha512")):
            text = _CONFIG.format(folder=self.folder, policy=POLICY, digests=digests, ess=ess)
            (self.folder / f"{name}.cnf").write_text(text)

    def reply(self, request: bytes, config: str = "tsa") -> bytes:
        """Return what `openssl ts` answers to a request."""
        query = self.folder / "query.tsq"
        query.write_bytes(request)
        names = ("signer.pem", "signer.key", "chain.pem")
        signer, key, chain = (str(self.folder / name) for name in names)
        conf = str(self.folder / f"{config}.cnf")
        options = ["-signer", signer, "-inkey", key, "-chain", chain, "-config", conf]
        return _openssl("ts", "-reply", "-queryfile", str(query), *options)

    def approves(self, token: bytes, note: bytes) -> bool:
        """Return whether `openssl ts -verify` takes a token of a note."""
        (self.folder / "token.der").write_bytes(token)
        (self.folder / "note").write_bytes(note)
        names = ("token.der", "note", "root.pem")
        held, data, root = (str(self.folder / name) for name in names)
        command = ["openssl", "ts", "-verify", "-in", held, "-token_in", "-data", data]
        done = subprocess.run([*command, "-CAfile", root], capture_output=True, check=False)
        return done.returncode == 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Authority"]:
        """Answer on a free port, as each of `answers` says, and with a token after the last."""
        app = web.Application()
        app.router.add_post("/tsa", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/tsa"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.requests.append(body)
        self.asked.set()
        answer = self.answers.pop(0) if self.answers else Answer.TOKEN
        match answer:
            case Answer.TOKEN:
                made = self.reply(body)
                self.first_reply = self.first_reply or made
            case Answer.STALE:
                made = self.first_reply
            case Answer.REFUSAL:
                made = self.reply(body, "refusing")
            case Answer.GARBAGE:
                made = b"\x30\x03\x02\x01"
            case _:
                return await _broken(request, answer)
        return web.Response(body=made, content_type="application/timestamp-reply")


def pem(held: x509.Certificate) -> bytes:
    """Return a certificate as PEM."""
    return held.public_bytes(Encoding.PEM)


def token_of(response: bytes, folder: Path) -> bytes:
    """Return the token of a granted answer, as OpenSSL reads it."""
    file = folder / "reply.tsr"
    file.write_bytes(response)
    return _openssl("ts", "-reply", "-in", str(file), "-token_out")


async def _broken(request: web.Request, answer: Answer) -> web.StreamResponse:
    match answer:
        case Answer.NOTHING:
            return await _silence()
        case Answer.ENDLESS:
            return await _endless(request)
        case Answer.CUT:
            return await _cut(request)
        case Answer.REDIRECT:
            return web.Response(status=302, headers={"Location": str(request.url)})
        case Answer.PAGE:
            return web.Response(text="<html>Sign in</html>", content_type="text/html")
        case _:
            return web.Response(status=503, text="not now")


async def _endless(request: web.Request) -> NoReturn:
    response = web.StreamResponse(headers={"Content-Type": "application/timestamp-reply"})
    await response.prepare(request)
    while True:
        await response.write(bytes(65_536))


def _openssl(*arguments: str) -> bytes:
    return subprocess.run(["openssl", *arguments], capture_output=True, check=True).stdout


async def _silence() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError


async def _cut(request: web.Request) -> NoReturn:
    response = web.StreamResponse(headers={"Content-Length": "2000"})
    await response.prepare(request)
    await response.write(b"\x30\x82")
    assert request.transport is not None
    request.transport.abort()
    await _silence()
