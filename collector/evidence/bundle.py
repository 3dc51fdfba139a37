"""What an evidence bundle holds: the names of its members, and the form of each small one.

The format is `constat.bundle/1` (docs/formats.md). Nothing here reads a file; every reader raises
`BundleError`, whose code is that of the member at fault.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from collector.evidence.errors import VerificationError
from collector.evidence.names import Person
from probes.model.canonical import (
    JsonValue,
    MalformedError,
    array,
    decode_object,
    encode,
    integer,
    mapping,
    text,
)
from probes.model.checkpoint import CheckpointError, read_verifier_key
from probes.model.envelope import Envelope
from probes.model.keys import SigningKey, VerifyingKey
from probes.model.merkle import HASH_BYTES, Node

SCHEMA: Final = "constat.bundle/1"
STATEMENT_TYPE: Final = "application/vnd.in-toto+json"
EXPORTED: Final = "evidence.exported"

README: Final = "LISEZMOI.txt"
CHECKPOINTS: Final = "checkpoints/"
ENTRIES: Final = "entries/entries.ndjson"
KEYS: Final = "keys.json"
MEASUREMENTS: Final = "measurements.ndjson"
NAMES: Final = "names.json"
CONSISTENCY: Final = "proofs/consistency.json"
TREE: Final = "proofs/tree.json"
PDF: Final = "rapport.pdf"
REPORT: Final = "report.json"
SEAL: Final = "seal.dsse"
TIMESTAMPS: Final = "timestamps/"
VERIFIER: Final = "verifier.py"
WINDOW: Final = "window.json"

_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "urn:constat:bundle:1"


class BundleError(VerificationError):
    """A member of a bundle is not what its format says; `code` names the step that found it."""

    def __init__(self, code: str, complaint: str) -> None:
        super().__init__(complaint)
        self.code = code


@dataclass(frozen=True, slots=True)
class Keys:
    """Whose signatures count: the log's, those of witnesses, and roots of time stamps in PEM."""

    log: str
    witnesses: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()

    @property
    def log_key(self) -> tuple[str, VerifyingKey]:
        """The name of the log, and its key."""
        name, key, _ = read_verifier_key(self.log)
        return name, key

    def encode(self) -> bytes:
        """Return the member `keys.json`."""
        stated: dict[str, JsonValue] = {
            "schema": "constat.keys/1",
            "log": self.log,
            "witnesses": [*self.witnesses],
            "authorities": [*self.authorities],
        }
        return encode(stated)


class Tree(NamedTuple):
    """Which leaves a bundle has, in ranges, and the nodes that stand for all others."""

    size: int
    entries: tuple[tuple[int, int], ...]
    nodes: Mapping[Node, bytes]

    def encode(self) -> bytes:
        """Return the member `proofs/tree.json`."""
        return encode(
            {
                "schema": "constat.tree/1",
                "size": self.size,
                "entries": [[*span] for span in self.entries],
                "nodes": [
                    [node.level, node.place, b64encode(value).decode()]
                    for node, value in sorted(self.nodes.items(), key=_by_leaf)
                ],
            }
        )


class Statement(NamedTuple):
    """What the seal says: of which window, at which size of the log, and each member's digest."""

    hospital: str
    window: str
    size: int
    digests: Mapping[str, str]

    def seal(self, key: SigningKey) -> bytes:
        """Return the member `seal.dsse`: an in-toto statement, signed by the log's key."""
        payload = encode(
            {
                "_type": _STATEMENT,
                "predicateType": _PREDICATE,
                "predicate": {
                    "schema": SCHEMA,
                    "hospital": self.hospital,
                    "window": self.window,
                    "size": self.size,
                },
                "subject": [
                    {"name": name, "digest": {"sha256": digest}}
                    for name, digest in sorted(self.digests.items())
                ],
            }
        )
        return Envelope.seal(STATEMENT_TYPE, payload, key).encode()


def is_member(name: str) -> bool:
    """Return whether a bundle may have a member of that name, beside its seal."""
    return name in _MEMBERS or name.startswith((CHECKPOINTS, TIMESTAMPS))


_MEMBERS: Final = frozenset(
    {README, ENTRIES, KEYS, MEASUREMENTS, NAMES, CONSISTENCY, TREE, PDF, REPORT, VERIFIER, WINDOW}
)


@contextmanager
def told_as(code: str, member: str) -> Iterator[None]:
    """Turn what is malformed in a member into a `BundleError` that names it."""
    try:
        yield
    except (MalformedError, CheckpointError) as fault:
        raise BundleError(code, f"{member}: {fault}") from None


def sized(folder: str, size: int, ending: str) -> str:
    """Return the name of what stands beside a checkpoint of that size."""
    return f"{folder}{size:012d}{ending}"


def read_keys(data: bytes) -> Keys:
    """Return the keys of `keys.json`, or of a file of pinned keys in the same form."""
    with told_as("keys", KEYS):
        fields = decode_object(data)
        _expect(fields, "schema", "constat.keys/1")
        keys = Keys(
            text(fields, "log"),
            tuple(_texts(fields, "witnesses")),
            tuple(_texts(fields, "authorities")),
        )
        for key, witness in ((keys.log, False), *((each, True) for each in keys.witnesses)):
            if read_verifier_key(key)[2] is not witness:
                raise MalformedError(f"{key.partition('+')[0]}: a key of the wrong kind")
    return keys


