"""Good inputs: what each reader is for, made with fixed keys; the fuzzers start from them."""

import io
from typing import Final

from collector.evidence.archive import ArchiveWriter
from collector.record.entry import FIRST, RegisterEntry
from probes.model.batch import NO_PREVIOUS, Batch, CheckColumns, ClockReading
from probes.model.canonical import JsonValue, encode
from probes.model.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint, verifier_key
from probes.model.envelope import BATCH_TYPE, Envelope
from probes.model.failure import Failure, Operation
from probes.model.instant import parse_instant
from probes.model.keys import SigningKey
from probes.model.measurement import Measurement, Outcome, write_measurement
from probes.model.merkle import (
    EMPTY,
    Node,
    consistency_path,
    inclusion_path,
    leaf_hash,
    proof,
)

KEY: Final = SigningKey.from_seed(b"k" * 32)
WITNESS: Final = "chu-exemple"
LARGEST: Final = 37
LEAVES: Final = [leaf_hash(b"%d" % number) for number in range(LARGEST)]
_NODES: Final[dict[Node, bytes]] = EMPTY.appended(LEAVES)[1]
ROOTS: Final = {size: EMPTY.appended(LEAVES[:size])[0].root for size in range(LARGEST + 1)}


def _inclusion(index: int, size: int) -> bytes:
    hashes: list[JsonValue] = [each.hex() for each in proof(inclusion_path(index, size), _NODES)]
    return encode({"index": index, "size": size, "leaf": LEAVES[index].hex(), "hashes": hashes})


def _consistency(old: int, new: int) -> bytes:
    hashes: list[JsonValue] = [each.hex() for each in proof(consistency_path(old, new), _NODES)]
    return encode({"old": old, "new": new, "root": ROOTS[old].hex(), "hashes": hashes})


INCLUSIONS: Final = tuple(
    _inclusion(index, size) for size in (1, 2, 3, 8, 21, LARGEST) for index in range(0, size, 5)
)
CONSISTENCIES: Final = tuple(
    _consistency(old, new) for new in (1, 2, 3, 8, 21, LARGEST) for old in range(0, new + 1, 4)
)

CHECKPOINT: Final = Checkpoint(
    origin_of("CH-EXEMPLE", KEY.verifying_key.key_id), LARGEST, ROOTS[LARGEST]
)
_NOTE: Final = sign_checkpoint(CHECKPOINT, KEY)
NOTES: Final = (
    _NOTE.text().encode(),
    _NOTE.with_lines([cosign(CHECKPOINT, WITNESS, KEY, 1_793_221_800)]).text().encode(),
)
VERIFIER_KEYS: Final = (
    verifier_key(CHECKPOINT.origin, KEY.verifying_key).encode(),
    verifier_key(WITNESS, KEY.verifying_key, witness=True).encode(),
)

_OUTAGE: Final = CheckColumns(
    check="dpi-login",
    interval_us=10_000_000,
    starts_us=(1_000_000, 11_000_000, 12_000_000, 22_000_000),
    durations_us=(183_000, 1_000, 2_000_000, 0),
    outcomes="UDDX",
    failures=(
        (1, Failure.CONNECTION_REFUSED, Operation.CONNECT),
        (3, Failure.STALL, Operation.SCHEDULE),
    ),
    details=((1, "10.0.0.7 port 443"),),
    versions=((0, "4.2.1"),),
)
_QUIET: Final = CheckColumns("hl7", 60_000_000, (2_000_000,), (5_000,), "G")


def _batch(*checks: CheckColumns) -> bytes:
    count = sum(map(len, checks))
    clock = ClockReading(
        wall_us=1_793_221_800_000_000,
        monotonic_us=4_000_000,
        boottime_us=5_000_000,
        offset_us=-250_000,
        error_us=12_000,
        estimated=True,
    )
    return Batch(
        tenant="CH-EXEMPLE",
        agent="ab" * 16,
        vantage="accueil-03",
        epoch="cd" * 16,
        boot="7f6b2c4e-0000-4000-8000-000000000001",
        number=1,
        previous=NO_PREVIOUS,
        first=1,
        last=count,
        clock=clock,
        spool_depth=0,
        lost=0,
        agent_version="0.1.0",
        sqlite_version="3.40.1",
        config="ef" * 32,
        checks=checks,
    ).encode()


