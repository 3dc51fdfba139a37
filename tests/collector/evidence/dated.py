"""A stamping authority with fixed keys, and a bundle whose announcement it stamped."""

import datetime as dt
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from collector.evidence.bundle import Keys
from collector.record.stamped import CHECKPOINT_STAMPED, Stamped
from probes.model.checkpoint import Note
from probes.model.instant import parse_instant
from tests.collector.evidence.attacking import PINNED, ended
from tests.collector.evidence.forging import Forgery
from tests.collector.evidence.worlds import World, checks_at, note_of, parts_of
from tests.collector.store.agents import NOON_US
from tests.servers.timestamps import certificate, pem

STAMPED_AT: Final = b"20261102120500Z"
# All items of the catalogue, and the announcement.
SIZE: Final = 11

_STARTED: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_ENDED: Final = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)


class Stamping(NamedTuple):
    """An authority: its root, and the certificate and key that stamp."""

    root: x509.Certificate
    signer: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _authority(seed: int) -> Stamping:
    root_key, key = (ec.derive_private_key(number, ec.SECP256R1()) for number in (seed, seed + 1))
    root = certificate("Racine", root_key, authority=True, start=_STARTED, end=_ENDED)
    signer = certificate("Horodatage", key, (root, root_key), start=_STARTED, end=_ENDED)
    return Stamping(root, signer, key)


AUTHORITY: Final = _authority(1_000)
OTHER_AUTHORITY: Final = _authority(2_000)


def pinning_authority() -> Keys:
    """The keys of an auditor who knows the authority."""
    return Keys(PINNED.log, (), (pem(AUTHORITY.root).decode(),))


def token_over(note: Note, *, by: Stamping = AUTHORITY, at: bytes = STAMPED_AT) -> bytes:
    """A token over a checkpoint."""
    return Forgery(note.text().encode(), by.signer, by.key, at=at).token()


def dated(token: bytes | None = None, **fields: str) -> bytes:
    """A bundle of a log that has a time stamp over the announcement of its window."""
    world = World()
    world.agree()
    world.announce()
    assert len(world.log) == SIZE
    held = token_over(note_of(world, SIZE)) if token is None else token
    at_us = parse_instant("2026-11-02T12:05:00Z")
    world.now_us = at_us
    stamped = Stamped(SIZE, at_us, None, "CN=Horodatage", held)
    world.state(CHECKPOINT_STAMPED, {**stamped.body(), **fields}, "collector")
    world.now_us = NOON_US
    for number in (1, 2):
        world.enrol(f"poste-{number:02}")
    for number in range(3):
        for sender in world.senders:
            world.measure(sender, *checks_at(number * 600, 6, 100, 20))
    return parts_of(ended(world), older={SIZE: ()}, stamps={SIZE: held}).sealed()
