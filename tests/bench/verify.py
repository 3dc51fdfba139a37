"""What verifying a bundle of a million measurements costs, beside only reading its measurements.

In a process of its own, without a network where the system lets us take it away (`unshare -n`).
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Final

from collector.evidence.archive import ArchiveReader
from collector.evidence.bundle import MEASUREMENTS
from tests.bench.figure import Figure
from tests.collector.evidence.worlds import parts_of, upgraded

ROWS: Final = 2500
SENDERS: Final = 3
BATCHES: Final = 67
_VERIFY: Final = (
    "import re, sys, time; from collector.cli.main import run; start = time.perf_counter();"
    " code = run(['verify', sys.argv[1], '-o', 'json']);"
    " peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1];"
    " print(code, time.perf_counter() - start, peak, file=sys.stderr)"
)


def run() -> list[Figure]:
    """Build the bundle, verify it, and compare with parsing its measurements once."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder, "million.constat")
        parts = parts_of(upgraded(rows=ROWS, senders=SENDERS, batches=BATCHES))
        bundle.write_bytes(parts.sealed())
        count, reading_s = _read(bundle)
        print(f"  {count} measurements, {bundle.stat().st_size >> 20} MB", flush=True)
        alone = shutil.which("unshare")
        command = [sys.executable, "-c", _VERIFY, str(bundle)]
        done = subprocess.run(
            [alone, "-rn", *command] if alone else command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
        code, seconds, peak_kb = done.stderr.split()[-3:]
        print(f"  exit code {code}, network {'taken away' if alone else 'there'}", flush=True)
    return [
        Figure("verifying a million measurements", float(seconds), "s", at_most=30),
        Figure("memory meanwhile", int(peak_kb) / 1024, "MiB", at_most=300),
        Figure("to parsing them as JSON", float(seconds) / reading_s),
    ]


def _read(bundle: Path) -> tuple[int, float]:
    with bundle.open("rb") as file:
        content = ArchiveReader(file).open(MEASUREMENTS)
        start = perf_counter()
        count = sum(1 for line in content if json.loads(line))
        return count, perf_counter() - start
