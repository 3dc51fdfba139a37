"""README and docs: what they show is what happens, what they link to exists."""

import re
from pathlib import Path

import pytest

from tests.docs.console import README, ROOT, commands_in, output_of, refreshed

DOCUMENTS = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md")]


def test_the_readme_shows_what_its_commands_print() -> None:
    document = README.read_text("utf-8")
    assert commands_in(document)
    assert refreshed(document, output_of) == document


def test_the_readme_opens_with_the_two_commands() -> None:
    first = README.read_text("utf-8").split("```")[1]
    assert re.findall(r"^make \w+", first, re.MULTILINE) == ["make demo", "make test"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert missing == []
