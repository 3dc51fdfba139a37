"""Reading what `constat doctor` looks at: server, agents, services, projector, interventions."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Final, NamedTuple

from collector.record.catalogue import ItemKind, service_of
from collector.register.diagnosis import Facts, Lag, OpenIntervention, Unstamped, Watched
from collector.register.stamps import due_us
from collector.store.catalogue import items_in_force
from collector.store.documents import ContentsSeen, contents_hashed, unsound_contents
from collector.store.fleet import read_agents, read_lags, read_watchers, server_version
from collector.store.interventions import list_interventions
from collector.store.migrate import read_schema
from collector.store.pool import Connection, Pool, connected
from collector.store.stamps import logs_waiting
from collector.store.tenants import TenantId
from probes.model.instant import DAY
from probes.model.measurement import VantageKind

# Hashed in well under a second; at most 10 MiB each, so the newest is always among them.
HASHED_BYTES: Final = 64 * 2**20


class ServerFacts(NamedTuple):
    """What the database server is, and how much it holds."""

    version: str
    level: str
    schema: int
    hospitals: int
    entries: int


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was looked at."""

    server: ServerFacts
    facts: Facts
    contents: ContentsSeen


async def examine(pool: Pool, now_us: int, hashed_bytes: int | None = HASHED_BYTES) -> Examination:
    """Read everything once, as it is now; hash the newest documents, or without a bound all."""
    async with connected(pool) as connection:
        schema = await read_schema(connection)
        logs = await read_lags(connection)
        server = ServerFacts(
            await server_version(connection),
            schema.level.value,
            schema.version,
            len(logs),
            sum(log.entries for log in logs),
        )
        agents = await read_agents(connection)
        services = [
            watched
            for log in logs
            for watched in await _services(connection, log.tenant_id, log.tenant, now_us)
        ]
        unstamped = [
            Unstamped(log.tenant, due_us(log))
            for log in await logs_waiting(connection)
            if log.known
        ]
        left_open = [
            OpenIntervention(*row) for row in await list_interventions(connection, only_open=True)
        ]
        documents = await unsound_contents(connection, hashed_bytes)
        contents = await contents_hashed(connection, hashed_bytes)
    lags = [Lag(log.tenant, log.waiting) for log in logs]
    facts = Facts(now_us, agents, services, lags, unstamped, left_open, documents)
    return Examination(server, facts, contents)


async def _services(
    connection: Connection, tenant_id: TenantId, tenant: str, now_us: int
) -> list[Watched]:
    """Return the services of a hospital with the kinds of those that measured them in a day."""
    kinds: dict[str, set[VantageKind]] = defaultdict(set)
    for watcher in await read_watchers(connection, tenant_id, since_us=now_us - DAY):
        kinds[watcher.check].add(VantageKind(watcher.kind))
    items = await items_in_force(connection, tenant_id)
    return [
        Watched(
            tenant,
            item.name,
            frozenset(kind for check in service_of(item.value).checks for kind in kinds[check]),
        )
        for item in items
        if item.kind == ItemKind.SERVICE
    ]
