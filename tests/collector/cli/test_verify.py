"""`constat verify` and a bundle whose maker holds every key."""

from pathlib import Path

import pytest

from collector.cli.main import run
from collector.record.catalogue import ItemKey, ItemKind, read_catalogue
from tests.collector.evidence.worlds import CATALOGUE, World, checks_at, parts_of


def hostile(product: str) -> bytes:
    """Make a bundle about a product of that name."""
    world = World()
    world.agree()
    service = read_catalogue(CATALOGUE)[world.tenant][ItemKey(ItemKind.SERVICE, "dpi")]
    named = {"item": "service", "name": "dpi", "value": {**service, "product": product}}
    world.state("catalogue.set", named)
    world.announce()
    sender = world.enrol("poste-01")
    world.measure(sender, *checks_at(0, 2, 300, 20))
    world.conclude()
    world.export()
    return parts_of(world).sealed()


def test_a_name_cannot_make_the_terminal_say_something_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "x.constat"
    bundle.write_bytes(hostile("DPI\x1b[2J\x9b1A\nCOMPLIANT\u202e"))
    run(["verify", str(bundle)])
    lines = capsys.readouterr().out.split("\n")
    assert all(line.isprintable() for line in lines)
    assert any("DPI\\x1b[2J\\x9b1A\\nCOMPLIANT\\u202e" in line for line in lines)
