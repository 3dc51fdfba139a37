"""A process is there or not, was started anew or not; what is hidden from us is never absent."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from probes import process, processes
from probes.model.failure import Failure, Operation
from probes.model.instant import SECOND, format_instant
from probes.model.measurement import Observation, Outcome
from probes.model.process_target import ProcessSpec
from probes.model.target import Regex
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, monotonic_us
from tests.servers.listening import nobody
from tests.servers.real import end

PROCESS = kinds()["process"]
ROOT = Path(__file__).parents[2]
_ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


async def _probe(spec: ProcessSpec) -> Observation:
    return await PROCESS.probe(spec, monotonic_us() + AMPLE_US, monotonic_us)


@contextmanager
def _service(folder: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program of a name that no other has; longer than the 15 letters the kernel keeps."""
    program = folder / f"constat-{folder.name[-20:]}-service"
    if not program.exists():
        shutil.copy("/bin/sleep", program)
    # As Popen returns the program is the one that was asked for: it has been executed.
    running = subprocess.Popen([program, "1000", *options], start_new_session=True)
    try:
        yield running
    finally:
        end(running)


def _name(folder: Path) -> str:
    return f"constat-{folder.name[-20:]}-service"


async def test_a_process_that_runs_is_up_since_it_was_started(tmp_path: Path) -> None:
    with _service(tmp_path) as running:
        seen = await _probe(ProcessSpec(name=_name(tmp_path)))

        began = int(psutil.Process(running.pid).create_time()) * SECOND

    assert seen.outcome is Outcome.UP
    assert seen.detail == f"pid {running.pid} since {format_instant(began)}"


async def test_a_process_that_does_not_run_is_down(tmp_path: Path) -> None:
    seen = await _probe(ProcessSpec(name=_name(tmp_path)))

    assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.NOT_RUNNING)
    assert (seen.operation, seen.detail) == (Operation.RUN, "0 run, at least 1 expected")


async def test_a_process_is_found_by_its_command_line_and_its_user(tmp_path: Path) -> None:
    user = psutil.Process().username()
    with _service(tmp_path, "7h") as running:
        for spec, found in [
            (ProcessSpec(cmdline=Regex(f"{_name(tmp_path)} 1000 7h$")), True),
            (ProcessSpec(cmdline=Regex(f"{_name(tmp_path)} 1000 8h$")), False),
            (ProcessSpec(name=_name(tmp_path), cmdline=Regex("7h"), user=user), True),
            (ProcessSpec(name=_name(tmp_path), user="nobody-at-all"), False),
        ]:
            seen = await _probe(spec)
            assert (seen.outcome is Outcome.UP) == found
            assert (f"pid {running.pid}" in seen.detail) == found


async def test_the_agent_does_not_take_itself_for_what_it_looks_for() -> None:
    options = json.dumps({"cmdline": {"regex": "in-no-other-command-line"}})
    done = await asyncio.to_thread(_here, ["sh", "-c", '"$@"; exit $?', "sh"], options)

    assert done.startswith("down not_running")


async def test_as_many_as_declared_must_run(tmp_path: Path) -> None:
    name = _name(tmp_path)
    with _service(tmp_path) as first, _service(tmp_path):
        oldest = min(first.pid, *[each.pid for each in processes.census(ProcessSpec(name)).running])
        few = await _probe(ProcessSpec(name=name, at_least=3))
        right = await _probe(ProcessSpec(name=name, at_least=2, at_most=2))
        many = await _probe(ProcessSpec(name=name, at_most=1))

    assert (few.failure, few.detail) == (Failure.NOT_RUNNING, "2 run, at least 3 expected")
    assert right.outcome is Outcome.UP
    assert right.detail.startswith(f"2 run, the oldest is pid {oldest} since ")
    assert (many.outcome, many.failure) == (Outcome.DEGRADED, None)
    assert many.detail.endswith("; at most 1 expected")


async def test_a_process_that_is_held_or_dead_does_not_run(tmp_path: Path) -> None:
    with _service(tmp_path) as running:
        running.send_signal(signal.SIGSTOP)
        while psutil.Process(running.pid).status() != psutil.STATUS_STOPPED:
            pass
        held = await _probe(ProcessSpec(name=_name(tmp_path)))
        running.kill()
        while psutil.Process(running.pid).status() != psutil.STATUS_ZOMBIE:
            pass
        zombie = await _probe(ProcessSpec(name=_name(tmp_path)))

    assert (held.failure, zombie.failure) == (Failure.NOT_RUNNING, Failure.NOT_RUNNING)
    assert held.detail == "0 run, at least 1 expected; 1 stopped"


