"""Whole evidence bundles, altered by whoever holds every key: signed, chained and sealed again.

What is altered so gets past the signatures, to the code that makes the report again from entries
that no collector ever wrote.
"""

import io
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Final

from collector.cli.verify import object_of, text_of
from collector.evidence.archive import ArchiveReader, ArchiveWriter
from collector.evidence.bundle import (
    CHECKPOINTS,
    CONSISTENCY,
    ENTRIES,
    REPORT,
    SEAL,
    TREE,
    Keys,
    Statement,
    Tree,
    encode_consistency,
    sized,
)
from collector.evidence.errors import VerificationError
from collector.evidence.partial import missing_nodes
from collector.evidence.verify import verify
from collector.record.import_body import import_bodies
from collector.record.roster import IMPORTED_KIND
from collector.report.as_json import report_bytes
from collector.report.durations import Language
from probes.model.checkpoint import cosign, verifier_key
from probes.model.envelope import BATCH_TYPE, ENTRY_TYPE, Envelope
from probes.model.instant import HOUR, MINUTE, SECOND
from probes.model.keys import SigningKey
from probes.model.measurement import Measurement
from probes.model.merkle import EMPTY, consistency_path, leaf_hash, proof
from tests.collector.evidence.worlds import (
    PLAN,
    WINDOW,
    World,
    checks_at,
    note_of,
    parts_of,
)
from tests.collector.store.agents import NOON_US
from tests.fuzz.mutation import alter_bytes, alter_json, alter_json_lines, alter_lines
from tests.fuzz.seeds import MEASUREMENTS

REFUSALS: Final = (VerificationError,)

_WITNESS: Final = SigningKey.from_seed(b"witness".ljust(32, b"."))
_LONG_BEFORE_S: Final = -60 * HOUR // SECOND
_SMALLER: Final = 3


def _world() -> tuple[World, int]:
    """Make a log, and return where its first batch is: too old for the window to need it."""
    world = World()
    world.agree()
    world.announce()
    world.now_us = NOON_US
    sender = world.enrol("poste-01")
    first = world.measure(sender, *checks_at(_LONG_BEFORE_S, 1, 600, 20))
    world.measure(sender, *checks_at(_LONG_BEFORE_S + 600, 1, 600, 20))
    moved = {"window": WINDOW, "start_us": PLAN.start, "end_us": PLAN.end + MINUTE}
    world.state("window.rescheduled", moved)
    for number in range(6, 12):
        world.measure(sender, *checks_at(number * 600, 2, 300, 20))
    [(imported, _)] = import_bodies(_imported(), {"dpi-login": 10 * SECOND}, "grafana")
    world.state(IMPORTED_KIND, imported)
    world.conclude()
    change = {"field": "version_to", "old": "", "new": "4.3.0"}
    corrected = {"window": WINDOW, "reason": "forgotten", "changes": [change]}
    world.state("window.corrected", corrected)
    world.export()
    return world, first


def _imported() -> list[Measurement]:
    """Return measurements from elsewhere, of the time of the window."""
    later_us = PLAN.start - MEASUREMENTS[0].start_us
    return [
        replace(each, start_us=each.start_us + later_us, vantage=f"ailleurs-{each.vantage}")
        for each in MEASUREMENTS
    ]


_WORLD, _LEFT_OUT = _world()
_LEAVES: Final = _WORLD.log
_AGENT_KEY: Final = _WORLD.senders[0].key
_OLDER: Final = (_SMALLER, len(_LEAVES) - 2)


