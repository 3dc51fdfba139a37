"""Writing an evidence bundle: what was gathered becomes members in order, sealed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import BinaryIO, NamedTuple

from collector.evidence.account import Account, Measured
from collector.evidence.archive import CHUNK_BYTES, ArchiveWriter
from collector.evidence.bundle import (
    CHECKPOINTS,
    CONSISTENCY,
    ENTRIES,
    KEYS,
    MEASUREMENTS,
    NAMES,
    PDF,
    README,
    REPORT,
    SEAL,
    TIMESTAMPS,
    TREE,
    VERIFIER,
    WINDOW,
    Keys,
    Statement,
    Tree,
    encode_consistency,
    sized,
)
from collector.evidence.names import Person
from collector.evidence.window_file import window_document
from collector.report.as_json import report_bytes
from collector.report.value import Report
from probes.model.canonical import JsonValue, encode
from probes.model.checkpoint import Note
from probes.model.keys import SigningKey
from probes.model.measurement import write_measurement


@dataclass(frozen=True, slots=True)
class Proofs:
    """What shows that the entries are the log's: checkpoints by size, their stamps, and the tree.

    The largest checkpoint is the one the tree comes to; `consistency` leads to it from the others.
    """

    tree: Tree
    checkpoints: Mapping[int, Note]
    consistency: Mapping[int, list[bytes]]
    stamps: Mapping[int, bytes]
    keys: Keys


class Ending(NamedTuple):
    """The window of a bundle, its report as drawn, and names; the latter two may be empty."""

    window: bytes
    pdf: bytes
    names: bytes


def window_bytes(account: Account) -> bytes:
    """Return the member `window.json`."""
    document = window_document(account.window, account.intervals_us)
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def measurement_lines(measured: Measured) -> Iterator[bytes]:
    """Yield the lines of the member `measurements.ndjson`."""
    for _, members in measured.series():
        yield from map(write_measurement, members)


def names_bytes(persons: Iterable[tuple[str, Person, bytes]]) -> bytes:
    """Return the member `names.json`, empty for nobody."""
    stated: list[JsonValue] = [
        {
            "commitment": standing,
            "salt": salt.hex(),
            "name": person.name,
            "email": person.email,
            "company": person.company,
        }
        for standing, person, salt in sorted(persons)
    ]
    return encode({"schema": "constat.names/1", "persons": stated}) if stated else b""


def write_bundle(  # noqa: PLR0913, PLR0917 - what a bundle holds
    file: BinaryIO,
    proofs: Proofs,
    lines: BinaryIO,
    measured: Measured,
    report: Report,
    ending: Ending,
    key: SigningKey,
) -> None:
    """Write a bundle into an empty file; `lines` is what `entries.ndjson` is to hold."""
    members = _members(proofs, lines, measured, report, ending)
    archive = ArchiveWriter(file)
    digests: dict[str, str] = {}
    last = {name: b"".join(chunks) for name, chunks in members.items() if name > SEAL}
    for name in sorted(name for name in members if name < SEAL):
        digests[name] = archive.add(name, members[name])
    digests |= {name: sha256(data).hexdigest() for name, data in last.items()}
    around, window = report.surroundings, report.assessment.window
    statement = Statement(around.hospital, window.id, proofs.tree.size, digests)
    archive.add(SEAL, [statement.seal(key)])
    for name in sorted(last):
        archive.add(name, [last[name]])
    archive.close()


def _members(
    proofs: Proofs, lines: BinaryIO, measured: Measured, report: Report, ending: Ending
) -> dict[str, Iterable[bytes]]:
    members: dict[str, Iterable[bytes]] = {
        README: [_shipped(README)],
        ENTRIES: _chunks(lines),
        KEYS: [proofs.keys.encode()],
        MEASUREMENTS: measurement_lines(measured),
        CONSISTENCY: [encode_consistency(proofs.consistency)],
        TREE: [proofs.tree.encode()],
        REPORT: [report_bytes(report)],
        VERIFIER: [_shipped(VERIFIER)],
        WINDOW: [ending.window],
    }
    for size, note in proofs.checkpoints.items():
        members[sized(CHECKPOINTS, size, ".txt")] = [note.text().encode()]
    for size, stamp in proofs.stamps.items():
        members[sized(TIMESTAMPS, size, ".tsr")] = [stamp]
    if ending.names:
        members[NAMES] = [ending.names]
    if ending.pdf:
        members[PDF] = [ending.pdf]
    return members


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _shipped(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()
