"""What Prometheus itself says of metrics."""

import asyncio
import os
from asyncio.subprocess import PIPE, STDOUT

import pytest

from tests.debian import MissingError, program


async def find_no_fault(exposition: str) -> None:
    """Fail unless `promtool check metrics` reads metrics and has nothing to say about them."""
    try:
        promtool = program("promtool")
    except MissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"{missing}; make test-metrics installs it")
    process = await asyncio.create_subprocess_exec(
        promtool, "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    out, _ = await process.communicate(exposition.encode())
    assert (process.returncode, out.decode()) == (0, "")
