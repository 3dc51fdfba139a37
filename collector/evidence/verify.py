"""Verifying an evidence bundle, step by step, with nothing but the file and pinned keys.

The steps and their codes are those of docs/formats.md, in its order; each stands on those before,
so verification ends at the first that fails. No network, no clock, no database. What an attacker
wrote reaches code that expects what a collector wrote: whatever that raises is a failure of the
step, and nothing else leaves this module.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, Final, NamedTuple

from collector.evidence.account import (
    Account,
    Measured,
    Stated,
    account_of,
    reach,
    report_of,
)
from collector.evidence.archive import ArchiveReader
from collector.evidence.bundle import (
    CHECKPOINTS,
    CONSISTENCY,
    ENTRIES,
    EXPORTED,
    KEYS,
    MEASUREMENTS,
    NAMES,
    REPORT,
    SEAL,
    TIMESTAMPS,
    TREE,
    WINDOW,
    BundleError,
    Keys,
    Statement,
    Tree,
    is_member,
    read_consistency,
    read_keys,
    read_names,
    read_seal,
    read_tree,
    sized,
)
from collector.evidence.dating import dated, tokens_for
from collector.evidence.errors import VerificationError
from collector.evidence.faults import unsound
from collector.evidence.names import commitment
from collector.evidence.partial import partial_root
from collector.evidence.stamp import verify_stamp
from collector.evidence.stamp_chain import read_roots
from collector.evidence.verification import Code, Passed, Verification
from collector.evidence.witnessed import cosigned_sizes, require_cosigned
from collector.evidence.writing import measurement_lines, window_bytes
from collector.record.entry import FIRST, RegisterEntry, place_after, place_of
from collector.record.import_body import check_import
from collector.record.roster import AGENT_ENROLLED, AGENT_FORKED, AGENT_REVOKED, IMPORTED_KIND
from collector.report.as_json import report_bytes
from collector.report.value import Report
from probes.model.batch import NO_PREVIOUS, Batch
from probes.model.canonical import decode_object
from probes.model.checkpoint import Checkpoint, Note, origin_of, read_checkpoint
from probes.model.envelope import BATCH_TYPE, ENTRY_TYPE, Envelope
from probes.model.keys import VerifyingKey
from probes.model.merkle import leaf_hash, verify_consistency

# JSON of nothing but brackets takes 27 times its length in memory: 216 MiB at most.
_LARGEST_SMALL: Final = 8 << 20
_LONGEST_LINE: Final = 4 << 20
# Where an envelope says what it holds: before its signature, at the end of its one form.
_TAIL: Final = 512
_IS_ENTRY: Final = f'"payloadType":"{ENTRY_TYPE}"'.encode()


class _Agent(NamedTuple):
    """An agent as its enrolment has it, and where in the log it may speak."""

    key: VerifyingKey
    vantage: str
    first_place: int
    last_place: int | None


@dataclass(slots=True)
class _Bundle:
    """What the steps so far have come to."""

    every_witness: bool
    archive: ArchiveReader
    keys: Keys
    origin: str
    log_key: VerifyingKey
    statement: Statement
    notes: dict[int, Note]
    checkpoint: Checkpoint
    tree: Tree
    stated: list[Stated]
    account: Account
    measured: Measured
    report: Report

    def places(self) -> Iterator[int]:
        """Yield the place of each line."""
        for start, end in self.tree.entries:
            yield from range(start, end)


def verify(
    file: BinaryIO, pinned: Keys | None = None, *, every_witness: bool = False
) -> Verification:
    """Verify the bundle in a seekable binary file, against pinned keys if there are any.

    With `every_witness`, each witness must have cosigned all that was said of the window.
    """
    done = Verification(pinned is not None)
    bundle = _Bundle.__new__(_Bundle)
    bundle.every_witness = every_witness
    try:
        with unsound(Code.ARCHIVE):
            bundle.archive = ArchiveReader(file)
            done.passed.append(Passed(Code.ARCHIVE, {"members": len(bundle.archive.names())}))
        for code, step in _STEPS.items():
            with unsound(code, _READ.get(code, "")):
                done.passed.append(Passed(code, step(bundle, pinned)))
    except VerificationError as fault:
        done.fault = fault
    else:
        done.report = bundle.report
    return done


def _keys(bundle: _Bundle, pinned: Keys | None) -> dict[str, int | str]:
    bundle.keys = read_keys(bundle.archive.read(KEYS, _LARGEST_SMALL))
    bundle.origin, bundle.log_key = bundle.keys.log_key
    if pinned is not None and pinned.log != bundle.keys.log:
        raise BundleError(
            Code.KEYS, f"the log's key is {bundle.log_key.key_id}, and that is not the pinned one"
        )
    bundle.keys = Keys(
        bundle.keys.log,
        bundle.keys.witnesses if pinned is None else pinned.witnesses,
        bundle.keys.authorities if pinned is None else pinned.authorities,
    )
    return {"key": bundle.log_key.key_id}


def _seal(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    bundle.statement = read_seal(bundle.archive.read(SEAL, _LARGEST_SMALL), bundle.log_key)
    if bundle.origin != origin_of(bundle.statement.hospital, bundle.log_key.key_id):
        raise BundleError(Code.SEAL, f"the log is not that of {bundle.statement.hospital}")
    names = {*bundle.archive.names()} - {SEAL}
    if names != bundle.statement.digests.keys():
        odd = min(names ^ bundle.statement.digests.keys())
        raise BundleError(Code.SEAL, f"the seal and the archive do not both have {odd}")
    for name in sorted(names):
        if not is_member(name):
            raise BundleError(Code.SEAL, f"{name} is no member of a bundle")
        if bundle.archive.sha256(name) != bundle.statement.digests[name]:
            raise BundleError(Code.SEAL, f"{name} is not what was sealed")
    return {"window": bundle.statement.window, "hospital": bundle.statement.hospital}


def _checkpoint(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    bundle.notes = {}
    for name in bundle.archive.names():
        if name.startswith(CHECKPOINTS):
            with unsound(Code.CHECKPOINT, name):
                note = read_checkpoint(bundle.archive.read(name, _LARGEST_SMALL))
            size = note.checkpoint.size
            if name != sized(CHECKPOINTS, size, ".txt"):
                raise BundleError(Code.CHECKPOINT, f"{name} holds a checkpoint of size {size}")
            bundle.notes[size] = note
    size = bundle.statement.size
    if size != max(bundle.notes, default=None):
        raise BundleError(Code.CHECKPOINT, f"the largest checkpoint is not of size {size}")
    with unsound(Code.CHECKPOINT, sized(CHECKPOINTS, size, ".txt")):
        bundle.checkpoint = _of_log(bundle, bundle.notes[size])
    return {"size": size, "root": bundle.checkpoint.root.hex()[:16]}


def _of_log(bundle: _Bundle, note: Note) -> Checkpoint:
    checkpoint = note.verified(bundle.origin, bundle.log_key)
    if checkpoint.origin != bundle.origin:
        raise BundleError(Code.CHECKPOINT, f"a checkpoint of {checkpoint.origin} is among them")
    return checkpoint


def _tree(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    bundle.tree = read_tree(bundle.archive.read(TREE, _LARGEST_SMALL))
    if bundle.tree.size != bundle.checkpoint.size:
        raise BundleError(Code.TREE, f"the tree is not of size {bundle.checkpoint.size}")
    root = partial_root(bundle.tree, (leaf_hash(line) for line in _lines(bundle)))
    if root != bundle.checkpoint.root:
        raise BundleError(Code.TREE, "the entries do not come to the root of the checkpoint")
    return {"entries": sum(end - start for start, end in bundle.tree.entries)}


def _lines(bundle: _Bundle) -> Iterator[bytes]:
    """Yield the envelopes, each of which ends with its line."""
    with bundle.archive.open(ENTRIES) as content:
        while line := content.readline(_LONGEST_LINE):
            if not line.endswith(b"\n"):
                raise BundleError(Code.TREE, f"{ENTRIES}: a line without an end, or too long")
            yield line[:-1]


def _is_entry(line: bytes) -> bool:
    return _IS_ENTRY in line[-_TAIL:]


def _entries(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    bundle.stated = []
    agents: dict[str, _Agent] = {}
    batches = 0
    numbered = enumerate(zip(bundle.places(), _lines(bundle), strict=True), start=1)
    for number, (place, line) in numbered:
        with unsound(Code.ENTRIES, f"{ENTRIES}: line {number}, entry {place}"):
            envelope = Envelope.decode(line)
            if envelope.payload_type == ENTRY_TYPE and _is_entry(line):
                stated = Stated(place, _entry(bundle, envelope, place))
                bundle.stated.append(stated)
                _follow(agents, stated)
            elif envelope.payload_type == BATCH_TYPE and not _is_entry(line):
                _check_batch(bundle, agents, envelope, place)
                batches += 1
            else:
                raise BundleError(Code.ENTRIES, f"entry {place} is of no known type")
    return {"stated": len(bundle.stated), "batches": batches}


def _entry(bundle: _Bundle, envelope: Envelope, place: int) -> RegisterEntry:
    if len(envelope.signatures) != 1 or not envelope.signed_by(bundle.log_key):
        raise BundleError(Code.ENTRIES, f"entry {place} is not signed by the log's key")
    entry = RegisterEntry.decode(envelope.payload)
    if entry.tenant != bundle.statement.hospital:
        raise BundleError(Code.ENTRIES, f"entry {place} is of {entry.tenant}")
    return entry


def _follow(agents: dict[str, _Agent], stated: Stated) -> None:
    """Note what an entry says of who may speak from its place on."""
    place, entry = stated
    if entry.kind == AGENT_ENROLLED:
        key = VerifyingKey.from_raw(bytes.fromhex(entry.body["public_key"]))
        agent = entry.body["agent"]
        if key.key_id != agent or agent in agents:
            raise BundleError(Code.ENTRIES, f"entry {place} enrols what is no new agent")
        agents[agent] = _Agent(key, entry.body["vantage"], place, None)
    elif entry.kind in {AGENT_FORKED, AGENT_REVOKED}:
        agent = entry.body["agent"]
        if agents[agent].last_place is None:
            agents[agent] = agents[agent]._replace(last_place=place)
    elif entry.kind == IMPORTED_KIND:
        check_import(entry.body)


def _check_batch(
    bundle: _Bundle, agents: Mapping[str, _Agent], envelope: Envelope, place: int
) -> None:
    batch = Batch.decode(envelope.payload)
    agent = agents.get(batch.agent)
    if agent is None:
        raise BundleError(Code.ENTRIES, f"entry {place} is of an agent that was not enrolled")
    if agent.last_place is not None:
        raise BundleError(Code.ENTRIES, f"entry {place} is of an agent that was shut out")
    if len(envelope.signatures) != 1 or not envelope.signed_by(agent.key):
        raise BundleError(Code.ENTRIES, f"entry {place} is not signed by its agent")
    if (batch.tenant, batch.vantage) != (bundle.statement.hospital, agent.vantage):
        raise BundleError(Code.ENTRIES, f"entry {place} is of another vantage point")


def _register(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    expected, at_us = FIRST, 0
    for line in filter(_is_entry, _lines(bundle)):
        payload = Envelope.decode(line).payload
        if place_of(payload) != expected:
            raise BundleError(
                Code.REGISTER, f"entry {expected.number} of the register is missing or not chained"
            )
        expected = place_after(expected, payload)
    for place, entry in bundle.stated:
        if entry.at_us < at_us:
            raise BundleError(Code.REGISTER, f"entry {place} was sealed before the one before it")
        at_us = entry.at_us
    last = bundle.stated[-1] if bundle.stated else None
    if last is None or (last.place, last.entry.kind) != (bundle.tree.size - 1, EXPORTED):
        raise BundleError(Code.REGISTER, "the last entry of the log does not say it was exported")
    if last.entry.body["window"] != bundle.statement.window:
        raise BundleError(Code.REGISTER, "the last entry says that another window was exported")
    bundle.account = account_of(
        bundle.stated, bundle.statement.hospital, bundle.statement.window, at_us
    )
    return {"stated": len(bundle.stated)}


@dataclass(slots=True)
class _Stretch:
    """The batches of one agent so far: the last one, and whether they end after the horizon."""

    number: int
    digest: str
    last_sample: int
    lost: int
    reaches_over: bool


def _batches(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    horizon = bundle.account.window.horizon
    bundle.measured = Measured(bundle.account)
    for stated in bundle.stated:
        bundle.measured.add_import(stated)
    stretches: dict[str, _Stretch] = {}
    for place, line in zip(bundle.places(), _lines(bundle), strict=True):
        if _is_entry(line):
            continue
        payload = Envelope.decode(line).payload
        batch = Batch.decode(payload)
        first_us, last_us = reach(batch)
        before = stretches.get(batch.agent)
        if before is None:
            begins = batch.number == 1 and batch.previous == NO_PREVIOUS
            if not begins and last_us >= horizon.start:
                raise BundleError(
                    Code.BATCHES, f"the batches of {batch.vantage} begin within the horizon"
                )
        elif (before.number + 1, before.digest, before.last_sample + 1) != (
            batch.number,
            batch.previous,
            batch.first,
        ):
            raise BundleError(
                Code.BATCHES, f"batch {before.number + 1} of {batch.vantage} is missing or changed"
            )
        digest = sha256(payload).hexdigest()
        over = first_us > horizon.end or (before is not None and before.reaches_over)
        stretches[batch.agent] = _Stretch(batch.number, digest, batch.last, batch.lost, over)
        bundle.measured.add_batch(batch, place)
    _check_ends(bundle, stretches)
    return {"agents": len(stretches), "lost": sum(each.lost for each in stretches.values())}


def _check_ends(bundle: _Bundle, stretches: Mapping[str, _Stretch]) -> None:
    ends = {each["agent"]: each for each in bundle.stated[-1].entry.body["agents"]}
    if ends.keys() != bundle.account.roster.agents.keys():
        raise BundleError(Code.BATCHES, "the last entry does not name the agents enrolled")
    for agent, end in ends.items():
        held = stretches.get(agent)
        vantage = bundle.account.roster.agents[agent].vantage
        if held is None and end["last"]:
            raise BundleError(Code.BATCHES, f"the batches of {vantage} are missing")
        if held is None or held.reaches_over:
            continue
        if (held.number, held.digest) != (end["last"], end["digest"]):
            raise BundleError(Code.BATCHES, f"the last batches of {vantage} are missing")


def _consistency(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    proofs = read_consistency(bundle.archive.read(CONSISTENCY, _LARGEST_SMALL))
    size = bundle.checkpoint.size
    older = {each for each in bundle.notes if each < size}
    if proofs.keys() != older:
        raise BundleError(Code.CONSISTENCY, "the proofs are not those of the other checkpoints")
    for each in older:
        with unsound(Code.CONSISTENCY, sized(CHECKPOINTS, each, ".txt")):
            before = _of_log(bundle, bundle.notes[each])
        verify_consistency(each, size, before.root, bundle.checkpoint.root, proofs[each])
    return {"checkpoints": len(older)}


def _witness(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    sizes = cosigned_sizes(bundle.notes, bundle.keys.witnesses)
    if bundle.every_witness:
        require_cosigned(sizes, bundle.account.registered.entries)
    cosigned = [size for found in sizes.values() for size in found]
    if not cosigned:
        return {"witnesses": 0}
    heard = sum(1 for found in sizes.values() if found)
    return {"witnesses": heard, "first": min(cosigned), "last": max(cosigned)}


def _timestamp(bundle: _Bundle, pinned: Keys | None) -> dict[str, int | str]:
    held = dict(_tokens(bundle))
    expected = tokens_for(bundle.statement.window, bundle.stated)
    for size in sorted(held.keys() | expected.keys()):
        if held.get(size) != expected.get(size):
            raise BundleError(
                Code.TIMESTAMP, f"the time stamp over {size} entries is not the one in the log"
            )
    # Roots that the bundle claims would let whoever made it be the authority too.
    authorities = () if pinned is None else pinned.authorities
    roots = [root for each in authorities for root in read_roots(each.encode())]
    shown = {
        size: verify_stamp(token, _signed_text(bundle, size), roots)
        for size, token in held.items()
        if roots
    }
    facts = dated(bundle.statement.window, bundle.stated, shown)._asdict()
    facts |= {"held": len(held), "stamps": len(shown)}
    if not shown:
        return facts
    first = min(shown)
    return {**facts, "first": first, "first_us": shown[first].at_us}


def _tokens(bundle: _Bundle) -> Iterator[tuple[int, bytes]]:
    for name in bundle.archive.names():
        if name.startswith(TIMESTAMPS):
            size = int(name.removeprefix(TIMESTAMPS).removesuffix(".tsr"))
            if name != sized(TIMESTAMPS, size, ".tsr") or size not in bundle.notes:
                raise BundleError(Code.TIMESTAMP, f"{name} is of no checkpoint")
            yield size, bundle.archive.read(name, _LARGEST_SMALL)


def _signed_text(bundle: _Bundle, size: int) -> bytes:
    """Return what is stamped of a checkpoint: its note as the log signed it."""
    signed = bundle.notes[size].of_log_alone(bundle.origin, bundle.log_key)
    return signed.text().encode()


def _names(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    if NAMES not in bundle.archive.names():
        return {"names": 0}
    named = read_names(bundle.archive.read(NAMES, _LARGEST_SMALL))
    for standing, person, salt in named:
        if commitment(person, salt) != standing:
            raise BundleError(Code.NAMES, f"the name of {standing[:16]} is not the one committed")
    return {"names": len(named)}


def _window(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    _same(bundle, Code.WINDOW, WINDOW, window_bytes(bundle.account))
    return {"window": bundle.account.window.id}


def _measurements(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    digest = sha256()
    count = 0
    for line in measurement_lines(bundle.measured):
        digest.update(line)
        count += 1
    if digest.hexdigest() != bundle.archive.sha256(MEASUREMENTS):
        raise BundleError(Code.MEASUREMENTS, f"{MEASUREMENTS} is not what the entries hold")
    return {"measurements": count}


def _report(bundle: _Bundle, _: Keys | None) -> dict[str, int | str]:
    bundle.report = report_of(
        bundle.account, bundle.measured, bundle.checkpoint.size, bundle.checkpoint.root
    )
    _same(bundle, Code.REPORT, REPORT, report_bytes(bundle.report))
    return {"verdict": bundle.report.assessment.verdict.value}


def _same(bundle: _Bundle, code: Code, name: str, expected: bytes) -> None:
    """Raise unless a member is what was made again; name the first field that differs."""
    if bundle.archive.sha256(name) == sha256(expected).hexdigest():
        return
    found = bundle.archive.read(name, _LARGEST_SMALL)
    stated, ours = decode_object(found), decode_object(expected)
    fields = [key for key in sorted({*stated, *ours}) if stated.get(key) != ours.get(key)]
    where = f": {fields[0]} differs" if fields else ", in its one form"
    raise BundleError(code, f"{name} is not what the entries say{where}")


_STEPS: Final[dict[Code, Callable[[_Bundle, Keys | None], dict[str, int | str]]]] = {
    Code.KEYS: _keys,
    Code.SEAL: _seal,
    Code.CHECKPOINT: _checkpoint,
    Code.TREE: _tree,
    Code.ENTRIES: _entries,
    Code.REGISTER: _register,
    Code.BATCHES: _batches,
    Code.CONSISTENCY: _consistency,
    Code.WITNESS: _witness,
    Code.TIMESTAMP: _timestamp,
    Code.NAMES: _names,
    Code.WINDOW: _window,
    Code.MEASUREMENTS: _measurements,
    Code.REPORT: _report,
}
# The member that a step reads, where that is one.
_READ: Final = {
    Code.KEYS: KEYS,
    Code.SEAL: SEAL,
    Code.TREE: TREE,
    Code.ENTRIES: ENTRIES,
    Code.REGISTER: ENTRIES,
    Code.BATCHES: ENTRIES,
    Code.CONSISTENCY: CONSISTENCY,
    Code.NAMES: NAMES,
    Code.WINDOW: WINDOW,
    Code.REPORT: REPORT,
}