BATCHES: Final = (_batch(_OUTAGE), _batch(_OUTAGE, _QUIET), _batch(_QUIET), _batch())

_ENTRY: Final = RegisterEntry(
    tenant="CH-EXEMPLE",
    kind="window.announced",
    at_us=parse_instant("2026-11-08T19:58:00+01:00"),
    author="vendor",
    body={
        "window": "MAJ-2026-0142",
        "service": "dpi",
        "start_us": parse_instant("2026-11-14T22:00:00+01:00"),
        "end_us": parse_instant("2026-11-15T02:00:00+01:00"),
        "operation": {"kind": "update", "from": "4.2.1", "to": "4.3.0"},
    },
)
ENTRIES: Final = (_ENTRY.seal(KEY, FIRST).payload,)
ENVELOPES: Final = (
    _ENTRY.seal(KEY, FIRST).encode(),
    Envelope.seal(BATCH_TYPE, BATCHES[2], KEY).encode(),
    Envelope.seal("é/x", b"", KEY).encode(),
)
JSON: Final = (
    *ENTRIES,
    BATCHES[0],
    encode([[[[[[[[]]]]]]]]),
    encode({"é".encode().hex(): ["é", "\u2028", "\U0001f3e5", True, False, -(2**53) + 1]}),
    b' {"a" : [ 1 , -0 , "\\u00e9\\ud83c\\udfe5" ] }\n',
)

MEASUREMENTS: Final = [
    Measurement(
        start_us=parse_instant(f"2026-11-14T2{minute // 60 + 1}:{minute % 60:02}:00+01:00"),
        duration_us=183_000,
        outcome=outcome,
        vantage=vantage,
        check="dpi-login",
        clock_error_us=12_000,
        failure=Failure.CONNECTION_REFUSED if outcome is Outcome.DOWN else None,
        operation=Operation.CONNECT if outcome is Outcome.DOWN else None,
        version="4.2.1" if outcome is Outcome.UP else None,
    )
    for minute, outcome in ((50, Outcome.UP), (70, Outcome.DOWN), (95, Outcome.UP))
    for vantage in ("accueil-03", "urgences-01")
]
LINES: Final = (b"".join(map(write_measurement, MEASUREMENTS)), b"\n")

_PLAN: Final[dict[str, JsonValue]] = {
    "start": "2026-11-14T22:00:00+01:00",
    "end": "2026-11-15T02:00:00+01:00",
}
_CONTRACT: Final[dict[str, JsonValue]] = {
    "max_downtime": {"strategic": "PT4H", "standard": "PT8H", "low": "PT24H"},
    "downtime_rule": "cumulative",
    "return_hold": "PT5M",
    "quorum": 1,
    "panel_kind": "workstation",
    "notice": {"amount": 3, "unit": "business_days", "counting": "clear_days"},
}
_WINDOW: Final[dict[str, JsonValue]] = {
    "id": "MAJ-2026-0142",
    "service": "dpi",
    "site": "CH-EXEMPLE",
    "timezone": "Europe/Paris",
    "service_class": "strategic",
    "status": "closed",
    "as_of": "2026-11-16T10:00:00+01:00",
    "plan": _PLAN,
    "revisions": [{"notified_at": "2026-11-08T19:58:00+01:00", **_PLAN}],
    "interventions": [{"start": "2026-11-14T22:05:00+01:00", "end": "2026-11-15T00:10:00"}],
    "contract": _CONTRACT,
    "checks": {"dpi-login": {"interval": "PT10S", "max_gap": "PT30S"}},
}
WINDOWS: Final = (
    encode(_WINDOW),
    encode({**_WINDOW, "panel": ["accueil-03"], "contract": {**_CONTRACT, "holidays": []}}),
    encode({**_WINDOW, "calendar": "FR-57", "checks": {"dpi-login": {"interval": "PT10M"}}}),
)


def _archive(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    writer = ArchiveWriter(file)
    for name, content in members.items():
        writer.add(name, [content])
    writer.close()
    return file.getvalue()


ARCHIVES: Final = (
    _archive({"a": b"x"}),
    _archive({"entries/0.dsse": ENVELOPES[0][:90], "keys.json": b"{}", "window.json": b""}),
)
