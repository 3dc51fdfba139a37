"""An authority of the tests, and certificates that are wrong in one way each."""

import datetime as dt
import ssl
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A certificate authority that nobody trusts unless told to."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    intermediate: bool = False

    def write(self, folder: Path) -> str:
        """Write the certificate where a check can name it; return the path."""
        path = folder / "authority.pem"
        path.write_bytes(self._pem)
        return str(path)

    @property
    def _pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def below(self, name: str, until: dt.timedelta = _DAY) -> "Authority":
        """Return an authority that this one vouches for."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(name, key, dt.datetime.now(dt.UTC) + until)
            .issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        return Authority(key, certificate, intermediate=True)

    def server(
        self,
        folder: Path,
        *,
        address: str = "127.0.0.1",
        until: dt.timedelta = _DAY,
        whole: bool = True,
    ) -> ssl.SSLContext:
        """Return the TLS of a server whose certificate is for an address.

        It is valid for ten days, the last of which ends `until` from now. Key and certificates are
        in `server.pem`, without those of the authorities in between unless the chain is `whole`.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        certificate = (
            _builder("server", key, dt.datetime.now(dt.UTC) + until)
            .issuer_name(self.certificate.subject)
            .add_extension(names, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        rest = self._pem if self.intermediate and whole else b""
        return _serving(folder, key, certificate, rest)


@cache
def authority(name: str = "Tests", until: dt.timedelta = _DAY) -> Authority:
    """Return the authority of that name; the same one every time."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, key, dt.datetime.now(dt.UTC) + until)
    certificate = (
        builder.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_key_usage(), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def self_signed(folder: Path, address: str = "127.0.0.1") -> ssl.SSLContext:
    """Return the TLS of a server for whose certificate nobody but itself vouches."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder("server", key, dt.datetime.now(dt.UTC) + _DAY)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")]))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    return _serving(folder, key, certificate)


def _serving(
    folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, rest: bytes = b""
) -> ssl.SSLContext:
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
        + rest
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _builder(
    name: str, key: ec.EllipticCurvePrivateKey, until: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - 10 * _DAY)
        .not_valid_after(until)
    )


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
