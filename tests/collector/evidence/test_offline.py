"""Verification reaches for no network: it does as well where there is none."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collector.evidence.worlds import parts_of, upgraded

_UNSHARE = shutil.which("unshare")


@pytest.mark.skipif(_UNSHARE is None, reason="needs unshare")
def test_a_bundle_is_verified_without_a_network(tmp_path: Path) -> None:
    bundle = tmp_path / "MAJ-2026-0001.constat"
    bundle.write_bytes(parts_of(upgraded(batches=12)).sealed())
    command = [sys.executable, "-m", "collector", "verify", str(bundle), "--lang", "en"]
    done = subprocess.run(
        [str(_UNSHARE), "-rn", *command], capture_output=True, text=True, check=False
    )
    assert "evidence sound" in done.stdout, done.stderr
    # The service was lost for twenty minutes of four hours, and told of a week before.
    assert done.returncode == 0
