"""The benches of this folder: modules with a function `run`.

It prints what it sees as it goes and returns its figures, or raises `MissingError` when a program
that it compares with cannot be had.
"""

from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from tests.bench.figure import Figure


def benches() -> list[str]:
    """Return the names of the benches there are."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    return [name for name in names if hasattr(import_module(f"tests.bench.{name}"), "run")]


def alone(name: str) -> list[Figure]:
    """Run one bench in a process of its own, so that it inherits no other's memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_run, name).result()


def _run(name: str) -> list[Figure]:
    figures: list[Figure] = import_module(f"tests.bench.{name}").run()
    return figures
