"""Time stamps to start from: `python -m tests.fuzz.stamps` has OpenSSL make them again.

They are kept in files, since nobody can make the same again: keys and signatures are random.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from collector.evidence.stamp_exchange import read_response, request
from tests.fuzz.seeds import NOTES

NOTE: Final = NOTES[0]
NONCE: Final = 77

_ASSETS: Final = Path(__file__).parent / "assets"
_KINDS: Final = ("elliptic", "rsa")


def roots() -> list[x509.Certificate]:
    """Return the certificates that are pinned."""
    return [
        x509.load_der_x509_certificate((_ASSETS / f"{kind}.root.der").read_bytes())
        for kind in _KINDS
    ]


def answers() -> tuple[bytes, ...]:
    """Return the answers of the authorities to the request."""
    return tuple((_ASSETS / f"{kind}.answer.der").read_bytes() for kind in _KINDS)


def tokens() -> tuple[bytes, ...]:
    """Return the tokens in them."""
    pinned = roots()
    return tuple(read_response(answer, NOTE, NONCE, pinned)[0] for answer in answers())


def main() -> None:
    """Make the answers again, each by an authority made for it."""
    from tests.servers.timestamps import Authority  # noqa: PLC0415 - aiohttp is not where one fuzzes

    for kind in _KINDS:
        with TemporaryDirectory() as folder:
            authority = Authority.make(Path(folder), elliptic=kind == "elliptic")
            root = authority.root.public_bytes(Encoding.DER)
            (_ASSETS / f"{kind}.root.der").write_bytes(root)
            (_ASSETS / f"{kind}.answer.der").write_bytes(authority.reply(request(NOTE, NONCE)))


if __name__ == "__main__":
    main()
