"""The journal of a unit is followed: of a real systemd, and what a broken one would print."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes import journal
from probes.command import BARE
from probes.journal import Entry, _entries
from probes.model.failure import Failure
from probes.model.log_target import LogSpec
from probes.model.measurement import Observation, Outcome
from probes.model.target import Regex
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, monotonic_us
from tests.servers.programs import shell_script
from tests.servers.systemd import Systemd, systemd

LOG = kinds()["log"]
_START = "ExecStart=/bin/sh -c \"echo 'Server started, version 4.2'; exec sleep 1000\""
_LATIN = r"/usr/bin/printf 'D\\351marr\\351\\n'"
UNITS = {
    "app": f"{_START}\nExecStop=/bin/echo 'Server stopped'",
    "latin": f"Type=oneshot\nRemainAfterExit=yes\nExecStart={_LATIN}",
}


@pytest.fixture(scope="module")
def real_systemd() -> Iterator[Systemd]:
    with systemd(UNITS) as running:
        yield running


@pytest.fixture
def asked(real_systemd: Systemd, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    """Have the probes of this test ask the journal of that systemd."""
    path = f"{real_systemd.folder}:{BARE['PATH']}"
    monkeypatch.setattr(journal, "_ENVIRONMENT", {**BARE, "TZ": "UTC", "PATH": path})
    return real_systemd


async def _probe(spec: LogSpec, within_us: int = AMPLE_US) -> Observation:
    return await LOG.probe(spec, monotonic_us() + within_us, monotonic_us)


def _app(unit: str = "app") -> LogSpec:
    stop, version = "Server stopped", Regex(r"version (\S+)")
    return LogSpec("Server started", stop, unit=unit, version=version)


@pytest.mark.servers
async def test_a_real_journal_tells_starts_stops_and_versions(asked: Systemd) -> None:
    spec = _app()
    silent = await _probe(spec)
    asked.run("systemctl", "start", "app")
    started = await _until_event(spec)
    same = await _probe(spec)
    asked.run("systemctl", "restart", "app")
    restarted = await _until_event(spec)
    asked.run("systemctl", "stop", "app")
    stopped = await _until_event(spec)
    at_first = await _probe(_app())

    assert (silent.outcome, silent.failure) == (Outcome.UNKNOWN, Failure.NOTHING_LOGGED)
    assert (started.outcome, started.version) == (Outcome.UP, "4.2")
    assert started.detail.startswith("version 4.2 at 20")
    assert started.detail.endswith("Z by the journal")
    assert (same.outcome, same.event) == (Outcome.UP, False)
    assert "stop at " in restarted.detail
    for seen in (stopped, at_first):
        assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.NOT_RUNNING)
    assert not at_first.event


@pytest.mark.servers
async def test_a_message_of_a_real_journal_may_be_latin_1(asked: Systemd) -> None:
    asked.run("systemctl", "start", "latin")

    seen = await _until_event(LogSpec("Démarré", "Arrêté", unit="latin"), Outcome.UP)

    assert seen.outcome is Outcome.UP


async def _until_event(spec: LogSpec, outcome: Outcome | None = None) -> Observation:
    """Probe until something new is told: a journal takes a moment to write it."""
    while True:
        seen = await _probe(spec)
        if seen.event or seen.outcome is outcome:
            return seen


@pytest.mark.parametrize(
    ("does", "within_us", "failure"),
    [
        ("exit 1", AMPLE_US, Failure.SCRIPT_UNKNOWN),
        ("sleep 1000", 100_000, Failure.SCRIPT_UNKNOWN),
        ("cat /dev/zero", AMPLE_US, Failure.SCRIPT_UNKNOWN),
        ("echo garbage", AMPLE_US, Failure.NOTHING_LOGGED),
        ("exit 0", AMPLE_US, Failure.NOTHING_LOGGED),
    ],
)
async def test_a_journal_that_does_not_answer_is_no_evidence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    does: str,
    within_us: int,
    failure: Failure,
) -> None:
    shell_script(tmp_path, does, name="journalctl")
    path = f"{tmp_path}:{BARE['PATH']}"
    monkeypatch.setattr(journal, "_ENVIRONMENT", {**BARE, "PATH": path})
    monkeypatch.setattr(journal, "_FOLDERS", ())

    seen = await _probe(_app(), within_us)

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, failure)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_a_journal_that_may_not_be_read_is_told_from_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell_script(tmp_path, "exit 0", name="journalctl")
    path = f"{tmp_path}:{BARE['PATH']}"
    monkeypatch.setattr(journal, "_ENVIRONMENT", {**BARE, "PATH": path})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "machine").mkdir()
        (folder / "machine/system.journal").write_bytes(b"")
        for each in (folder, folder / "machine"):
            each.chmod(0o755)
        (folder / "machine/system.journal").chmod(0)
        monkeypatch.setattr(journal, "_FOLDERS", (folder,))
        as_root = await _probe(_app())
        os.setresuid(65_534, 0, 0)  # access(2) asks for the real user
        try:
            as_nobody = await _probe(_app())
        finally:
            os.setresuid(0, 0, 0)

    assert as_root.failure is Failure.NOTHING_LOGGED
    assert as_nobody.failure is Failure.PERMISSION_DENIED


def test_entries_of_every_form_are_read() -> None:
    lines = [
        b'{"__CURSOR":"a","__REALTIME_TIMESTAMP":"17","MESSAGE":"up"}',
        b'{"__CURSOR":"b","__REALTIME_TIMESTAMP":"18","MESSAGE":[68,233]}',
        b'{"__CURSOR":"c","__REALTIME_TIMESTAMP":"19","MESSAGE":null}',
        b'{"__CURSOR":"d","__REALTIME_TIMESTAMP":"20","MESSAGE":[999]}',
        b'{"__CURSOR":"e","__REALTIME_TIMESTAMP":"x","MESSAGE":"bad"}',
        b'{"__CURSOR":"f","__REALTIME_TIM',
    ]

    assert list(_entries(b"\n".join(lines))) == [
        ("a", Entry("up", 17)),
        ("b", Entry("Dé", 18)),
        ("c", Entry("", 19)),
        ("d", Entry("", 20)),
    ]


@given(st.binary(max_size=200))
def test_no_output_whatever_makes_the_reading_fail(output: bytes) -> None:
    assert isinstance(list(_entries(output)), list)
