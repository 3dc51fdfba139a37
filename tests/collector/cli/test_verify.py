"""`constat verify` and a bundle whose maker holds every key."""

import json
import os
from pathlib import Path

import pytest

from collector.cli.main import run
from collector.evidence import verifier
from collector.record.catalogue import ItemKey, ItemKind, read_catalogue
from tests.collector.evidence.resealing import members_of
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


PRODUCT = "DPI\x1b[2J\x9b1A\nCOMPLIANT\u202e"


def test_a_name_cannot_make_the_terminal_say_something_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "x.constat"
    bundle.write_bytes(hostile(PRODUCT))
    run(["verify", str(bundle)])
    lines = capsys.readouterr().out.split("\n")
    assert all(line.isprintable() for line in lines)
    assert any("DPI\\x1b[2J\\x9b1A\\nCOMPLIANT\\u202e" in line for line in lines)


def test_no_more_can_it_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = tmp_path / "x.constat"
    bundle.write_bytes(hostile(PRODUCT))
    run(["verify", str(bundle), "-o", "json"])
    [line, rest] = capsys.readouterr().out.split("\n")
    assert (line.isprintable(), rest) == (True, "")
    assert json.loads(line)["report"]["product"] == PRODUCT


@pytest.mark.parametrize("name", [b"a\nb\xe2\x80\xae.constat", b"\xff\x1b[2J.constat"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_more_can_the_name_of_the_file(
    name: bytes, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path(os.fsdecode(bytes(tmp_path / "x").removesuffix(b"x") + name))
    for asked in ("there", "not there"):
        if asked == "there":
            file.write_bytes(b"no archive")
        else:
            file.unlink()
        run(["verify", str(file), "-o", form])
        said = capsys.readouterr()
        for line in (said.out + said.err).split("\n"):
            assert line.isprintable()
        if form == "json" and asked == "there":
            assert json.loads(said.out)["file"] == file.name


def test_the_second_verifier_says_nothing_a_terminal_would_obey(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = hostile(PRODUCT)
    altered = bundle.replace(b'"check":"dpi-hl7"', b'"check":"dpi\xe2\x80\xaes7"')
    for data in (bundle, altered):
        file = tmp_path / "x.constat"
        file.write_bytes(data)
        for options in ([], ["--json"]):
            verifier.main([str(file), *options])
            assert all(line.isprintable() for line in capsys.readouterr().out.split("\n"))


@pytest.mark.parametrize("other", ["a pipe", "/dev/null", "/dev/zero"])
def test_what_is_no_file_is_not_waited_for(
    other: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, bundle = tmp_path / "pipe", tmp_path / "x.constat"
    os.mkfifo(path)
    bundle.write_bytes(b"no archive")
    named = str(path) if other == "a pipe" else other
    for arguments in ([named], [str(bundle), "--keys", named]):
        assert run(["verify", *arguments]) == 2
        said = capsys.readouterr()
        assert said.err == f"constat: cannot read {named}: it is no regular file\n"
        assert verifier.main(arguments) == 2
        said = capsys.readouterr()
        assert said.err == f"verifier.py: cannot read {named}: it is no regular file\n"


EMPTY = "the file has 0 bytes: no archive has so many or so few"
FRENCH = f"""
preuve NON recevable (archive) : le fichier n'est pas une archive sous sa forme unique
détail (en anglais) : {EMPTY}
"""
ENGLISH = f"""
evidence NOT sound (archive): the file is no archive in its one form
detail: {EMPTY}
"""


@pytest.mark.parametrize(("lang", "said"), [("fr", FRENCH), ("en", ENGLISH)])
def test_what_does_not_hold_is_told_in_the_language_asked_for(
    lang: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "x.constat"
    bundle.touch()
    assert run(["verify", str(bundle), "--lang", lang]) == 7
    assert capsys.readouterr().out.endswith(said)


def test_a_witness_can_only_be_required_if_one_is_pinned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "x.constat"
    bundle.touch()
    assert run(["verify", str(bundle), "--require-witness"]) == 2
    assert capsys.readouterr().err == (
        "constat: --require-witness: no witness is pinned, --keys names it\n"
    )


@pytest.mark.parametrize(
    ("pinned", "why"),
    [
        ({"authorities": ["no PEM"]}, "it holds no certificate in PEM that can be read"),
        ({"log": 7}, "log: expected a string, got an integer"),
    ],
)
def test_keys_that_cannot_be_read_are_no_fault_of_the_bundle(
    pinned: dict[str, object], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, keys = tmp_path / "x.constat", tmp_path / "pinned.json"
    bundle.write_bytes(hostile("DPI"))
    log = members_of(bundle.read_bytes())["keys.json"]
    keys.write_text(json.dumps({**json.loads(log), **pinned}))
    assert run(["verify", str(bundle), "--keys", str(keys)]) == 2
    next_step = "--keys takes what constat evidence keys prints"
    assert capsys.readouterr().err == f"constat: cannot read {keys}: {why}; {next_step}\n"