def read_tree(data: bytes) -> Tree:
    """Return the tree of `proofs/tree.json`; ranges are in order and apart, within the size."""
    with told_as("tree", TREE):
        fields = decode_object(data)
        _expect(fields, "schema", "constat.tree/1")
        size = integer(fields, "size")
        spans = tuple(_span(each) for each in array(fields, "entries"))
        bounds = [bound for span in spans for bound in span]
        ascending = all(before < after for before, after in pairwise(bounds))
        if not ascending or (bounds and (bounds[0] < 0 or bounds[-1] > size)):
            raise MalformedError("entries: ranges of leaves, in order and apart, within the size")
        tree = Tree(size, spans, dict(_node(each) for each in array(fields, "nodes")))
        # A node given twice would let two readers see two trees.
        if tree.encode() != data:
            raise MalformedError("is not in its one form")
    return tree


def read_consistency(data: bytes) -> dict[int, list[bytes]]:
    """Return the proofs of `proofs/consistency.json`, by the size of the smaller tree."""
    with told_as("consistency", CONSISTENCY):
        fields = decode_object(data)
        _expect(fields, "schema", "constat.consistency/1")
        proofs = [mapping({"proofs": each}, "proofs") for each in array(fields, "proofs")]
        hashes = {
            integer(each, "from"): [_hash(value) for value in array(each, "hashes")]
            for each in proofs
        }
        if encode_consistency(hashes) != data:
            raise MalformedError("is not in its one form")
    return hashes


def encode_consistency(proofs: Mapping[int, Sequence[bytes]]) -> bytes:
    """Return the member `proofs/consistency.json`."""
    return encode(
        {
            "schema": "constat.consistency/1",
            "proofs": [
                {"from": size, "hashes": [b64encode(each).decode() for each in hashes]}
                for size, hashes in sorted(proofs.items())
            ],
        }
    )


def read_seal(data: bytes, key: VerifyingKey) -> Statement:
    """Return what the seal says, if that key signed it."""
    with told_as("seal", SEAL):
        envelope = Envelope.decode(data)
        if envelope.payload_type != STATEMENT_TYPE:
            raise MalformedError(f"payloadType: expected {STATEMENT_TYPE}")
        # Anybody can add a signature: the file would be another one, and still be sealed.
        if len(envelope.signatures) != 1 or not envelope.signed_by(key):
            raise MalformedError("it is not signed by the key of the log alone")
        fields = decode_object(envelope.payload)
        _expect(fields, "_type", _STATEMENT)
        _expect(fields, "predicateType", _PREDICATE)
        predicate = mapping(fields, "predicate")
        _expect(predicate, "schema", SCHEMA)
        subjects = [mapping({"subject": each}, "subject") for each in array(fields, "subject")]
        digests = {text(each, "name"): text(mapping(each, "digest"), "sha256") for each in subjects}
        if len(digests) != len(subjects):
            raise MalformedError("subject: a name is given twice")
        return Statement(
            text(predicate, "hospital"),
            text(predicate, "window"),
            integer(predicate, "size"),
            digests,
        )


def read_names(data: bytes) -> list[tuple[str, Person, bytes]]:
    """Return each commitment of `names.json`, whom it stands for, and its salt."""
    with told_as("names", NAMES):
        fields = decode_object(data)
        _expect(fields, "schema", "constat.names/1")
        persons = [mapping({"persons": each}, "persons") for each in array(fields, "persons")]
        return [
            (
                text(each, "commitment"),
                Person(text(each, "name"), text(each, "email"), text(each, "company")),
                bytes.fromhex(text(each, "salt")),
            )
            for each in persons
        ]


def _by_leaf(item: tuple[Node, bytes]) -> int:
    return item[0].place << item[0].level


def _expect(fields: dict[str, object], key: str, value: str) -> None:
    if text(fields, key) != value:
        raise MalformedError(f"{key}: expected {value}")


def _texts(fields: dict[str, object], key: str) -> Iterable[str]:
    for value in array(fields, key):
        if not isinstance(value, str):
            raise MalformedError(f"{key}: expected texts")
        yield value


def _span(value: object) -> tuple[int, int]:
    match value:
        case [int(start), int(end)] if bool not in {type(start), type(end)}:
            return start, end
        case _:
            raise MalformedError("entries: expected pairs of numbers")


def _node(value: object) -> tuple[Node, bytes]:
    match value:
        case [int(level), int(place), str(encoded)] if (
            0 <= level < 64 and place >= 0 and bool not in {type(level), type(place)}  # noqa: PLR2004
        ):
            return Node(level, place), _hash(encoded)
        case _:
            raise MalformedError("nodes: expected level, place and hash")


def _hash(value: object) -> bytes:
    try:
        decoded = b64decode(value, validate=True) if isinstance(value, str) else b""
    except (Base64Error, ValueError):
        decoded = b""
    if len(decoded) != HASH_BYTES:
        raise MalformedError(f"expected a hash of {HASH_BYTES} bytes in base64")
    return decoded
