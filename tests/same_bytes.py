"""The same inputs give the same bytes: bundle, PDF and HTML, whatever runs this.

`python -m tests.same_bytes` prints their digests; with `compare` it runs that under other zones,
languages, hash seeds and versions of Python, as far as they are installed, and fails when anything
differs.
"""

import io
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Final

VERSIONS: Final = ("3.11", "3.12", "3.13")
_UV: Final = Path(sys.prefix, "bin", "uv")
_ALONE: Final = ("--isolated", "--frozen", "--quiet", "--no-default-groups")
_EXTRAS: Final = ("--extra", "collector", "--extra", "report")


def digests() -> str:
    """Return the digests of what is made of one world, and what its verification says."""
    from collector.evidence.verify import verify  # noqa: PLC0415 - only where it is measured
    from collector.report.as_html import report_html  # noqa: PLC0415
    from collector.report.as_pdf import report_pdf  # noqa: PLC0415
    from collector.report.durations import Language  # noqa: PLC0415
    from tests.collector.evidence.worlds import parts_of, upgraded  # noqa: PLC0415

    parts = parts_of(upgraded(batches=12))
    bundle = parts.sealed()
    done = verify(io.BytesIO(bundle))
    made = [
        bundle,
        *(report_pdf(parts.report, language) for language in Language),
        *(report_html(parts.report, language).encode() for language in Language),
    ]
    return " ".join([*(sha256(data).hexdigest()[:16] for data in made), str(done.fault)])


def surroundings() -> list[dict[str, str]]:
    """Return environments that must change nothing."""
    return [
        {"TZ": zone, "LANG": language, "LC_ALL": language, "PYTHONHASHSEED": seed}
        for zone, language, seed in product(
            ("UTC", "Pacific/Auckland"), ("C.UTF-8", "fr_FR.UTF-8"), ("0", "4242")
        )
    ]


def under(environment: dict[str, str], *command: str) -> str:
    """Return the digests as a process in another environment prints them."""
    program = command or (sys.executable,)
    done = subprocess.run(
        [*program, "-m", "tests.same_bytes"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def python(version: str) -> str | None:
    """Return an interpreter of a version that runs, those kept by pyenv too."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    named = shutil.which(f"python{version}")
    for candidate in (*sorted(map(str, kept.glob(f"{version}.*/bin/python"))), named):
        if candidate and _runs(candidate):
            return candidate
    return None


def _runs(interpreter: str) -> bool:
    tried = subprocess.run([interpreter, "-c", ""], capture_output=True, check=False)
    return tried.returncode == 0


def compare() -> int:
    """Compare all that can be had; return 1 when something differs."""
    mine = digests()
    seen = {"here": mine}
    for environment in surroundings():
        seen[" ".join(environment.values())] = under(environment)
    for version in VERSIONS:
        found = python(version)
        if found is None:
            print(f"NOT TRIED: Python {version} is not installed")
            continue
        seen[f"Python {version}"] = under(
            {}, str(_UV), "run", "--python", found, *_ALONE, *_EXTRAS, "python"
        )
    for where, found in seen.items():
        print(f"{'same' if found == mine else 'DIFFERS':8} {where}")
    return 0 if {*seen.values()} == {mine} else 1


if __name__ == "__main__":
    if sys.argv[1:] == ["compare"]:
        sys.exit(compare())
    print(digests())
