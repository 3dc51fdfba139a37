"""The tools of the attack corpus: the table, a small world, a bundle in pieces.

Whoever attacks holds the log's key and can seal anything again, unless an attack says otherwise.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, NamedTuple

from collector.evidence.archive import ArchiveReader
from collector.evidence.bundle import (
    CHECKPOINTS,
    ENTRIES,
    SEAL,
    TREE,
    Keys,
    Statement,
    Tree,
    sized,
)
from collector.evidence.verification import Code
from collector.record.entry import Place, RegisterEntry
from probes.model.canonical import decode_object, encode
from probes.model.checkpoint import Checkpoint, Note, origin_of, sign_checkpoint, verifier_key
from probes.model.envelope import ENTRY_TYPE, Envelope
from probes.model.keys import SigningKey
from probes.model.merkle import EMPTY, leaf_hash
from tests.collector.evidence.forged_zip import Part, forge, part
from tests.collector.evidence.worlds import (
    WINDOW,
    World,
    checks_at,
    parts_of,
)
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT

UNSOUND: Final = 7
OTHER_KEY: Final = SigningKey.from_seed(b"somebody else".ljust(32, b"."))
ORIGIN: Final = origin_of(TENANT, LOG_KEY.verifying_key.key_id)
PINNED: Final = Keys(verifier_key(ORIGIN, LOG_KEY.verifying_key))

Members = dict[str, bytes]


class Bundle(NamedTuple):
    """A file, and the keys that its auditor pinned."""

    data: bytes
    pinned: Keys | None = PINNED


@dataclass(frozen=True, slots=True)
class Case:
    """A bundle that must fail with a code, or pass with an exit code and no code."""

    make: Callable[[], Bundle]
    code: Code | None
    exit_code: int

    @property
    def name(self) -> str:
        """What is wrong with it, or what is not."""
        return self.make.__name__


CASES: Final[list[Case]] = []

_Made = Callable[[], bytes | Bundle]


def fails(code: Code) -> Callable[[_Made], _Made]:
    """Enter a bundle that must fail with this code."""
    return _entered(code, UNSOUND)


def passes(exit_code: int = 0) -> Callable[[_Made], _Made]:
    """Enter a bundle that must pass with this exit code."""
    return _entered(None, exit_code)


def _entered(code: Code | None, exit_code: int) -> Callable[[_Made], _Made]:
    def enter(make: _Made) -> _Made:
        def made() -> Bundle:
            bundle = make()
            return bundle if isinstance(bundle, Bundle) else Bundle(bundle)

        made.__name__ = make.__name__
        CASES.append(Case(made, code, exit_code))
        return make

    return enter


def begun(*, batches: int = 3, senders: int = 2, down_minutes: int = 20) -> World:
    """A hospital measured through an announced upgrade, which nobody concluded yet."""
    world = World()
    world.agree()
    world.announce()
    world.now_us = NOON_US
    for number in range(1, senders + 1):
        world.enrol(f"poste-{number:02}")
    for number in range(batches):
        for sender in world.senders:
            world.measure(sender, *checks_at(number * 600, 6, 100, down_minutes))
    return world


def ended(world: World, window: str = WINDOW) -> World:
    """That world once its window is closed and a bundle of it announced."""
    world.conclude(window)
    world.export(window)
    return world


def honest(**changes: int) -> bytes:
    """A sound bundle of a small world."""
    return parts_of(ended(begun(**changes))).sealed()


def opened(data: bytes) -> Members:
    """The members of a bundle."""
    archive = ArchiveReader(io.BytesIO(data))
    return {name: archive.read(name, 1 << 30) for name in archive.names()}


def packed(members: Mapping[str, bytes]) -> bytes:
    """The archive of these members."""
    return forge(*_parts(members))


def _parts(members: Mapping[str, bytes]) -> Iterator[Part]:
    return (part(name, members[name]) for name in sorted(members))


def sealed(members: Mapping[str, bytes], key: SigningKey = LOG_KEY, **said: Any) -> bytes:  # noqa: ANN401 - any field
    """The bundle of these members under a new seal, which says otherwise what `said` has."""
    rest = {name: data for name, data in members.items() if name != SEAL}
    size = max((int(name[12:24]) for name in rest if name.startswith(CHECKPOINTS)), default=0)
    digests = {name: sha256(data).hexdigest() for name, data in rest.items()}
    statement = Statement(TENANT, WINDOW, size, digests)._replace(**said)
    return packed(rest | {SEAL: statement.seal(key)})


def resealed(name: str, data: bytes, bundle: bytes | None = None) -> bytes:
    """A sound bundle of which one member was replaced, sealed again."""
    return sealed({**opened(bundle or honest()), name: data})


def changed(data: bytes, **fields: Any) -> bytes:  # noqa: ANN401 - a tree of builtins
    """An object with some fields replaced, in canonical form."""
    return encode({**decode_object(data), **fields})


def note_over(log: Sequence[bytes], key: SigningKey = LOG_KEY, origin: str = ORIGIN) -> Note:
    """The signed checkpoint of a log."""
    tree, _ = EMPTY.appended(map(leaf_hash, log))
    return sign_checkpoint(Checkpoint(origin, tree.size, tree.root), key)


def relogged(world: World, log: Sequence[bytes]) -> bytes:
    """The bundle of a world whose log is replaced, with all of it, its tree and its checkpoint."""
    members = opened(parts_of(world).sealed())
    members = {name: data for name, data in members.items() if not name.startswith(CHECKPOINTS)}
    members[ENTRIES] = b"".join(line + b"\n" for line in log)
    members[TREE] = Tree(len(log), ((0, len(log)),), {}).encode()
    members[sized(CHECKPOINTS, len(log), ".txt")] = note_over(log).text().encode()
    return sealed(members)


def with_line(world: World, place: int, line: bytes) -> bytes:
    """The bundle of a world of whose log one line is replaced."""
    log = [*world.log]
    log[place] = line
    return relogged(world, log)


def place_of_kind(world: World, kind: str) -> int:
    """The place of the first entry of a kind."""
    return next(place for place, entry in _entries(world) if entry.kind == kind)


def first_batch(world: World) -> int:
    """The place of the first batch."""
    entries = {place for place, _ in _entries(world)}
    return next(place for place in range(len(world.log)) if place not in entries)


def restated(world: World, change: Callable[[RegisterEntry], RegisterEntry | None]) -> list[bytes]:
    """The log with entries of the register changed, or left out for None, and chained again."""
    told = World()
    log: list[bytes] = []
    entries = dict(_entries(world))
    for place, line in enumerate(world.log):
        entry = change(entries[place]) if place in entries else None
        if place not in entries:
            log.append(line)
        elif entry is not None:
            told.tenant, told.now_us = entry.tenant, entry.at_us
            told.state(entry.kind, entry.body, entry.author)
            log.append(told.log[-1])
    return log


def retold(world: World, change: Callable[[RegisterEntry], RegisterEntry | None]) -> World:
    """That world as if it had always been told so."""
    return replace(world, log=restated(world, change))


def entry_line(entry: RegisterEntry, place: Place, key: SigningKey = LOG_KEY) -> bytes:
    """The line of an entry at its place."""
    return entry.seal(key, place).encode()


def resigned(line: bytes, *keys: SigningKey, payload_type: str = "") -> bytes:
    """A line with the signatures of these keys."""
    held = Envelope.decode(line)
    kind = payload_type or held.payload_type
    made = [Envelope.seal(kind, held.payload, key).signatures[0] for key in keys]
    return Envelope(kind, held.payload, tuple(made)).encode()


def _entries(world: World) -> Iterator[tuple[int, RegisterEntry]]:
    for place, line in enumerate(world.log):
        envelope = Envelope.decode(line)
        if envelope.payload_type == ENTRY_TYPE:
            yield place, RegisterEntry.decode(envelope.payload)
