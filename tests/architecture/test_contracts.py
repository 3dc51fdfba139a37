"""Each import contract fails when it is broken: shown on a copy of the sources."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("agent", "collector", "probes")

# For each contract: a file to add, or to add to, and the import that breaks it.
BREAKS = {
    "Services stand on probes, and never on each other": ("agent/sample.py", "import collector"),
    "The collector knows what a measurement is, not how to take one": (
        "collector/judge/verdict.py",
        "import probes.transport",
    ),
    "Inside the collector, judgement is at the bottom": (
        "collector/judge/verdict.py",
        "import collector.report",
    ),
    "Inside probes, kinds share only the model and the transport": (
        "probes/tcp.py",
        "import probes.http",
    ),
    "The pure core does no I/O": ("collector/judge/verdict.py", "import socket"),
    "An auditor can verify without the services": (
        "collector/evidence/folder.py",
        "import aiohttp",
    ),
    "No cycles": ("probes/model/failure.py", "import probes.model.batch"),
    "Only the store and a probe speak SQL": (
        "collector/report/__init__.py",
        "import asyncpg",
    ),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the sources that a test may break."""
    copy = tmp_path_factory.mktemp("sources")
    for package in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, copy / package, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def broken_contracts(sources: Path) -> set[str]:
    """Return the names of the contracts that the sources break."""
    command = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports"
    command += "; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=sources, capture_output=True, text=True, check=False
    )
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    return set(re.findall(r"^(.+) BROKEN", done.stdout, re.MULTILINE))


def contract_names() -> set[str]:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    return set(re.findall(r'importlinter\.contracts\]\]\nname = "(.+)"', text))


def test_every_contract_has_a_break_that_shows_it_works() -> None:
    assert contract_names() == set(BREAKS)


def test_the_sources_keep_every_contract(sources: Path) -> None:
    assert broken_contracts(sources) == set()


@pytest.mark.parametrize("contract", BREAKS)
def test_a_contract_fails_when_it_is_broken(contract: str, sources: Path) -> None:
    place, statement = BREAKS[contract]
    path = sources / place
    kept = path.read_text("utf-8")
    try:
        path.write_text(f"{kept}\n\n{statement}\n", "utf-8")
        assert contract in broken_contracts(sources)
    finally:
        path.write_text(kept, "utf-8")
