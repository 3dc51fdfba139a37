"""Whole evidence bundles, altered by whoever holds every key: signed, chained and sealed again.

What is altered so gets past the signatures, to the code that makes the report again from entries
that no collector ever wrote.
"""

import io
import json
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Final

from collector.cli.verify import object_of, text_of
from collector.evidence.account import Measured, Stated, account_of, report_of
from collector.evidence.archive import ArchiveReader, ArchiveWriter
from collector.evidence.bundle import (
    CHECKPOINTS,
    CONSISTENCY,
    ENTRIES,
    MEASUREMENTS,
    REPORT,
    SEAL,
    TREE,
    WINDOW,
    Statement,
    Tree,
    encode_consistency,
    sized,
)
from collector.evidence.errors import VerificationError
from collector.evidence.partial import missing_nodes
from collector.evidence.verify import verify
from collector.evidence.writing import measurement_lines, report_bytes, window_bytes
from collector.record.entry import RegisterEntry
from collector.report.durations import Language
from probes.model.batch import Batch
from probes.model.envelope import BATCH_TYPE, ENTRY_TYPE, Envelope
from probes.model.merkle import EMPTY, consistency_path, leaf_hash, proof
from tests.collector.evidence.made_bundle import (
    AGENT_KEY,
    HOSPITAL,
    KEYS,
    LOG_KEY,
    made_log,
    note_of,
)
from tests.collector.evidence.made_bundle import WINDOW as WINDOW_ID
from tests.fuzz.mutation import alter_bytes, alter_json, alter_json_lines, alter_lines

_LEFT_OUT: Final = 5
_OLDER: Final = (3, 8)
_LEAVES: Final = made_log().leaves
GOOD: Final = made_log().bundle(without=[_LEFT_OUT], older=_OLDER)


def members_of(data: bytes) -> dict[str, bytes]:
    """Return the members of a bundle."""
    reader = ArchiveReader(io.BytesIO(data))
    return {name: reader.read(name, cap=len(data)) for name in reader.names()}


_MEMBERS: Final = members_of(GOOD)


def read(data: bytes) -> None:
    """Verify a bundle, and say to a person and to a program what came of it."""
    verification = verify(io.BytesIO(data), KEYS)
    for lang in Language:
        text_of(verification, lang)
    json.dumps(object_of(Path("x.constat"), verification), ensure_ascii=False).encode()
    if verification.fault is not None:
        raise verification.fault
    assert verification.report is not None
    assert report_bytes(verification.report) == members_of(data)[REPORT]


REFUSALS: Final = (VerificationError,)


def alter_bundle(random: Random, data: bytes) -> bytes:
    """Return a bundle of which bytes, a member, or an entry of the log was altered."""
    chance = random.random()
    if chance < 0.1:
        return alter_bytes(random, data)
    members = dict(_MEMBERS)
    if chance < 0.4:
        name = random.choice([*members])
        members[name] = _altered_member(random, name, members[name])
    else:
        leaves = _altered_log(random)
        members |= _log_members(leaves)
        if chance < 0.8:
            members |= _derived(leaves)
    return sealed(members)


def sealed(members: dict[str, bytes]) -> bytes:
    """Return the bundle of these members, with a seal that says so unless the seal was altered."""
    if members[SEAL] == _MEMBERS[SEAL]:
        digests = {name: sha256(data).hexdigest() for name, data in members.items() if name != SEAL}
        members[SEAL] = Statement(HOSPITAL, WINDOW_ID, len(_LEAVES), digests).seal(LOG_KEY)
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    for name in sorted(members):
        writer.add(name, [members[name]])
    writer.close()
    return file.getvalue()


def _altered_member(random: Random, name: str, data: bytes) -> bytes:
    if name == SEAL:
        payload = alter_json(random, Envelope.decode(data).payload)
        return Envelope.seal(Envelope.decode(data).payload_type, payload, LOG_KEY).encode()
    if name.endswith(".json"):
        return alter_json(random, data)
    return alter_json_lines(random, data) if name.endswith(".ndjson") else alter_lines(random, data)


def _altered_log(random: Random) -> list[bytes]:
    """Return the leaves with the payload of one altered, each signed and naming the one before."""
    envelopes = [Envelope.decode(leaf) for leaf in _LEAVES]
    altered = random.randrange(len(envelopes))
    leaves: list[bytes] = []
    number, previous, batch = 1, "0" * 64, "0" * 64
    for place, envelope in enumerate(envelopes):
        payload, entry = envelope.payload, envelope.payload_type == ENTRY_TYPE
        if place == altered:
            payload = alter_json(random, payload)
        if entry:
            payload = _naming(payload, {"number": number, "previous": previous})
            if place == len(envelopes) - 1:
                payload = payload.replace(_LAST_DIGEST, batch.encode())
            number, previous = number + 1, sha256(payload).hexdigest()
            leaves.append(Envelope.seal(ENTRY_TYPE, payload, LOG_KEY).encode())
        else:
            payload = _naming(payload, {"previous": batch})
            batch = sha256(payload).hexdigest()
            leaves.append(Envelope.seal(BATCH_TYPE, payload, AGENT_KEY).encode())
    return leaves


_LAST_DIGEST: Final = made_log().previous.encode()


def _naming(payload: bytes, fields: dict[str, Any]) -> bytes:
    """Return a payload with some of its fields as they must be; any other payload as it is."""
    try:
        said = json.loads(payload)
        if not isinstance(said, dict) or said | fields == said:
            return payload
        return json.dumps(said | fields, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return payload


def _derived(leaves: list[bytes]) -> dict[str, bytes]:
    """Return the members that follow from what the leaves say; none if that makes no sense."""
    root = EMPTY.appended(map(leaf_hash, leaves))[0].root
    envelopes = [*enumerate(map(Envelope.decode, leaves))]
    try:
        stated = [
            Stated(place, RegisterEntry.decode(envelope.payload))
            for place, envelope in envelopes
            if envelope.payload_type == ENTRY_TYPE
        ]
        account = account_of(stated, HOSPITAL, WINDOW_ID, stated[-1].entry.at_us)
        measured = Measured(account)
        for place, envelope in envelopes:
            if envelope.payload_type == BATCH_TYPE and place != _LEFT_OUT:
                measured.add_batch(Batch.decode(envelope.payload), place)
        return {
            WINDOW: window_bytes(account),
            MEASUREMENTS: b"".join(measurement_lines(measured)),
            REPORT: report_bytes(report_of(account, measured, len(leaves), root)),
        }
    except Exception:  # noqa: BLE001 - nobody could export that; verifying it is another thing
        return {}


def _log_members(leaves: list[bytes]) -> dict[str, bytes]:
    """Return the members that follow from the leaves of the log."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    nodes = EMPTY.appended(hashes)[1]
    size = len(leaves)
    spans = ((0, _LEFT_OUT), (_LEFT_OUT + 1, size))
    missing = {node: nodes[node] for node in missing_nodes(size, spans)}
    proofs = {old: proof(consistency_path(old, size), nodes) for old in _OLDER}
    kept = (leaf for place, leaf in enumerate(leaves) if place != _LEFT_OUT)
    return {
        ENTRIES: b"".join(leaf + b"\n" for leaf in kept),
        TREE: Tree(size, spans, missing).encode(),
        CONSISTENCY: encode_consistency(proofs),
        **{
            sized(CHECKPOINTS, each, ".txt"): note_of(hashes[:each]).text().encode()
            for each in (*_OLDER, size)
        },
    }
