"""Writing an evidence bundle: what was gathered becomes members in order, sealed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from importlib.resources import files
from typing import BinaryIO, Final

from collector.evidence.account import Account, Measured
from collector.evidence.archive import ArchiveWriter
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
from collector.evidence.window_file import window_document
from collector.report.as_json import report_json
from collector.report.value import Report
from probes.model.canonical import encode
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


@dataclass(frozen=True, slots=True)
class Contents:
    """A bundle to be: its report is made of the entries once they are written.

    `names` is the member of that name, empty without; `pdf` draws the report, if anything can.
    """

    proofs: Proofs
    account: Account
    measured: Measured
    names: bytes = b""
    key: SigningKey = field(default_factory=SigningKey.generate, repr=False)


def window_bytes(account: Account) -> bytes:
    """Return the member `window.json`."""
    document = window_document(account.window, account.intervals_us)
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def report_bytes(report: Report) -> bytes:
    """Return the member `report.json`."""
    return encode(report_json(report))


def measurement_lines(measured: Measured) -> Iterator[bytes]:
    """Yield the lines of the member `measurements.ndjson`."""
    for _, members in measured.series():
        yield from map(write_measurement, members)


class BundleWriter:
    """Writes the members of a bundle in their order; each is given when its turn comes."""

    def __init__(self, file: BinaryIO) -> None:
        self._archive = ArchiveWriter(file)
        self._digests: dict[str, str] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        """Store a member."""
        self._digests[name] = self._archive.add(name, chunks)

    def head(self, checkpoints: Mapping[int, Note]) -> None:
        """Store what comes before the entries."""
        self.add(README, [readme()])
        for size, note in sorted(checkpoints.items()):
            self.add(sized(CHECKPOINTS, size, ".txt"), [note.text().encode()])

    def rest(  # noqa: PLR0913, PLR0917 - what a bundle ends with
        self,
        proofs: Proofs,
        measured: Measured,
        report: Report,
        window: bytes,
        pdf: bytes,
        names: bytes,
        key: SigningKey,
    ) -> None:
        """Store what comes after the entries, with the seal over all, and close the archive."""
        self.add(KEYS, [proofs.keys.encode()])
        self.add(MEASUREMENTS, measurement_lines(measured))
        if names:
            self.add(NAMES, [names])
        self.add(CONSISTENCY, [encode_consistency(proofs.consistency)])
        self.add(TREE, [proofs.tree.encode()])
        if pdf:
            self.add(PDF, [pdf])
        self.add(REPORT, [report_bytes(report)])
        after: dict[str, bytes] = {
            sized(TIMESTAMPS, size, ".tsr"): stamp for size, stamp in sorted(proofs.stamps.items())
        }
        after[VERIFIER] = verifier()
        after[WINDOW] = window
        digests = self._digests | {name: sha256(data).hexdigest() for name, data in after.items()}
        statement = Statement(
            report.surroundings.hospital,
            report.assessment.window.id,
            proofs.tree.size,
            digests,
        )
        self.add(SEAL, [statement.seal(key)])
        for name, data in after.items():
            self.add(name, [data])
        self._archive.close()


def readme() -> bytes:
    """Return the member `LISEZMOI.txt`."""
    return files(__package__).joinpath("LISEZMOI.txt").read_bytes()


def verifier() -> bytes:
    """Return the member `verifier.py`: the second verifier, which needs nothing of this project."""
    return files(__package__).joinpath(VERIFIER).read_bytes()
