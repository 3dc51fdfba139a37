"""A plug-in's exit code is what it says of its service; whatever else happens is our own affair."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from probes.model.failure import Failure, Operation
from probes.model.measurement import Observation, Outcome
from probes.model.script_target import ScriptSpec
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, monotonic_us, ticking_clock
from tests.servers.listening import nobody, serving
from tests.servers.programs import shell_script
from tests.servers.real import real
from tests.servers.web import LOGIN, PATIENT, answering, page

SCRIPT = kinds()["script"]


async def _probe(*command: str, within_us: int = AMPLE_US, **options: Any) -> Observation:  # noqa: ANN401 - any option of a spec
    spec = ScriptSpec(command, **options)
    return await SCRIPT.probe(spec, monotonic_us() + within_us, monotonic_us)


@pytest.mark.parametrize(
    ("ending", "outcome", "failure", "detail"),
    [
        ("exit 0", Outcome.UP, None, "exit code 0: DISK fine"),
        ("exit 1", Outcome.DEGRADED, None, "exit code 1: DISK fine"),
        ("exit 2", Outcome.DOWN, Failure.SCRIPT_CRITICAL, "exit code 2: DISK fine"),
        ("exit 3", Outcome.UNKNOWN, Failure.SCRIPT_UNKNOWN, "exit code 3: DISK fine"),
        (
            "exit 127",
            Outcome.UNKNOWN,
            Failure.SCRIPT_UNKNOWN,
            "not an exit code of plug-ins, exit code 127: DISK fine",
        ),
        (
            "kill -ABRT $$",
            Outcome.UNKNOWN,
            Failure.SCRIPT_UNKNOWN,
            "not an exit code of plug-ins, killed by SIGABRT: DISK fine",
        ),
    ],
)
async def test_the_exit_code_is_the_outcome(
    tmp_path: Path, ending: str, outcome: Outcome, failure: Failure | None, detail: str
) -> None:
    script = shell_script(tmp_path, "echo 'DISK fine|/=2643MB;5948;5958'", "echo more", ending)

    seen = await _probe(script)

    assert (seen.outcome, seen.failure, seen.detail) == (outcome, failure, detail)
    assert seen.operation is (Operation.RUN if failure else None)


@pytest.mark.parametrize(
    ("printed", "line"),
    [
        ("", ""),
        (r"\n second", ""),
        (r"|only=figures\n", ""),
        (r"a\tb  c\r\n", ": a b c"),
        (r"\033[31mred\033[0m\000end", ": [31mred [0m end"),
        (r"caf\303\251 \377", ": café \N{REPLACEMENT CHARACTER}"),
    ],
)
async def test_the_first_line_is_recorded_without_what_no_report_could_print(
    tmp_path: Path, printed: str, line: str
) -> None:
    seen = await _probe(shell_script(tmp_path, f"printf '{printed}'"))

    assert (seen.outcome, seen.detail) == (Outcome.UP, f"exit code 0{line}")


async def test_a_long_line_is_cut() -> None:
    seen = await _probe("printf", "%0999d", "0")

    assert seen.detail == f"exit code 0: {200 * '0'}"


async def test_nothing_that_is_printed_is_recorded_when_that_was_asked_for(tmp_path: Path) -> None:
    for code in (0, 1, 2, 3, 4):
        script = shell_script(tmp_path, f"echo {PATIENT}", f"exit {code}")
        seen = await _probe(script, record_output=False)
        assert PATIENT not in repr(seen)
        assert f"exit code {code}" in seen.detail


async def test_a_plugin_that_outlives_its_time_says_nothing_of_the_service(tmp_path: Path) -> None:
    script = shell_script(tmp_path, "echo OK", "sleep 1000")

    seen = await _probe(script, within_us=200_000)

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.SCRIPT_UNKNOWN)
    assert seen.operation is Operation.RUN
    assert seen.detail.startswith(f"{script} outlived its time and was ended: not over within ")


async def test_what_cannot_be_run_is_our_own_fault(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")

    missing, denied = await _probe("/nonexistent"), await _probe(str(plain))

    assert (missing.outcome, missing.failure) == (Outcome.UNKNOWN, Failure.BAD_CONFIGURATION)
    assert (denied.outcome, denied.failure) == (Outcome.UNKNOWN, Failure.PERMISSION_DENIED)


async def test_a_plugin_finds_the_variables_it_was_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMUNITY", "public")
    monkeypatch.delenv("ABSENT", raising=False)
    script = shell_script(tmp_path, 'echo "$COMMUNITY in $PWD"')

    assert (await _probe(script)).detail == "exit code 0: in /"
    allowed = await _probe(script, env=("COMMUNITY",), cwd=str(tmp_path))
    assert allowed.detail == f"exit code 0: public in {tmp_path}"
    absent = await _probe(script, env=("ABSENT",))
    assert absent.failure is Failure.BAD_CONFIGURATION
    assert absent.detail == "ABSENT is not in the environment of the agent"


async def test_a_slow_plugin_is_degraded() -> None:
    spec = ScriptSpec(("true",), degraded_after_ms=5)

    seen = await SCRIPT.probe(spec, AMPLE_US, ticking_clock(step_us=10_000))

    assert seen.outcome is Outcome.DEGRADED
    assert seen.detail.endswith("0 ms, more than 5")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"command": []}, "command: is empty; name the program to run"),
        ({"command": ["", "x"]}, "command: is empty; name the program to run"),
        ({"command": ["a\0b"]}, "command: holds a NUL character"),
        ({"command": ["./check"]}, "command: './check' is neither an absolute path nor a name"),
        ({"cwd": "plugins"}, "cwd: 'plugins' is not an absolute path"),
        ({"env": ["A=1"]}, "env: 'A=1' is not the name of an environment variable"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_fault_of_a_script_check_begins_with_its_field(
    options: dict[str, Any], fault: str
) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"command": ["true"]} | options, ScriptSpec)

    assert str(raised.value).startswith(fault)


def test_a_command_line_is_split_as_a_shell_would_and_never_run_by_one() -> None:
    assert SCRIPT.target("check -s 'a b' $(id)") == {"command": ["check", "-s", "a b", "$(id)"]}
    with pytest.raises(ValueError, match="'a is not a command line: No closing quotation"):
        SCRIPT.target("'a")


@pytest.mark.servers
async def test_a_real_plugin_tells_the_states_of_a_web_server() -> None:
    plugin = real("check_http")
    async with serving(answering(page(LOGIN))) as port:
        up = await _probe(plugin, "-I", "127.0.0.1", "-p", str(port), "-s", "Connexion")
        down = await _probe(plugin, "-I", "127.0.0.1", "-p", str(port), "-s", "Absent")
    async with serving(answering(page(status="401 Unauthorized"))) as port:
        degraded = await _probe(plugin, "-I", "127.0.0.1", "-p", str(port))
    with nobody() as port:
        refused = await _probe(plugin, "-I", "127.0.0.1", "-p", str(port))

    assert (up.outcome, up.detail[:30]) == (Outcome.UP, "exit code 0: HTTP OK: HTTP/1.1")
    assert degraded.outcome is Outcome.DEGRADED
    assert degraded.detail.startswith("exit code 1: HTTP WARNING: ")
    for seen in (down, refused):
        assert (seen.outcome, seen.failure) == (Outcome.DOWN, Failure.SCRIPT_CRITICAL)
    assert PATIENT not in repr([up, degraded, down, refused])


@pytest.mark.servers
async def test_a_real_plugin_that_does_not_know_its_option_is_unknown() -> None:
    seen = await _probe(real("check_procs"), "--no-such-option")

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.SCRIPT_UNKNOWN)
