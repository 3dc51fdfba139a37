"""An agent as the store sees one: a key, a chain of batches, and a clock that is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from collector.store.agents import Agent
from collector.store.enrolment import enrol, read_request
from collector.store.pool import Pool, transaction
from collector.store.tenants import ensure_tenant
from collector.store.tokens import create_token
from probes.model.batch import NO_PREVIOUS, Batch, CheckColumns, ClockReading
from probes.model.canonical import encode
from probes.model.envelope import BATCH_TYPE, ENROLMENT_TYPE, Envelope
from probes.model.failure import Failure, Operation
from probes.model.instant import SECOND, parse_instant
from probes.model.keys import SigningKey
from probes.model.measurement import VantageKind

TENANT: Final = "CH-EXEMPLE"
LOG_KEY: Final = SigningKey.from_seed(b"collector".ljust(32, b"."))
NOON_US: Final = parse_instant("2026-11-09T12:00:00Z")

_BOOT_US: Final = 3_600 * SECOND
_OFFSET_US: Final = -12_345


@dataclass(slots=True)
class Sender:
    """Seals batches one after the other; `at` in seconds after noon is when the agent booted."""

    vantage: str = "accueil-03"
    tenant: str = TENANT
    kind: VantageKind = VantageKind.WORKSTATION
    key: SigningKey = field(default_factory=SigningKey.generate)
    number: int = 0
    previous: str = NO_PREVIOUS
    measured: int = 0

    @property
    def agent(self) -> str:
        return self.key.verifying_key.key_id

    def request(self, **changes: str) -> bytes:
        """The request for enrolment, signed."""
        fields = {
            "schema": "constat.enrolment/1",
            "vantage": self.vantage,
            "kind": self.kind.value,
            "public_key": self.key.verifying_key.raw.hex(),
            "agent_version": "0.1.0",
        }
        return Envelope.seal(ENROLMENT_TYPE, encode(fields | changes), self.key).encode()

    def seal(self, *checks: CheckColumns, error_us: int = 8_000) -> bytes:
        """The next batch, as bytes."""
        batch = self.batch(*checks, error_us=error_us)
        envelope = Envelope.seal(BATCH_TYPE, batch.encode(), self.key)
        self.number, self.measured = batch.number, batch.last
        self.previous = sha256(envelope.payload).hexdigest()
        return envelope.encode()

    def batch(self, *checks: CheckColumns, error_us: int = 8_000) -> Batch:
        """The next batch. Corrected times are those of `columns`, whatever the clocks say."""
        sealed_us = max((columns.starts_us[-1] for columns in checks), default=0) + 2 * SECOND
        wall_us = NOON_US - _BOOT_US + sealed_us - _OFFSET_US
        return Batch(
            tenant=self.tenant,
            agent=self.agent,
            vantage=self.vantage,
            epoch="ab" * 16,
            boot="0b2c5e0a-5c1e-4b51-9f53-c25b4d4d4a0f",
            number=self.number + 1,
            previous=self.previous,
            first=self.measured + 1,
            last=self.measured + sum(map(len, checks)),
            clock=ClockReading(
                wall_us, sealed_us - 7, sealed_us, _OFFSET_US, error_us, estimated=True
            ),
            spool_depth=0,
            lost=0,
            agent_version="0.1.0",
            sqlite_version="3.45.1",
            config="cd" * 32,
            checks=checks,
        )


def columns(  # noqa: PLR0913 - a column for each
    outcomes: str = "UUU",
    *,
    first_s: float = 0,
    every_s: float = 10,
    check: str = "login",
    durations_ms: Iterable[int] = (),
    versions: Sequence[tuple[int, str]] = (),
    failure: Failure = Failure.CONNECTION_REFUSED,
) -> CheckColumns:
    """Measurements from some seconds after noon on, a letter each: U up, G degraded, D, X."""
    starts_us = [
        _BOOT_US + round((first_s + index * every_s) * 1000) * 1000
        for index in range(len(outcomes))
    ]
    durations = [*durations_ms] or [50 + index for index in range(len(outcomes))]
    return CheckColumns(
        check=check,
        interval_us=10 * SECOND,
        starts_us=tuple(starts_us),
        durations_us=tuple(duration * 1000 for duration in durations),
        outcomes=outcomes,
        failures=tuple(_failures(outcomes, failure)),
        versions=tuple(versions),
    )


def _failures(outcomes: str, failure: Failure) -> Iterable[tuple[int, Failure, Operation]]:
    before = ""
    for index, letter in enumerate(outcomes):
        if letter in "DX" and letter != before:
            yield (
                (index, failure, Operation.CONNECT)
                if letter == "D"
                else (index, Failure.STALL, Operation.SCHEDULE)
            )
            before = letter


async def enrolled(pool: Pool, sender: Sender | None = None) -> tuple[Sender, Agent]:
    """Enrol an agent, with a hospital for it if there is none."""
    sender = sender or Sender()
    async with transaction(pool) as connection:
        tenant_id = await ensure_tenant(connection, sender.tenant)
        token = await create_token(connection, tenant_id, now_us=NOON_US)
        request = read_request(sender.request())
        agent = await enrol(connection, request, token, key=LOG_KEY, now_us=lambda: NOON_US)
    return sender, agent
