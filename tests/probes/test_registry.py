"""Kinds are found by name, those of other packages too."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.registry import KindError, forget_added, kinds

OWN = [
    "browser",
    "dicom",
    "dns",
    "fhir",
    "grpc",
    "hl7",
    "http",
    "icmp",
    "ldap",
    "log",
    "process",
    "script",
    "smtp",
    "sql",
    "ssh",
    "tcp",
    "tls",
]
_PACKAGE = """
from probes.model.measurement import Observation, Outcome
from probes.kind import Kind

class Spec:
    pass

async def probe(spec, deadline, clock):
    return Observation(Outcome.UP)

KIND = Kind({name!r}, Spec, probe, frozenset())
"""


@pytest.fixture(autouse=True)
def _forget_what_was_found() -> Iterator[None]:
    forget_added()
    yield
    forget_added()


def _install(folder: Path, monkeypatch: pytest.MonkeyPatch, entry: str, code: str) -> None:
    """Install a package that adds a kind, as an installer would lay it out."""
    (folder / "added_probe.py").write_text(code)
    metadata = folder / "added_probe-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: added-probe\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[constat.probes]\n{entry}\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "added_probe", raising=False)


def test_our_own_kinds_are_there_in_order() -> None:
    assert list(kinds()) == OWN


def test_a_package_adds_a_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(tmp_path, monkeypatch, "modem = added_probe:KIND", _PACKAGE.format(name="modem"))

    assert list(kinds()) == sorted([*OWN, "modem"])


@pytest.mark.parametrize(
    ("entry", "code", "fault"),
    [
        (
            "mine = added_probe:KIND",
            _PACKAGE.format(name="http"),
            "the entry point mine of constat.probes adds 'http' a second time",
        ),
        (
            "mine = added_probe:KIND",
            "KIND = 3",
            "the entry point mine of constat.probes is not a Kind",
        ),
        (
            "mine = added_probe:KIND",
            "raise RuntimeError('no licence')",
            "cannot load the entry point mine of constat.probes: no licence",
        ),
        (
            "mine = added_probe:NONE",
            "",
            "cannot load the entry point mine of constat.probes: ",
        ),
    ],
)
def test_a_kind_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, code: str, fault: str
) -> None:
    _install(tmp_path, monkeypatch, entry, code)

    with pytest.raises(KindError) as raised:
        kinds()

    assert str(raised.value).startswith(fault)
