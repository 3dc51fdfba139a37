"""Files stay short enough to be read, and packages hold no code in `__init__.py`."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("agent", "collector", "probes", "dashboards", "tests")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
LONGEST = 500
# Bundles ship it, and an auditor reads and runs it alone: a file by itself, which shares no code.
ALONE = ROOT / "collector/evidence/verifier.py"
ALONE_LONGEST = 1_900


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path != ALONE],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_file_is_longer_than_can_be_read(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST


def test_the_verifier_in_bundles_is_one_file_that_imports_nothing_of_ours() -> None:
    text = ALONE.read_text("utf-8")
    assert len(text.splitlines()) <= ALONE_LONGEST
    nodes = [*ast.walk(ast.parse(text))]
    named = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    named |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    roots = {name.partition(".")[0] for name in named}
    assert roots - sys.stdlib_module_names == {"cryptography"}


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.name == "__init__.py"],
    ids=lambda path: str(path.parent.relative_to(ROOT)),
)
def test_a_package_only_says_what_it_is_for(path: Path) -> None:
    body = ast.parse(path.read_text("utf-8")).body
    assert len(body) == 1
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in FILES if path.is_relative_to(ROOT / "tests")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []
