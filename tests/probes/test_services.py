"""What a service is, as a real systemd says; and as ones that were recorded said."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes import services
from probes.attempt import ProbeError
from probes.command import BARE
from probes.model.failure import Failure
from probes.model.measurement import Observation, Outcome
from probes.model.process_target import ProcessSpec
from probes.registry import kinds
from probes.services import Service, State, of_systemd, of_windows
from tests.probes.clocks import AMPLE_US, monotonic_us
from tests.servers.programs import shell_script
from tests.servers.real import free_port
from tests.servers.systemd import Systemd, systemd

PROCESS = kinds()["process"]
ROOT = Path(__file__).parents[2]
PORT = free_port()
_SERVER = f"{sys.executable} -m http.server -b 127.0.0.1 {PORT}"
UNITS = {
    "app": "ExecStart=/bin/sleep 1000\nRestart=always\nRestartSec=0\nStartLimitIntervalSec=0",
    "listening": f"ExecStart=/bin/sh -c '{_SERVER} & wait'",
    "fails": "ExecStart=/bin/false",
    "loops": "ExecStart=/bin/false\nRestart=always\nRestartSec=1000",
    "once": "Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true",
    "starts": "Type=notify\nExecStart=/bin/sleep 1000",
    "prepares": "ExecStartPre=/bin/sleep 1000\nExecStart=/bin/sleep 1000",
    "reloads": "ExecStart=/bin/sleep 1000\nExecReload=/bin/sleep 1000",
    "stops": "ExecStart=/bin/sleep 1000\nExecStop=/bin/sleep 1000",
    "idle": "ExecStart=/bin/sleep 1000",
}
# As systemd 252 showed it; the order of the properties is its own.
_RUNNING = b"""\
MainPID=39
ExecMainStartTimestamp=Wed 2026-11-25 21:05:43 UTC
LoadState=loaded
ActiveState=active
SubState=running
ActiveEnterTimestamp=Wed 2026-11-25 21:05:44 UTC
InvocationID=04617a314b934dcebdd68e801b16f584
"""


@pytest.fixture(scope="module")
def real_systemd() -> Iterator[Systemd]:
    with systemd(UNITS) as running:
        started = [unit for unit in UNITS if unit != "idle"]
        running.run("systemctl", "start", "--no-block", *started)
        for unit in ("reloads", "stops"):
            running.wait_until(unit, "active (running)")
        running.run("systemctl", "reload", "--no-block", "reloads")
        running.run("systemctl", "stop", "--no-block", "stops")
        yield running


@pytest.fixture
def asked(real_systemd: Systemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    """Have the probes of this test ask that systemd, from outside of its namespace."""
    monkeypatch.setattr(services, "_BOOTED", tmp_path)
    path = f"{real_systemd.folder}:{BARE['PATH']}"
    monkeypatch.setattr(services, "_ENVIRONMENT", {**BARE, "TZ": "UTC", "PATH": path})
    return real_systemd


async def _probe(spec: ProcessSpec) -> Observation:
    return await PROCESS.probe(spec, monotonic_us() + AMPLE_US, monotonic_us)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("unit", "state", "outcome"),
    [
        ("app", "active (running)", Outcome.UP),
        ("reloads", "reloading (reload)", Outcome.DEGRADED),
        ("starts", "activating (start)", Outcome.DEGRADED),
        ("prepares", "activating (start-pre)", Outcome.DOWN),
        ("loops", "activating (auto-restart)", Outcome.DOWN),
        ("stops", "deactivating (stop)", Outcome.DOWN),
        ("fails", "failed (failed)", Outcome.DOWN),
        ("once", "active (exited)", Outcome.DOWN),
        ("idle", "inactive (dead)", Outcome.DOWN),
    ],
)
async def test_each_state_of_a_real_unit_is_told(
    asked: Systemd, unit: str, state: str, outcome: Outcome
) -> None:
    asked.wait_until(unit, state)

    seen = await _probe(ProcessSpec(service=unit))

    assert seen.outcome is outcome
    assert seen.detail.startswith(state)
    assert seen.failure is (Failure.NOT_RUNNING if outcome is Outcome.DOWN else None)


@pytest.mark.servers
async def test_a_unit_that_no_file_declares_is_not_running(asked: Systemd) -> None:
    del asked
    seen = await _probe(ProcessSpec(service="never.service"))

    assert (seen.failure, seen.detail) == (Failure.NOT_RUNNING, "there is no such unit")


@pytest.mark.servers
async def test_a_real_restart_is_an_event(asked: Systemd) -> None:
    spec = ProcessSpec(service="app")
    asked.wait_until("app", "active (running)")
    first = await _probe(spec)
    again = await _probe(spec)
    pid = asked.run("systemctl", "show", "--property=MainPID", "--value", "app").strip()
    asked.run("systemctl", "kill", "--signal=KILL", "app")
    while asked.run("systemctl", "show", "--property=MainPID", "--value", "app").strip() in (
        *("0", pid),
    ):
        pass
    asked.wait_until("app", "active (running)")

    second = await _probe(spec)

    assert [first.event, again.event, second.event] == [False, False, True]
    assert f", pid {pid} since " in first.detail
    assert second.detail.endswith("; started anew once since we look")


@pytest.mark.servers
def test_a_port_is_found_at_a_descendant_of_a_real_unit(real_systemd: Systemd) -> None:
    # Where the process ids of the unit mean something: inside.
    said = []
    for port in (PORT, free_port()):
        options = json.dumps({"service": "listening", "listens_on": port})
        python = ("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "tests.probes.here")
        said.append(real_systemd.run(*python, "process", options))

    assert said[0].startswith("up None active (running), pid ")
    assert said[1].startswith("down not_listening it runs, and does not listen on port ")


def test_a_recorded_unit_is_read() -> None:
    # 2026-11-25T21:05:43Z is 1 795 640 743 s after 1970.
    assert of_systemd(_RUNNING) == Service(
        State.RUNNING,
        "active (running)",
        39,
        "04617a314b934dcebdd68e801b16f584 39 Wed 2026-11-25 21:05:43 UTC",
        1_795_640_743_000_000,
    )


def test_a_main_process_that_was_replaced_is_another() -> None:
    other = _RUNNING.replace(b"MainPID=39", b"MainPID=40")

    assert of_systemd(other).identity != of_systemd(_RUNNING).identity


@pytest.mark.parametrize("began", [b"", b"n/a", b"Mer 2026-11-25 21:05:43 CET", b"x"])
def test_a_start_that_cannot_be_read_is_none(began: bytes) -> None:
    shown = _RUNNING.replace(b"Wed 2026-11-25 21:05:43 UTC", began)
    shown = shown.replace(b"Wed 2026-11-25 21:05:44 UTC", began)

    assert of_systemd(shown).started_us is None


@pytest.mark.parametrize("output", [b"", b"garbage\xff\0", b"LoadState=loaded\nActiveState=active"])
def test_what_systemctl_does_not_say_is_never_up(output: bytes) -> None:
    with pytest.raises(ProbeError) as raised:
        of_systemd(output)

    assert raised.value.failure is Failure.SCRIPT_UNKNOWN


async def test_a_host_without_systemd_cannot_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(services, "_BOOTED", tmp_path / "missing")

    seen = await _probe(ProcessSpec(service="sshd"))

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.BAD_CONFIGURATION)
    assert seen.detail == "this host was not started by systemd"


@pytest.mark.parametrize(
    ("does", "within_us", "detail"),
    [
        ("exit 1", AMPLE_US, "systemctl failed: exit code 1"),
        ("sleep 1000", 100_000, "systemctl outlived its time and was ended: not over within "),
    ],
)
async def test_a_systemctl_that_does_not_answer_says_nothing_of_the_service(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, does: str, within_us: int, detail: str
) -> None:
    shell_script(tmp_path, does, name="systemctl")
    monkeypatch.setattr(services, "_BOOTED", tmp_path)
    path = f"{tmp_path}:{BARE['PATH']}"
    monkeypatch.setattr(services, "_ENVIRONMENT", {**BARE, "PATH": path})

    spec = ProcessSpec(service="sshd")
    seen = await PROCESS.probe(spec, monotonic_us() + within_us, monotonic_us)

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.SCRIPT_UNKNOWN)
    assert seen.detail.startswith(detail)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("running", State.RUNNING),
        ("paused", State.CHANGING),
        ("start_pending", State.STOPPED),
        ("stop_pending", State.STOPPED),
        ("stopped", State.STOPPED),
    ],
)
def test_a_status_of_windows_is_a_state(status: str, state: State) -> None:
    assert of_windows(status, 812) == Service(state, status, 812, "812")
