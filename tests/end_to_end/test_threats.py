"""Every move on a live database is caught by what docs/threats.md says, and the page is in step."""

from pathlib import Path

from tests.end_to_end.hospital import Guard
from tests.end_to_end.threats import NO_EFFECT, NOT_CAUGHT, PAGE, page, rows
from tests.postgres import Server


async def test_the_page_on_threats_says_what_catches_each_move(
    postgres: Server, tmp_path: Path
) -> None:
    made = await rows(postgres, tmp_path)
    # What came of each move first, so that a difference is told in one line.
    assert {row.move.title: [*row.cells.values()] for row in made} == told(PAGE.read_text("utf-8"))
    assert page(made) == PAGE.read_text("utf-8")


def told(document: str) -> dict[str, list[str]]:
    """The cells of the page's table, by move."""
    lines = [line for line in document.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
    return {title: rest for title, *rest in cells}


def test_every_move_that_changes_a_report_is_caught_where_a_witness_looks() -> None:
    cells = told(PAGE.read_text("utf-8"))
    assert {len(each) for each in cells.values()} == {len(Guard)}
    for title, (_, witness, _) in cells.items():
        assert NOT_CAUGHT not in witness, title
    unseen = [title for title, each in cells.items() if NO_EFFECT in each]
    assert unseen == ["Change the contract afterwards", "Add a friendly workstation late"]