def _cosigned(world: World, size: int) -> str:
    """Return the line by which the witness saw a log at a size."""
    checkpoint = note_of(world, size).checkpoint
    return cosign(checkpoint, "temoin", _WITNESS, PLAN.start // SECOND)


def _bundle(world: World) -> bytes:
    """Return the bundle of a log, as it follows from its leaves."""
    older = {size: [_cosigned(world, size)] for size in _OLDER}
    parts = parts_of(world, leave_out=lambda place, _: place == _LEFT_OUT, older=older)
    return parts.sealed()


GOOD: Final = _bundle(_WORLD)


def members_of(data: bytes) -> dict[str, bytes]:
    """Return the members of a bundle."""
    reader = ArchiveReader(io.BytesIO(data))
    return {name: reader.read(name, cap=len(data)) for name in reader.names()}


_MEMBERS: Final = members_of(GOOD)
_KEYS: Final = Keys(
    json.loads(_MEMBERS["keys.json"])["log"],
    (verifier_key("temoin", _WITNESS.verifying_key, witness=True),),
)


def read(data: bytes) -> None:
    """Verify a bundle, and say to a person and to a program what came of it."""
    verification = verify(io.BytesIO(data), _KEYS)
    for lang in Language:
        text_of(verification, lang)
    json.dumps(object_of(Path("x.constat"), verification), ensure_ascii=False).encode()
    if verification.fault is not None:
        raise verification.fault
    assert verification.report is not None
    assert report_bytes(verification.report) == members_of(data)[REPORT]


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
        world = replace(_WORLD, log=_altered_log(random))
        if chance < 0.8:
            try:
                return _bundle(world)
            except Exception:  # noqa: BLE001 - it cannot be exported, and yet be sent
                pass
        members |= _log_members(world)
    return sealed(members)


def sealed(members: dict[str, bytes]) -> bytes:
    """Return the bundle of these members, with a seal that says so unless the seal was altered."""
    if members[SEAL] == _MEMBERS[SEAL]:
        digests = {name: sha256(data).hexdigest() for name, data in members.items() if name != SEAL}
        members[SEAL] = Statement(_WORLD.tenant, WINDOW, len(_LEAVES), digests).seal(_WORLD.key)
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    for name in sorted(members):
        writer.add(name, [members[name]])
    writer.close()
    return file.getvalue()


def _altered_member(random: Random, name: str, data: bytes) -> bytes:
    if name == SEAL:
        payload = alter_json(random, Envelope.decode(data).payload)
        return Envelope.seal(Envelope.decode(data).payload_type, payload, _WORLD.key).encode()
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
            leaves.append(Envelope.seal(ENTRY_TYPE, payload, _WORLD.key).encode())
        else:
            payload = _naming(payload, {"previous": batch})
            batch = sha256(payload).hexdigest()
            leaves.append(Envelope.seal(BATCH_TYPE, payload, _AGENT_KEY).encode())
    return leaves


_LAST_DIGEST: Final = _WORLD.senders[0].previous.encode()


def _naming(payload: bytes, fields: dict[str, Any]) -> bytes:
    """Return a payload with some of its fields as they must be; any other payload as it is."""
    try:
        said = json.loads(payload)
        if not isinstance(said, dict) or said | fields == said:
            return payload
        return json.dumps(said | fields, separators=(",", ":"), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return payload


def _log_members(world: World) -> dict[str, bytes]:
    """Return the members that follow from the leaves of the log, whatever they say."""
    hashes = [leaf_hash(leaf) for leaf in world.log]
    nodes = EMPTY.appended(hashes)[1]
    size = len(hashes)
    spans = ((0, _LEFT_OUT), (_LEFT_OUT + 1, size))
    missing = {node: nodes[node] for node in missing_nodes(size, spans)}
    proofs = {old: proof(consistency_path(old, size), nodes) for old in _OLDER}
    kept = (leaf for place, leaf in enumerate(world.log) if place != _LEFT_OUT)
    return {
        ENTRIES: b"".join(leaf + b"\n" for leaf in kept),
        TREE: Tree(size, spans, missing).encode(),
        CONSISTENCY: encode_consistency(proofs),
        **{
            sized(CHECKPOINTS, each, ".txt"): note_of(world, each)
            .with_lines([_cosigned(world, each)])
            .text()
            .encode()
            for each in (*_OLDER, size)
        },
    }
