"""A program of this host is run without a shell and leaves nothing behind, however it ends."""

import asyncio
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from probes.attempt import Attempt, ProbeError
from probes.command import Command, Ended, run
from probes.model.failure import Failure, Operation
from probes.model.target import Timeouts
from tests.probes.clocks import AMPLE_US, monotonic_us
from tests.servers.programs import all_gone, family, pids_in, shell_script

ROOT = Path(__file__).parents[2]
# Starts three that wait for ever: one in the group, one in a session of its own, and its child.
_FAMILY = (
    "sleep 1000 &",
    "echo $! >>pids",
    "setsid sh -c 'sleep 1000 & echo $! $$ >>pids; wait' &",
    "echo $$ >>pids",
)


async def _run(*command: str, within_us: int = AMPLE_US, most_bytes: int = 1_000) -> Ended:
    async with Attempt(Timeouts(), monotonic_us() + within_us, monotonic_us) as attempt:
        return await run(Command(command), attempt, most_bytes)


def _descriptors() -> list[str]:
    return sorted(path.name for path in Path("/dev/fd").iterdir())


async def test_it_gives_the_exit_code_and_what_was_printed(tmp_path: Path) -> None:
    script = shell_script(tmp_path, "echo out", "echo err >&2", "exit 7")

    assert await _run(script) == Ended(7, b"out\n")


async def test_its_words_reach_the_program_as_they_are(tmp_path: Path) -> None:
    script = shell_script(tmp_path, 'printf "%s|" "$@"')

    ended = await _run(script, "a b", "$HOME", "*", "", ";ls", "é")

    assert ended.output == "a b|$HOME|*||;ls|é|".encode()


async def test_it_finds_a_bare_environment_no_input_and_no_descriptor_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "of the agent")
    with socket.socket() as ours:
        ours.set_inheritable(True)
        script = shell_script(tmp_path, "cat", "env | grep -v -e PWD -e _= -e SHLVL", "ls /dev/fd/")
        printed = (await _run(script)).output.decode().split()

    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    # 3 is the folder that ls itself reads.
    assert sorted(printed) == ["0", "1", "2", "3", "LANG=C.UTF-8", f"PATH={path}"]


async def test_a_signal_that_ended_it_is_named() -> None:
    assert (await _run("sh", "-c", "kill -SEGV $$")).how == "killed by SIGSEGV"
    assert Ended(-63, b"").how == "killed by signal 63"
    assert Ended(4, b"").how == "exit code 4"


async def test_only_the_first_of_a_long_output_is_kept_and_nobody_waits_for_the_rest() -> None:
    # 1 000 000 bytes are more than a pipe holds.
    ended = await _run("head", "-c", "1000000", "/dev/zero", most_bytes=10)

    assert ended == Ended(0, bytes(10))


async def test_a_program_that_prints_for_ever_is_ended() -> None:
    with pytest.raises(ProbeError, match="it printed more than 16777216 bytes") as raised:
        await _run("cat", "/dev/zero")

    assert raised.value.failure is Failure.SCRIPT_UNKNOWN


async def test_its_time_over_all_that_descends_from_it_is_killed(tmp_path: Path) -> None:
    before = family()
    lines = (f"cd {tmp_path}", "trap '' TERM", *_FAMILY, "while :; do wait; done")
    script = shell_script(tmp_path, *lines)

    with pytest.raises(ProbeError) as raised:
        await _run(script, within_us=500_000)

    assert (raised.value.failure, raised.value.operation) == (Failure.TIMEOUT, None)
    await all_gone(await pids_in(tmp_path / "pids", 4))
    assert family() <= before


async def test_when_nobody_waits_for_it_any_more_it_is_ended(tmp_path: Path) -> None:
    before = family()
    script = shell_script(tmp_path, f"cd {tmp_path}", *_FAMILY, "wait")
    task = asyncio.create_task(_run(script))
    pids = await pids_in(tmp_path / "pids", 4)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await all_gone(pids)
    assert family() <= before


async def test_what_it_leaves_in_its_group_ends_with_it(tmp_path: Path) -> None:
    script = shell_script(tmp_path, "sleep 1000 &", f"echo $! >{tmp_path / 'pids'}", "exit 0")

    ended = await _run(script)

    assert ended.code == 0
    await all_gone(await pids_in(tmp_path / "pids", 1))


async def test_running_programs_leaks_no_descriptor(tmp_path: Path) -> None:
    script = shell_script(tmp_path, "exit 0")
    before = _descriptors()
    for _ in range(3):
        await _run(script)
        with pytest.raises(ProbeError):
            await _run("/nonexistent")

    assert _descriptors() == before


async def test_a_program_may_be_given_what_it_reads() -> None:
    async with Attempt(Timeouts(), monotonic_us() + AMPLE_US, monotonic_us) as attempt:
        ended = await run(Command(["cat"], given=b"asked"), attempt, 100)

    assert ended.output == b"asked"


async def test_what_cannot_be_started_says_why(tmp_path: Path) -> None:
    not_executable = tmp_path / "readme"
    not_executable.write_text("no program")
    no_program = tmp_path / "empty"
    no_program.write_bytes(b"\0\0\0\0")
    no_program.chmod(0o755)
    for command, failure, detail in [
        ("/nonexistent", Failure.BAD_CONFIGURATION, "/nonexistent: no such file or directory"),
        ("nonexistent", Failure.BAD_CONFIGURATION, "nonexistent: no such file or directory"),
        (str(no_program), Failure.BAD_CONFIGURATION, f"{no_program}: exec format error"),
        (str(not_executable), Failure.PERMISSION_DENIED, f"{not_executable}: permission denied"),
    ]:
        with pytest.raises(ProbeError) as raised:
            await _run(command)
        assert (raised.value.failure, raised.value.operation) == (failure, Operation.RUN)
        assert raised.value.detail == f"cannot run {detail}"


async def test_a_folder_that_is_not_there_is_named() -> None:
    async with Attempt(Timeouts(), monotonic_us() + AMPLE_US, monotonic_us) as attempt:
        with pytest.raises(ProbeError, match="cannot run /nonexistent: no such file"):
            await run(Command(["true"], folder="/nonexistent"), attempt, 1)


async def test_no_descriptor_left_is_our_own_lack() -> None:
    with socket.socket() as lowest:
        free = lowest.fileno()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        with pytest.raises(ProbeError) as raised:
            await _run("true")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert raised.value.failure is Failure.OUT_OF_RESOURCES


def test_no_process_left_is_our_own_lack() -> None:
    # The limit is for each user, and root has none.
    code = (
        "import asyncio, os, resource\n"
        "from tests.probes.test_command import _run\n"
        "resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))\n"
        "os.geteuid() == 0 and os.setresuid(65_534, 65_534, 65_534)\n"
        "asyncio.run(_run('true'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert "out_of_resources: cannot " in done.stderr.splitlines()[-1]