async def test_a_process_that_was_started_anew_is_an_event_and_is_counted(tmp_path: Path) -> None:
    spec = ProcessSpec(name=_name(tmp_path))
    seen = []
    for _ in range(3):
        with _service(tmp_path):
            seen += [await _probe(spec), await _probe(spec)]
    gone = await _probe(spec)
    with _service(tmp_path):
        back = await _probe(spec)

    assert [each.event for each in seen] == [False, False, True, False, True, False]
    told = [each.detail.partition("; ")[2] for each in seen]
    once, twice = "started anew once since we look", "started anew 2 times since we look"
    assert told == ["", "", once, once, twice, twice]
    assert gone.outcome is Outcome.DOWN
    assert back.event
    assert back.detail.endswith("started anew 3 times since we look")


async def test_a_port_must_be_listened_on_by_that_very_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours, _listening() as theirs, nobody() as taken:
        mine = Regex(_LISTENING_MARK)
        right = await _probe(ProcessSpec(cmdline=mine, listens_on=theirs))
        wrong = await _probe(ProcessSpec(cmdline=mine, listens_on=ours.getsockname()[1]))
        bound = await _probe(ProcessSpec(cmdline=mine, listens_on=taken))

    assert right.outcome is Outcome.UP
    for seen in (wrong, bound):
        assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.NOT_LISTENING)


@_ROOT_ONLY
async def test_a_port_whose_owner_we_may_not_see_is_not_called_closed() -> None:
    with _listening() as port, nobody() as closed:
        said = []
        for each in (port, closed):
            options = json.dumps({"cmdline": {"regex": _LISTENING_MARK}, "listens_on": each})
            said.append(await asyncio.to_thread(_here, [], options, "nobody"))

    assert said[0].startswith(f"unknown permission_denied port {port} is listened on, but whose")
    assert said[1].startswith("down not_listening it runs, and does not")


@_ROOT_ONLY
@pytest.mark.parametrize(
    ("hidepid", "why"),
    [("1", " more are not ours to look at"), ("2", "hides the processes of other users from us")],
)
async def test_a_system_that_hides_processes_is_not_taken_for_one_without(
    hidepid: str, why: str
) -> None:
    with _listening():
        options = json.dumps({"cmdline": {"regex": _LISTENING_MARK}})
        mount = f'mount -t proc -o hidepid={hidepid} proc /proc && exec "$@"'
        said = await asyncio.to_thread(
            _here, ["unshare", "--mount", "sh", "-c", mount, "sh"], options, "nobody"
        )

    assert said.startswith("unknown permission_denied 0 run, at least 1 expected, but ")
    assert why in said


async def test_a_list_of_processes_that_never_comes_is_a_stall(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hang(*_: object) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(process, "_processes", hang)
    spec = ProcessSpec(name="x")
    seen = await PROCESS.probe(spec, monotonic_us() + 30_000, monotonic_us)

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.STALL)


async def test_no_descriptor_left_is_our_own_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    def lack(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(psutil, "pids", lack)
    seen = await _probe(ProcessSpec(name="x"))

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.OUT_OF_RESOURCES)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"name": ""}, "name: give name or cmdline, or else service"),
        ({"service": "sshd"}, "name: give name or cmdline, or else service"),
        ({"name": "", "service": "sshd", "user": "x"}, "service: excludes user, at_least"),
        ({"name": "", "service": "-H"}, "service: '-H' is not the name of a unit"),
        ({"name": "", "service": "a*"}, "service: 'a*' is not the name of a unit"),
        ({"at_least": 0}, "at_least: 0 is not more than 0"),
        ({"at_least": 3, "at_most": 2}, "at_most: 2 is less than at_least"),
        ({"listens_on": 65_536}, "listens_on: 65536 is not a port"),
        ({"cmdline": {"regex": ".*"}}, "regex: '.*' matches an empty text"),
    ],
)
def test_a_fault_of_a_process_check_begins_with_its_field(
    options: dict[str, Any], fault: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"name": "sshd"} | options, ProcessSpec)

    assert str(raised.value).startswith(fault)


def test_a_target_is_a_process_or_a_service() -> None:
    assert PROCESS.target("postgres") == {"name": "postgres"}
    assert PROCESS.target("postgresql.service") == {"service": "postgresql.service"}


_LISTENING_MARK = "constat-listening-test"
_LISTEN = """
import socket, sys
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    server.accept()
"""


@contextmanager
def _listening() -> Iterator[int]:
    """Run a process that listens, and give its port."""
    command = [sys.executable, "-c", _LISTEN, f"{_LISTENING_MARK}-{os.getpid()}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as running:
        assert running.stdout is not None
        try:
            yield int(running.stdout.readline())
        finally:
            end(running)


def _here(prefix: list[str], *arguments: str) -> str:
    """Return what a probe prints that is run in a process of its own."""
    command = [*prefix, sys.executable, "-m", "tests.probes.here", "process", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
