"""The link by which a recipient acknowledges a letter.

What proves a link is made from the collector's key and the letter, so nothing is stored that could
be stolen, and no link can be guessed from another.
"""

import hmac
from base64 import urlsafe_b64encode
from typing import Final
from urllib.parse import quote

from collector.store.letters import Letter
from probes.model.keys import SigningKey

PATH: Final = "/accuse"
CALENDAR: Final = "windows.ics"
WITNESS: Final = "witness"


def acknowledge_url(public_url: str, key: SigningKey, letter: Letter) -> str:
    """Return the link of a letter; none when recipients cannot reach the collector."""
    if not public_url:
        return ""
    place = f"{quote(letter.tenant)}/{quote(letter.letter, safe='')}"
    return f"{public_url}{PATH}/{place}?preuve={proof_of(key, letter.tenant, letter.letter)}"


def calendar_url(public_url: str, key: SigningKey, tenant: str) -> str:
    """Return the address of a hospital's calendar of windows."""
    proof = proof_of(key, tenant, CALENDAR)
    return f"{public_url}/v1/hospitals/{quote(tenant)}/{CALENDAR}?preuve={proof}"


def witness_token(key: SigningKey, tenant: str) -> str:
    """Return what the witness of a hospital shows to read its log."""
    return proof_of(key, tenant, WITNESS)


def proof_of(key: SigningKey, tenant: str, letter: str) -> str:
    """Return what shows that somebody holds the link of a letter."""
    secret = hmac.digest(key.seed, b"constat acknowledgement", "sha256")
    said = f"{tenant}\n{letter}".encode()
    return urlsafe_b64encode(hmac.digest(secret, said, "sha256")[:24]).decode()


def proves(key: SigningKey, tenant: str, letter: str, proof: str) -> bool:
    """Return whether a proof is that of a letter's link."""
    return hmac.compare_digest(proof_of(key, tenant, letter).encode(), proof.encode())
