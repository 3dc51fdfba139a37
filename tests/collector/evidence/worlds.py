"""A log without a database: fixed keys, every entry as a collector would seal it, any bundle of it.

What a bundle is made of stands here part by part, so that a test can change one and seal the rest
again, as somebody could who holds the log's key.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector.evidence.account import Measured, Stated, account_of, report_of
from collector.evidence.bundle import EXPORTED, Keys, Tree
from collector.evidence.partial import missing_nodes
from collector.evidence.writing import Ending, Proofs, window_bytes, write_bundle
from collector.exporting import ranges_of
from collector.record.catalogue import read_catalogue
from collector.record.entry import FIRST, Place, RegisterEntry, place_after
from collector.record.roster import AGENT_ENROLLED
from probes.model.batch import Batch, CheckColumns
from probes.model.checkpoint import Checkpoint, Note, origin_of, sign_checkpoint, verifier_key
from probes.model.envelope import BATCH_TYPE, ENTRY_TYPE, Envelope
from probes.model.instant import HOUR, MINUTE
from probes.model.interval import Interval
from probes.model.keys import SigningKey
from probes.model.merkle import EMPTY, consistency_path, leaf_hash, proof
from tests.collector.store.agents import LOG_KEY, NOON_US, TENANT, Sender, columns

CATALOGUE = Path(__file__).parents[3] / "docs/examples/catalogue.yaml"
PLAN = Interval(NOON_US + HOUR, NOON_US + 2 * HOUR)
WINDOW = "MAJ-2026-0001"


@dataclass
class World:
    """A hospital's log as it grows: what was appended, in order."""

    tenant: str = TENANT
    key: SigningKey = LOG_KEY
    log: list[bytes] = field(default_factory=list)
    place: Place = FIRST
    now_us: int = NOON_US - 7 * 24 * HOUR
    senders: list[Sender] = field(default_factory=list)

    def state(self, kind: str, body: Mapping[str, Any], author: str = "vendor") -> int:
        """Append an entry of the register; return its place in the log."""
        entry = RegisterEntry(self.tenant, kind, self.now_us, author, dict(body))
        envelope = entry.seal(self.key, self.place)
        self.place = place_after(self.place, envelope.payload)
        self.log.append(envelope.encode())
        return len(self.log) - 1

    def enrol(self, vantage: str) -> Sender:
        """Enrol an agent, whose key follows from where it stands."""
        key = SigningKey.from_seed(vantage.encode().ljust(32, b"."))
        sender = Sender(vantage=vantage, tenant=self.tenant, key=key)
        self.senders.append(sender)
        self.state(
            AGENT_ENROLLED,
            {
                "agent": sender.agent,
                "agent_version": "0.1.0",
                "kind": sender.kind.value,
                "public_key": key.verifying_key.raw.hex(),
                "vantage": vantage,
            },
            "token 00",
        )
        return sender

    def measure(self, sender: Sender, *checks: CheckColumns) -> int:
        """Append the next batch of an agent; return its place in the log."""
        self.log.append(sender.seal(*checks))
        return len(self.log) - 1

    def agree(self) -> None:
        """Set every item of the example's catalogue."""
        for key, value in read_catalogue(CATALOGUE)[self.tenant].items():
            self.state("catalogue.set", {"item": key.kind.value, "name": key.name, "value": value})

    def announce(self, plan: Interval = PLAN, window: str = WINDOW) -> None:
        """Announce the window."""
        self.state(
            "window.announced",
            {"window": window, "service": "dpi", "start_us": plan.start, "end_us": plan.end},
        )

    def conclude(self, window: str = WINDOW) -> None:
        """Register that the operation ran as planned, and close its window a day later."""
        self.now_us = PLAN.end + 30 * MINUTE
        self.state("window.started", {"window": window, "start_us": PLAN.start})
        self.state("window.finished", {"window": window, "end_us": PLAN.end})
        self.now_us = PLAN.end + 30 * HOUR
        self.state("window.closed", {"window": window})

    def ends(self) -> list[dict[str, str | int]]:
        """The last batch of every agent, as the last entry names it."""
        return [
            {"agent": sender.agent, "last": sender.number, "digest": sender.previous}
            for sender in sorted(self.senders, key=lambda each: each.agent)
        ]

    def export(self, window: str = WINDOW, **changes: object) -> None:
        """Append that a bundle is made."""
        self.state(EXPORTED, {"window": window, "agents": self.ends(), **changes}, "auditor")


