"""Making a batch of samples: columns, header, signature. Pure, given the clocks and the key.

A batch holds samples of one run of the agent, so of one boot and one configuration. Its clock error
covers its oldest sample: the offset was estimated at sealing, and the clocks may have drifted apart
since that sample was taken.
"""

import gzip
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeAlias

from agent.identity import Identity
from agent.offset import drift_us
from agent.sample import Sample
from probes.model.batch import LETTERS, MAX_BYTES, Batch, CheckColumns, ClockReading
from probes.model.envelope import BATCH_TYPE, Envelope
from probes.model.failure import Failure, Operation
from probes.model.keys import SigningKey


@dataclass(frozen=True, slots=True)
class Run:
    """What samples were taken under: one boot, one version of the agent, one configuration."""

    boot_id: str
    agent_version: str
    config: str
    intervals_us: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Draft:
    """The oldest samples of the spool and the place in the chain that their batch will take.

    `depth` counts the samples that no collector has to show for yet, `lost` those that were
    dropped for want of space since the spool was made.
    """

    run: Run
    clock: ClockReading
    epoch: str
    number: int
    previous: str
    first: int
    depth: int
    lost: int
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A batch as it is kept and sent; `digest` is what the next one names as its previous."""

    number: int
    first: int
    last: int
    digest: str
    body: bytes
    gzipped: bool


Forge: TypeAlias = Callable[[Draft], Sealed]


def forge_for(identity: Identity, key: SigningKey) -> Forge:
    """Return the function that seals drafts in the name of one agent."""

    def forge(draft: Draft) -> Sealed:
        return seal(draft, identity, key)

    return forge


def seal(draft: Draft, identity: Identity, key: SigningKey) -> Sealed:
    """Seal the samples of a draft, or as many of the oldest as an envelope may hold."""
    samples = draft.samples
    while True:
        batch = make_batch(replace(draft, samples=samples), identity)
        payload = batch.encode()
        envelope = Envelope.seal(BATCH_TYPE, payload, key).encode()
        if len(envelope) <= MAX_BYTES:
            break
        if len(samples) == 1:
            raise ValueError(f"a sample of {samples[0].check} does not fit into a batch")
        samples = samples[: len(samples) // 2]
    packed = gzip.compress(envelope, mtime=0)
    gzipped = len(packed) < len(envelope)
    return Sealed(
        number=batch.number,
        first=batch.first,
        last=batch.last,
        digest=sha256(payload).hexdigest(),
        body=packed if gzipped else envelope,
        gzipped=gzipped,
    )


def make_batch(draft: Draft, identity: Identity) -> Batch:
    """Return the batch of a draft."""
    oldest_us = min(sample.start_us for sample in draft.samples)
    return Batch(
        tenant=identity.tenant,
        agent=identity.agent,
        vantage=identity.vantage,
        epoch=draft.epoch,
        boot=draft.run.boot_id,
        number=draft.number,
        previous=draft.previous,
        first=draft.first,
        last=draft.first + len(draft.samples) - 1,
        clock=_covering(draft.clock, oldest_us),
        spool_depth=draft.depth,
        lost=draft.lost,
        agent_version=draft.run.agent_version,
        sqlite_version=sqlite3.sqlite_version,
        config=draft.run.config,
        checks=tuple(
            _columns(check, samples, draft.run.intervals_us[check])
            for check, samples in sorted(_by_check(draft.samples).items())
        ),
    )


def _covering(clock: ClockReading, oldest_us: int) -> ClockReading:
    if not clock.estimated:
        return clock
    return replace(clock, error_us=clock.error_us + drift_us(clock.boottime_us - oldest_us))


def _by_check(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    checks: dict[str, list[Sample]] = {}
    for sample in samples:
        checks.setdefault(sample.check, []).append(sample)
    return checks


def _columns(check: str, samples: list[Sample], interval_us: int) -> CheckColumns:
    samples.sort(key=lambda sample: sample.start_us)
    return CheckColumns(
        check=check,
        interval_us=interval_us,
        starts_us=tuple(sample.start_us for sample in samples),
        durations_us=tuple(sample.duration_us for sample in samples),
        outcomes="".join(LETTERS[sample.outcome] for sample in samples),
        failures=tuple(_failures(samples)),
        details=tuple((i, sample.detail) for i, sample in enumerate(samples) if sample.detail),
        versions=tuple(
            (i, sample.version) for i, sample in enumerate(samples) if sample.version is not None
        ),
    )


def _failures(samples: list[Sample]) -> Iterable[tuple[int, Failure, Operation]]:
    """Yield an entry where the failure is not the one that still holds."""
    current: tuple[Failure, Operation] | None = None
    for index, sample in enumerate(samples):
        if sample.failure is None or sample.operation is None:
            continue
        if (sample.failure, sample.operation) != current:
            current = (sample.failure, sample.operation)
            yield index, *current
