"""The readers that are fuzzed, each with what must hold of an input it takes.

What is read is written again and must be the same: a reader that lets two texts pass for one, or
leaves something of a text unread, is found by that.
"""

import io
import zipfile
from typing import Final

from agent.acknowledgement import InconsistentError
from collector.evidence.archive import ArchiveError, ArchiveReader, ArchiveWriter
from collector.evidence.stamp import StampError, verify_stamp
from collector.evidence.stamp_exchange import read_response
from collector.judge.assessment import assess
from collector.judge.document import DocumentError, read_json
from collector.judge.windowfile import WindowFileError, read_window, unknown_keys
from collector.record.entry import FIRST, RegisterEntry, place_after, place_of
from collector.store.wire import encode_wire, read_plain, read_strictly
from probes.model.batch import QUANTUM_US, Batch
from probes.model.canonical import (
    MalformedError,
    array,
    decode,
    decode_object,
    encode,
    integer,
    text,
)
from probes.model.checkpoint import CheckpointError, read_checkpoint, read_verifier_key
from probes.model.envelope import Envelope
from probes.model.measurement import read_measurements, write_measurement
from probes.model.merkle import MerkleError, verify_consistency, verify_inclusion
from tests.fuzz import acknowledgements, bundles, seeds, stamps
from tests.fuzz.der_mutation import alter_der
from tests.fuzz.mutation import (
    alter_archive,
    alter_bytes,
    alter_json,
    alter_json_lines,
    alter_lines,
)
from tests.fuzz.target import Target


def _json(data: bytes) -> None:
    value = decode(data)
    form = encode(value)
    assert decode(form) == value
    assert encode(decode(form)) == form


def _envelope(data: bytes) -> None:
    envelope = Envelope.decode(data)
    assert envelope.encode() == data
    envelope.signed_by(seeds.KEY.verifying_key)


def _checkpoint(data: bytes) -> None:
    note = read_checkpoint(data)
    assert note.text().encode() == data
    key = seeds.KEY.verifying_key
    note.cosigned_at(seeds.WITNESS, key)
    assert note.verified(seeds.CHECKPOINT.origin, key) == seeds.CHECKPOINT


def _verifier_key(data: bytes) -> None:
    read_verifier_key(data.decode("utf-8", "replace"))


def _inclusion(data: bytes) -> None:
    fields = decode_object(data)
    index, size = integer(fields, "index"), integer(fields, "size")
    leaf, hashes = _hash(text(fields, "leaf")), [_hash(each) for each in array(fields, "hashes")]
    tree = size if size in seeds.ROOTS else seeds.LARGEST
    verify_inclusion(leaf, index, size, hashes, seeds.ROOTS[tree])
    assert tree != size or leaf == seeds.LEAVES[index]


def _consistency(data: bytes) -> None:
    fields = decode_object(data)
    old, new = integer(fields, "old"), integer(fields, "new")
    root, hashes = _hash(text(fields, "root")), [_hash(each) for each in array(fields, "hashes")]
    tree = new if new in seeds.ROOTS else seeds.LARGEST
    verify_consistency(old, new, root, seeds.ROOTS[tree], hashes)
    assert tree != new or root == seeds.ROOTS[old]


def _hash(value: object) -> bytes:
    try:
        return bytes.fromhex(value if isinstance(value, str) else "")
    except ValueError:
        raise MalformedError("not hexadecimal") from None


def _batch(data: bytes) -> None:
    batch = Batch.decode(data)
    times = [time for each in batch.checks for time in (*each.starts_us, *each.durations_us)]
    if not any(time % QUANTUM_US for time in times):
        assert Batch.decode(batch.encode()) == batch


def _wire(data: bytes) -> None:
    """The quick reading takes nothing that the model refuses, and means the same by it."""
    plain = read_plain(data)
    if plain is None or encode_wire(plain[0]) != data:
        read_strictly(data)
        return
    assert Batch.decode(data).encode() == data


def _entry(data: bytes) -> None:
    entry = RegisterEntry.decode(data)
    place = place_of(data)
    assert place_after(FIRST, data).number == FIRST.number + 1
    sealed = entry.seal(seeds.KEY, place).payload
    assert (RegisterEntry.decode(sealed), place_of(sealed)) == (entry, place)


def _measurements(data: bytes) -> None:
    read = list(read_measurements(data.splitlines(keepends=True)))
    assert list(read_measurements(map(write_measurement, read))) == read


def _window(data: bytes) -> None:
    document = read_json(data.decode("utf-8", "replace"))
    window = read_window(document)
    unknown_keys(document)
    assess(window, seeds.MEASUREMENTS).to_json()


def _archive(data: bytes) -> None:
    reader = ArchiveReader(io.BytesIO(data))
    members = {name: reader.read(name, cap=len(data)) for name in reader.names()}
    again = io.BytesIO()
    writer = ArchiveWriter(again)
    for name, content in members.items():
        writer.add(name, [content])
    writer.close()
    assert again.getvalue() == data
    with zipfile.ZipFile(io.BytesIO(data)) as theirs:
        assert {name: theirs.read(name) for name in theirs.namelist()} == members


def _stamp(data: bytes) -> None:
    # Not the same bytes: ECDSA has two signatures of one kind, and NULL says what nothing says.
    assert verify_stamp(data, stamps.NOTE, _ROOTS) in _STAMPS


def _stamp_answer(data: bytes) -> None:
    assert read_response(data, stamps.NOTE, stamps.NONCE, _ROOTS)[1] in _STAMPS


_ROOTS: Final = stamps.roots()
_TOKENS: Final = stamps.tokens()
_STAMPS: Final = [verify_stamp(token, stamps.NOTE, _ROOTS) for token in _TOKENS]

_MALFORMED: Final = (MalformedError,)
_ACKED: Final = (MalformedError, InconsistentError)
_PROOF: Final = (MerkleError, MalformedError)

TARGETS: Final = {
    target.name: target
    for target in (
        Target("json", _json, _MALFORMED, seeds.JSON, alter_json),
        Target("envelope", _envelope, _MALFORMED, seeds.ENVELOPES, alter_json),
        Target("checkpoint", _checkpoint, (CheckpointError,), seeds.NOTES, alter_lines),
        Target("verifier-key", _verifier_key, (CheckpointError,), seeds.VERIFIER_KEYS, alter_bytes),
        Target("inclusion", _inclusion, _PROOF, seeds.INCLUSIONS, alter_json),
        Target("consistency", _consistency, _PROOF, seeds.CONSISTENCIES, alter_json),
        Target("batch", _batch, _MALFORMED, seeds.BATCHES, alter_json),
        Target("wire", _wire, _MALFORMED, seeds.BATCHES, alter_json),
        Target("entry", _entry, _MALFORMED, seeds.ENTRIES, alter_json),
        Target(
            "acknowledgement", acknowledgements.read, _ACKED, acknowledgements.ANSWERS, alter_json
        ),
        Target("measurements", _measurements, _MALFORMED, seeds.LINES, alter_json_lines),
        Target("window", _window, (DocumentError, WindowFileError), seeds.WINDOWS, alter_json),
        Target("stamp", _stamp, (StampError,), _TOKENS, alter_der, cost=5),
        Target("stamp-answer", _stamp_answer, (StampError,), stamps.answers(), alter_der, cost=5),
        Target("archive", _archive, (ArchiveError,), seeds.ARCHIVES, alter_archive),
        Target(
            "bundle",
            bundles.read,
            bundles.REFUSALS,
            (bundles.GOOD,),
            bundles.alter_bundle,
            cost=50,
        ),
    )
}
