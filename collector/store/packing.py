"""Envelopes as they are kept: small, and proven at writing to come back byte for byte.

The first byte says which form follows.

- 0: the envelope, compressed.
- 1: a batch under one signature. What an agent's batches have in common is its *header*, kept once
  under a number. Number, signature and previous hash come first; then, compressed against the
  header, the batch without its columns and numbers, followed by those in planes: the lowest bytes
  of all values, then the next, since high bytes repeat.

A batch that form 1 does not bring back exactly is kept in form 0: an agent may have said more than
this version understands.
"""

import sys
import zlib
from array import array
from itertools import islice
from struct import Struct
from typing import Final, NamedTuple

from msgspec.structs import replace

from collector.store.wire import (
    WireBatch,
    WireClock,
    WireNumbers,
    WireSpool,
    decode_wire,
    encode_wire,
    read_plain,
    read_strictly,
)
from probes.model.envelope import BATCH_TYPE, Envelope, Signature
from probes.model.keys import KeyId

PLAIN: Final = 0
COLUMNS: Final = 1
LARGEST_HEADER: Final = 16 * 1024  # half of what deflate can look back on

_COLUMNS: Final = bytes((COLUMNS,))
_HEAD: Final = Struct("<BI64s32s")
_SINGLE: Final = 10
_SIGNATURE: Final = 64
_LARGE: Final = 4096
_RAW_DEFLATE: Final = -15
_NO_DIGEST: Final = "0" * 64
_NO_CLOCK: Final = WireClock(0, 0, estimated=False, monotonic_us=0, offset_us=0, wall_us=0)
_NO_SPOOL: Final = WireSpool(0, 0)


class Header(NamedTuple):
    """What the batches of one agent have in common, and the number it is kept under."""

    number: int
    text: bytes


class NotPackedError(Exception):
    """A batch that form 1 would not bring back exactly."""


def pack(envelope: Envelope) -> bytes:
    """Return the stored form of any envelope."""
    return bytes((PLAIN,)) + zlib.compress(envelope.encode())


def unpack(packed: bytes, header: bytes = b"") -> Envelope:
    """Return the envelope of a stored form; form 1 needs its header."""
    if packed[0] == PLAIN:
        return Envelope.decode(zlib.decompress(packed[1:]))
    batch = _inflated(packed, header)
    signature = Signature(KeyId(batch.agent), _HEAD.unpack_from(packed)[2])
    return Envelope(BATCH_TYPE, encode_wire(batch), (signature,))


def header_number(packed: bytes) -> int:
    """Return the number of the header that a stored form needs, 0 for none."""
    return int.from_bytes(packed[1:5], "little") if packed[:1] == _COLUMNS else 0


def header_text(batch: WireBatch) -> bytes:
    """Return what a batch could share with others: all but its columns and numbers."""
    checks = [replace(columns, starts=[], durations=[]) for columns in batch.checks]
    return encode_wire(
        replace(
            batch,
            batch=1,
            checks=checks,
            clock=_NO_CLOCK,
            first=1,
            last=0,
            previous=_NO_DIGEST,
            spool=_NO_SPOOL,
        )
    )


def pack_batch(
    batch: WireBatch, numbers: WireNumbers, signature: bytes, header: Header, payload: bytes
) -> bytes:
    """Return form 1 of a batch; `NotPackedError` unless that brings exactly its payload back."""
    body = _body(batch, numbers)
    if len(signature) != _SIGNATURE or encode_wire(_restored(body, batch.previous)) != payload:
        raise NotPackedError
    level = 1 if len(body) > _LARGE else 6
    deflate = zlib.compressobj(level, wbits=_RAW_DEFLATE, memLevel=9, zdict=header.text)
    return b"".join(
        (
            _HEAD.pack(COLUMNS, header.number, signature, bytes.fromhex(batch.previous)),
            deflate.compress(body),
            deflate.flush(),
        )
    )


def unpack_batch(packed: bytes, header: bytes = b"") -> WireBatch:
    """Return the batch of a stored form; form 1 needs its header."""
    if packed[0] == COLUMNS:
        return _inflated(packed, header)
    payload = unpack(packed).payload
    plain = read_plain(payload)
    return plain[0] if plain else read_strictly(payload)


def _body(batch: WireBatch, numbers: WireNumbers) -> bytes:
    clock = batch.clock
    single = (
        batch.batch,
        batch.first,
        batch.spool.depth,
        batch.spool.lost,
        clock.wall_us,
        clock.boottime_us,
        clock.boottime_us - clock.monotonic_us,
        clock.offset_us,
        clock.error_us,
        clock.estimated,
    )
    columns = (array("q", single), *numbers)
    return b"".join((header_text(batch), b"\n", *[_planes(column) for column in columns]))


def _inflated(packed: bytes, header: bytes) -> WireBatch:
    body = zlib.decompressobj(_RAW_DEFLATE, header).decompress(packed[_HEAD.size :])
    return _restored(body, _HEAD.unpack_from(packed)[3].hex())


def _restored(body: bytes, previous: str) -> WireBatch:
    text, _, planes = body.partition(b"\n")
    batch = decode_wire(text)
    counts = [len(columns.outcomes) for columns in batch.checks]
    measured = sum(counts)
    single, planes = _split(planes, _SINGLE)
    ages, planes = _split(planes, len(counts))
    distances, planes = _split(planes, measured - len(counts))
    durations, _ = _split(planes, measured)
    _restore_head(batch, single, measured)
    batch.previous = previous
    sealed = batch.clock.boottime_us // batch.quantum_us
    distance, duration = iter(distances), iter(durations)
    for columns, age, count in zip(batch.checks, ages, counts, strict=True):
        columns.starts = [sealed - age, *islice(distance, count - 1)]
        columns.durations = list(islice(duration, count))
    return batch


def _restore_head(batch: WireBatch, single: list[int], measured: int) -> None:
    batch.batch, batch.first, depth, lost, wall, boottime, slept, offset, error, estimated = single
    batch.last = batch.first + measured - 1
    batch.spool = WireSpool(depth, lost)
    batch.clock = WireClock(
        boottime_us=boottime,
        error_us=error,
        estimated=bool(estimated),
        monotonic_us=boottime - slept,
        offset_us=offset,
        wall_us=wall,
    )


def _planes(values: "array[int]") -> bytes:
    """Return a column: how many planes, then each, the lowest bytes of all values first."""
    plain, width = _little_endian(values).tobytes(), values.itemsize
    planes = [plain[plane::width] for plane in range(width)]
    while planes and not any(planes[-1]):
        planes.pop()
    return b"".join((bytes((len(planes),)), *planes))


def _split(planes: bytes, count: int) -> tuple[list[int], bytes]:
    """Return the values of a column and what follows it."""
    kept = planes[0]
    values: array[int] = array("H" if kept <= 2 else "I" if kept <= 4 else "q")  # noqa: PLR2004
    plain = bytearray(count * values.itemsize)
    for plane in range(kept):
        plain[plane :: values.itemsize] = planes[1 + plane * count : 1 + (plane + 1) * count]
    values.frombytes(plain)
    return _little_endian(values).tolist(), planes[1 + count * kept :]


def _little_endian(values: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values
