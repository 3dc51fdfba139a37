"""Reading the body of a request: whole, soon, and no larger than allowed once decompressed."""

import asyncio
import zlib
from typing import Final

from aiohttp import web

from collector.errors import RefusedError
from collector.store.received import TooLargeError
from probes.model.canonical import MalformedError

READ_TIMEOUT_S: Final = 15.0

_GZIP: Final = 31  # zlib's wbits for gzip with the largest window


class SlowBodyError(RefusedError):
    """A body did not arrive in time; without a limit of ours it could stay open for ever."""


async def read_body(request: web.Request, *, largest: int) -> bytes:
    """Return the decoded body; `TooLargeError`, `SlowBodyError` or `MalformedError`.

    The application must be run by `make_runner`, which leaves the decoding to this function.
    """
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            body = await request.read()
    except TimeoutError:
        raise SlowBodyError(f"the body did not arrive within {READ_TIMEOUT_S:g} s") from None
    except web.HTTPRequestEntityTooLarge:
        raise TooLargeError(f"a body has at most {largest} bytes") from None
    except web.RequestPayloadError as fault:
        raise MalformedError(f"the body cannot be read: {fault}") from None
    coding = request.headers.get("Content-Encoding", "identity")
    if coding == "gzip":
        body = gunzip(body, largest)
    elif coding != "identity":
        raise MalformedError(f"Content-Encoding: {coding!r} is not gzip")
    if len(body) > largest:
        raise TooLargeError(f"a body has at most {largest} bytes")
    return body


def gunzip(data: bytes, largest: int) -> bytes:
    """Return what was compressed into `data`, never making more than one byte too many of it."""
    inflate = zlib.decompressobj(_GZIP)
    try:
        body = inflate.decompress(data, largest + 1)
    except zlib.error:
        raise MalformedError("the body is not gzip") from None
    if len(body) > largest:
        raise TooLargeError(f"a body has at most {largest} bytes once decompressed")
    if not inflate.eof or inflate.unused_data:
        raise MalformedError("the body is not one whole gzip member")
    return body
