"""Each step of the second verifier finds what was forged with the log's own key."""

import base64
import io
import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from collector.evidence import verifier
from collector.evidence.bundle import Keys
from collector.evidence.names import Person, commitment
from collector.evidence.verify import verify
from collector.evidence.writing import names_bytes
from probes.model.canonical import encode
from probes.model.checkpoint import cosign, verifier_key
from probes.model.envelope import ENTRY_TYPE, Envelope
from probes.model.instant import SECOND
from probes.model.keys import SigningKey
from tests.collector.evidence.resealing import (
    ENTRIES,
    edited,
    members_of,
    resealed,
    unsigned,
)
from tests.collector.evidence.worlds import PLAN, WINDOW, Parts, World, note_of, parts_of, upgraded
from tests.collector.store.agents import LOG_KEY, TENANT

WITNESS = SigningKey.from_seed(b"witness".ljust(32, b"."))
OTHER = SigningKey.from_seed(b"another".ljust(32, b"."))


def small() -> World:
    """A world that takes little time: two agents, an hour, a measurement a minute."""
    return upgraded(batches=12, rows=10)


def found(bundle: bytes, pinned: dict[str, Any] | None = None) -> str | None:
    """The code of the first fault; None for a sound bundle."""
    result = verifier.verify(io.BytesIO(bundle), pinned, lambda _code, _facts: None)
    return None if result.fault is None else result.fault[0]


def both(bundle: bytes) -> tuple[str | None, str | None]:
    """What the second and the main verifier find."""
    fault = verify(io.BytesIO(bundle)).fault
    return found(bundle), None if fault is None else str(fault.code)


def witnessed(world: World, *sizes: int, key: SigningKey = WITNESS) -> Parts:
    """The parts of a bundle with older checkpoints that a witness cosigned."""
    older = {
        size: [cosign(note_of(world, size).checkpoint, "temoin", key, PLAN.start // SECOND)]
        for size in sizes
    }
    parts = parts_of(world, older=older)
    known = (verifier_key("temoin", WITNESS.verifying_key, witness=True),)
    parts.proofs = replace(parts.proofs, keys=Keys(parts.proofs.keys.log, known))
    return parts


def without(world: World, index: int) -> bytes:
    """A bundle in which a node stands for a batch of the first agent that should be there."""
    agent = world.senders[0].agent
    batches = [
        place
        for place, line in enumerate(world.log)
        if f'"agent":"{agent}"' in verifier.read_envelope(line).payload.decode()
        and verifier.read_envelope(line).type == verifier.BATCH
    ]
    return parts_of(world, leave_out=lambda place, _: place == batches[index]).sealed()


def restated(world: World, name: str, value: object) -> bytes:
    """A bundle whose last entry but one says something else of its place or its time."""
    payload = json.loads(verifier.read_envelope(world.log[-2]).payload)
    world.log[-2] = sealed_entry({**payload, name: value})
    return parts_of(world).sealed()


def sealed_entry(payload: object) -> bytes:
    return Envelope.seal(ENTRY_TYPE, encode(payload), LOG_KEY).encode()


def longer_consistency(bundle: bytes) -> bytes:
    def edit(value: dict[str, Any]) -> None:
        value["proofs"][0]["hashes"].append(value["proofs"][0]["hashes"][0])

    return edited(bundle, "proofs/consistency.json", edit)


def shorter_upper(value: dict[str, Any]) -> None:
    value["duration"]["upper_us"] -= 1


def without_a_line(bundle: bytes, name: str) -> bytes:
    members = members_of(bundle)
    lines = members[name].splitlines(keepends=True)
    return resealed({**members, name: b"".join(lines[:40] + lines[41:])})


def misnamed(bundle: bytes) -> bytes:
    salt, person = bytes(range(32)), Person("Camille Martin", "c@ch-exemple.example")
    sealed = names_bytes([(commitment(person, salt), Person("Alix Roy"), salt)])
    return resealed({**members_of(bundle), "names.json": sealed})


def weak_keys(bundle: bytes) -> bytes:
    """A bundle whose log's key is the neutral point of the curve."""
    raw = (1).to_bytes(32, "little")
    number = sha256(b"constat/weak\n\x01" + raw).hexdigest()[:8]
    text = f"constat/weak+{number}+{base64.b64encode(bytes([1]) + raw).decode()}"
    return edited(bundle, "keys.json", lambda keys: keys.update(log=text))


FAULTS: dict[str, Callable[[], bytes]] = {
    "archive": lambda: parts_of(small()).sealed() + b"\n",
    "keys": lambda: weak_keys(parts_of(small()).sealed()),
    "seal": lambda: resealed(members_of(parts_of(small()).sealed()), OTHER),
    "checkpoint": lambda: resealed(
        members_of(parts_of(small()).sealed()),
        predicate={"schema": "constat.bundle/1", "hospital": TENANT, "window": WINDOW, "size": 9},
    ),
    "tree": lambda: without_a_line(parts_of(small()).sealed(), ENTRIES),
    "entries": lambda: forged_signature(small()),
    "register": lambda: restated(small(), "number", 99),
    "batches": lambda: without(small(), 4),
    "consistency": lambda: longer_consistency(witnessed(small(), 7).sealed()),
    "witness": lambda: forged_cosignature(small()),
    "timestamp": lambda: resealed(
        {**members_of(witnessed(small(), 7).sealed()), "timestamps/000000000007.tsr": b"0"}
    ),
    "names": lambda: misnamed(parts_of(small()).sealed()),
    "window": lambda: edited(
        parts_of(small()).sealed(), "window.json", lambda window: window.update(status="announced")
    ),
    "measurements": lambda: without_a_line(parts_of(small()).sealed(), "measurements.ndjson"),
    "report": lambda: edited(parts_of(small()).sealed(), "report.json", shorter_upper),
}


def forged_signature(world: World) -> bytes:
    world.log[30] = unsigned(world.log[30])
    return parts_of(world).sealed()


def forged_cosignature(world: World) -> bytes:
    """A line under the name and number of the witness that its key did not make."""
    bundle = witnessed(world, 7).sealed()
    members = members_of(bundle)
    name = "checkpoints/000000000007.txt"
    note, line = members[name].decode().rstrip("\n").rsplit("\n", 1)
    value = bytearray(verifier.unbase64(line.split(" ")[2]))
    value[11] ^= 1  # the last byte of the time, after four of the key's identifier
    forged = f"\u2014 temoin {base64.b64encode(value).decode()}"
    return resealed({**members, name: f"{note}\n{forged}\n".encode()})


@pytest.mark.parametrize("code", FAULTS)
def test_every_step_finds_its_fault_as_the_main_verifier_does(code: str) -> None:
    assert both(FAULTS[code]()) == (code, code)


def test_the_key_of_another_log_than_the_pinned_one_is_refused() -> None:
    world = small()
    bundle = parts_of(world).sealed()
    claimed = json.loads(members_of(bundle)["keys.json"])
    name = claimed["log"].partition("+")[0]
    other = {**claimed, "log": verifier_key(name, OTHER.verifying_key)}
    assert (found(bundle, claimed), found(bundle, other)) == (None, "keys")


def test_every_step_is_tried() -> None:
    assert list(FAULTS) == [code for code, *_ in verifier.STEPS]