def upgraded(
    *, down_minutes: int = 20, batches: int = 24, rows: int = 60, senders: int = 2
) -> World:
    """A hospital measured through an upgrade announced a week before, ten minutes a batch."""
    world = World()
    world.agree()
    world.announce()
    world.now_us = NOON_US
    agents = [world.enrol(f"poste-{number:02}") for number in range(1, senders + 1)]
    every_s = 600 / rows
    for number in range(batches):
        for sender in agents:
            world.measure(sender, *checks_at(number * 600, rows, every_s, down_minutes))
    world.conclude()
    world.export()
    return world


def checks_at(
    first_s: float, rows: int, every_s: float, down_minutes: int
) -> Sequence[CheckColumns]:
    """Ten minutes of both checks of the service, which is lost at ten past the planned start."""
    lost_s = 4200
    row = "".join(
        "D" if lost_s <= first_s + every_s * place < lost_s + 60 * down_minutes else "U"
        for place in range(rows)
    )
    return [
        columns(row, first_s=first_s, every_s=every_s, check="dpi-login"),
        columns("U" * rows, first_s=first_s + every_s / 3, every_s=every_s, check="dpi-hl7"),
    ]


@dataclass
class Parts:
    """The parts of a bundle, each of which can be replaced before it is sealed."""

    lines: list[bytes]
    proofs: Proofs
    measured: Measured
    report: Any
    ending: Ending
    key: SigningKey = LOG_KEY

    def sealed(self) -> bytes:
        """The bundle of these parts."""
        file = io.BytesIO()
        lines = io.BytesIO(b"".join(line + b"\n" for line in self.lines))
        write_bundle(file, self.proofs, lines, self.measured, self.report, self.ending, self.key)
        return file.getvalue()


def parts_of(
    world: World,
    *,
    leave_out: Callable[[int, Envelope], bool] = lambda _place, _envelope: False,
    older: Mapping[int, Sequence[str]] | None = None,
    stamps: Mapping[int, bytes] | None = None,
    window: str = WINDOW,
) -> Parts:
    """Take a world's log apart for a bundle.

    `leave_out` says which entries nodes stand for; `older` are sizes of checkpoints to include,
    with the lines that witnesses added.
    """
    size = len(world.log)
    envelopes = [Envelope.decode(line) for line in world.log]
    places = [place for place in range(size) if not leave_out(place, envelopes[place])]
    tree, nodes = EMPTY.appended(map(leaf_hash, world.log))
    stated = [
        Stated(place, RegisterEntry.decode(envelopes[place].payload))
        for place in places
        if envelopes[place].payload_type == ENTRY_TYPE
    ]
    account = account_of(stated, world.tenant, window, world.now_us)
    measured = Measured(account)
    for each in stated:
        measured.add_import(each)
    for place in places:
        if envelopes[place].payload_type == BATCH_TYPE:
            measured.add_batch(Batch.decode(envelopes[place].payload), place)
    spans = tuple(ranges_of(places))
    wanted = {node: nodes[node] for node in missing_nodes(size, spans)}
    notes = {
        at: note_of(world, at).with_lines(lines)
        for at, lines in {**(older or {}), size: ()}.items()
    }
    key = world.key.verifying_key
    proofs = Proofs(
        Tree(size, spans, wanted),
        notes,
        {at: proof(consistency_path(at, size), nodes) for at in notes if at < size},
        stamps or {},
        Keys(verifier_key(origin_of(world.tenant, key.key_id), key)),
    )
    report = report_of(account, measured, size, tree.root)
    return Parts(
        [world.log[place] for place in places],
        proofs,
        measured,
        report,
        Ending(window_bytes(account), b"", b""),
        world.key,
    )


def note_of(world: World, size: int) -> Note:
    """The checkpoint of the first entries of a world's log."""
    tree, _ = EMPTY.appended(map(leaf_hash, world.log[:size]))
    origin = origin_of(world.tenant, world.key.verifying_key.key_id)
    return sign_checkpoint(Checkpoint(origin, size, tree.root), world.key)
