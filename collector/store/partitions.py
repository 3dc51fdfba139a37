"""Where rows of a time go: partitions on plain PostgreSQL, chunks on TimescaleDB."""

from collections.abc import Iterable
from typing import Final

from collector.store.pool import Connection
from probes.model.instant import DAY, to_datetime

_WIDTHS: Final = {"measurement": DAY, "latency": 28 * DAY}


class Partitions:
    """Makes partitions before rows are written, and drops those that nobody wants any more."""

    def __init__(self) -> None:
        self._made: set[str] = set()
        self._plain: bool | None = None

    def forget(self) -> None:
        """Forget what was made: a transaction that made partitions was not committed."""
        self._made.clear()

    async def ensure(self, connection: Connection, table: str, instants: Iterable[int]) -> None:
        """Make the partitions these instants fall into; nothing to do on TimescaleDB."""
        width = _WIDTHS[table]
        for number in sorted({instant // width for instant in instants}):
            name = _name(table, number * width)
            if name in self._made or not await self._is_plain(connection):
                continue
            await connection.execute(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table}"
                f" FOR VALUES FROM ({number * width}) TO ({(number + 1) * width})"
            )
            self._made.add(name)

    async def drop_before(self, connection: Connection, table: str, instant: int) -> None:
        """Drop what lies wholly before an instant."""
        if not await self._is_plain(connection):
            await connection.execute("SELECT drop_chunks($1::regclass, $2::bigint)", table, instant)
            return
        oldest = _name(table, instant // _WIDTHS[table] * _WIDTHS[table])
        names = await connection.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
            " WHERE inhparent = $1::regclass",
            table,
        )
        for row in names:
            if row["name"] < oldest:
                await connection.execute(f"DROP TABLE {row['name']}")
                self._made.discard(row["name"])

    async def _is_plain(self, connection: Connection) -> bool:
        if self._plain is None:
            kind = await connection.fetchval(
                "SELECT relkind::text FROM pg_class WHERE oid = 'measurement'::regclass"
            )
            self._plain = kind == "p"
        return self._plain


def _name(table: str, start: int) -> str:
    """Return the name of the partition that begins at an instant; names sort as times do."""
    return f"{table}_{to_datetime(start):%Y%m%d}"
