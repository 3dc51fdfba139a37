"""A bundle taken apart, changed and sealed again, as somebody could who holds the log's key."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from collector.evidence.archive import ArchiveReader, ArchiveWriter
from probes.model.canonical import encode
from probes.model.envelope import Envelope
from probes.model.keys import SigningKey
from tests.collector.store.agents import LOG_KEY

SEAL = "seal.dsse"
ENTRIES = "entries/entries.ndjson"
Members = dict[str, bytes]


def members_of(bundle: bytes) -> Members:
    """The members of a bundle."""
    archive = ArchiveReader(io.BytesIO(bundle))
    return {name: archive.read(name, 1 << 30) for name in archive.names()}


def archived(members: Mapping[str, bytes]) -> bytes:
    """An archive of some members."""
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    for name in sorted(members):
        writer.add(name, [members[name]])
    writer.close()
    return file.getvalue()


def resealed(members: Members, key: SigningKey = LOG_KEY, **changes: object) -> bytes:
    """An archive of some members, under a seal of them whose statement may have other fields."""
    envelope = Envelope.decode(members[SEAL])
    subject = [
        {"name": name, "digest": {"sha256": sha256(members[name]).hexdigest()}}
        for name in sorted(members)
        if name != SEAL
    ]
    statement = {**json.loads(envelope.payload), "subject": subject, **changes}
    seal = Envelope.seal(envelope.payload_type, encode(statement), key).encode()
    return archived({**members, SEAL: seal})


def edited(bundle: bytes, name: str, edit: Callable[[Any], object]) -> bytes:
    """A bundle in which one member, JSON, was edited before it was sealed."""
    members = members_of(bundle)
    value = json.loads(members[name])
    edit(value)
    return resealed({**members, name: encode(value)})


def unsigned(line: bytes) -> bytes:
    """The line of an envelope with one bit of its signature changed."""
    fields = json.loads(line)
    signature = bytearray(base64.b64decode(fields["signatures"][0]["sig"]))
    signature[5] ^= 4
    fields["signatures"][0]["sig"] = base64.b64encode(signature).decode()
    return encode(fields)
