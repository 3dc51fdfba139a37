"""Probe once, where and as whom this runs: `python -m tests.probes.here KIND OPTIONS`.

Options are JSON; printed is the outcome, the failure and the detail. With `nobody` after them root
is given up first, when all is imported: another user may not be able to read the sources.
"""

import asyncio
import os
import sys

import msgspec
import psutil

from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, monotonic_us

NOBODY = 65_534


async def _main(kind: str, options: str, user: str = "") -> None:
    chosen = kinds()[kind]
    spec = msgspec.json.decode(options, type=chosen.spec_type)
    if user == "nobody" and os.geteuid() == 0:
        psutil.Process().net_connections()  # some of it is only imported when it is used
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    seen = await chosen.probe(spec, monotonic_us() + AMPLE_US, monotonic_us)
    print(seen.outcome, seen.failure, seen.detail)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
