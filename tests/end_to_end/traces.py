"""Everything that an installation keeps or shows, in plain bytes: where to look for what must not.

What is packed is unpacked too: gzip and zlib, Base64 inside JSON, and bytes that a database prints
in hexadecimal.
"""

import base64
import binascii
import re
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from collector.store.log import entries
from collector.store.pool import connected, open_pool
from collector.store.tenants import TenantId


def plain(data: bytes) -> Iterator[bytes]:
    """Yield some bytes and all that is packed in them."""
    yield data
    for window_bits in (zlib.MAX_WBITS | 16, zlib.MAX_WBITS):
        try:
            unpacked = zlib.decompressobj(window_bits).decompress(data)
        except zlib.error:
            continue
        if unpacked:
            yield from plain(unpacked)
    for packed in _BASE64.findall(data):
        try:
            yield base64.b64decode(packed, validate=True)
        except binascii.Error:
            continue
    for packed in _HEX.findall(data):
        yield from plain(bytes.fromhex(packed[: len(packed) // 2 * 2].decode()))


def in_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every file under a folder, and every value of a spool."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        name = str(path.relative_to(folder))
        yield name, path.read_bytes()
        if path.suffix == ".sqlite":
            yield from ((f"{name}: {table}", value) for table, value in _in_spool(path))


async def in_database(dsn: str) -> Iterator[tuple[str, bytes]]:
    """Return every row of every table as text, and every entry of the log as it was signed."""
    found: list[tuple[str, bytes]] = []
    async with open_pool(dsn, size=1) as pool, connected(pool) as connection:
        for schema, table in await connection.fetch(_TABLES):
            rows = await connection.fetch(f'SELECT t::text FROM "{schema}"."{table}" t')
            found += [(f"table {table}", row[0].encode()) for row in rows]
        for tenant in await connection.fetch("SELECT tenant_id FROM tenant"):
            async for entry in entries(connection, TenantId(tenant[0])):
                found.append(("log entry", entry.envelope.payload))
    return iter(found)


def _in_spool(path: Path) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as spool:
        tables = spool.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in spool.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    yield table, value if isinstance(value, bytes) else str(value).encode()


_TABLES: Final = (
    "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
    " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
)
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")
_HEX: Final = re.compile(rb"(?<=\\x)[0-9a-f]{16,}")
