import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collector.demo import programs as programs_module
from collector.demo.programs import ProgramError, Programs

FOR_EVER = "import signal; print('ready', flush=True); signal.pause()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {FOR_EVER}"
LOUD_FAILURE = "import sys; sys.exit('no such patient')"


@pytest.fixture
async def programs(tmp_path: Path) -> AsyncIterator[Programs]:
    started = Programs(tmp_path)
    yield started
    await started.stop_all()


def python(source: str) -> tuple[str, ...]:
    return (sys.executable, "-c", source)


async def test_a_program_that_talks_is_heard_and_told(programs: Programs) -> None:
    command = (sys.executable, "-u", "-c", "while True: print(input()[::-1])")
    backwards = await programs.converse("backwards", *command)
    assert await backwards.tell("abc") == "cba"


async def test_every_program_is_stopped_the_last_started_first(
    programs: Programs, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    source = (
        "import signal, sys\n"
        f"signal.signal(signal.SIGTERM, lambda *_: (open({str(said)!r}, 'a').write(sys.argv[1]),"
        " sys.exit()))\n"
        "print('ready', flush=True)\n"
        "signal.pause()"
    )
    for name in "abc":
        program = await programs.converse(name, *python(source), name)
        assert await program.next_line() == "ready"
    await programs.stop_all()
    assert said.read_text() == "cba"


async def test_a_program_deaf_to_sigterm_is_killed(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs_module, "STOP_TIMEOUT_S", 0.01)
    program = await programs.converse("deaf", *python(DEAF))
    await program.next_line()
    await programs.stop(program)
    assert program.process.returncode == -signal.SIGKILL


async def test_a_program_that_died_by_itself_is_noticed_with_the_end_of_its_log(
    programs: Programs, tmp_path: Path
) -> None:
    program = await programs.start("frail", *python(LOUD_FAILURE))
    await program.process.wait()
    with pytest.raises(ProgramError, match="frail ended with code 1; see ") as caught:
        programs.watch()
    assert caught.value.log == tmp_path / "frail.log"
    assert caught.value.last_lines() == ["no such patient"]


async def test_a_program_that_ends_instead_of_talking_is_an_error(programs: Programs) -> None:
    program = await programs.converse("frail", *python(LOUD_FAILURE))
    with pytest.raises(ProgramError, match="frail ended with code 1"):
        await program.next_line()


async def test_a_program_run_to_its_end_hands_on_its_lines_and_its_code(
    programs: Programs,
) -> None:
    heard: list[str] = []
    source = "print('one'); print('two'); raise SystemExit(3)"
    finished = await programs.run("short", *python(source), accept={3}, on_line=heard.append)
    assert finished == (3, ["one", "two"])
    assert heard == ["one", "two"]


async def test_an_exit_code_that_was_not_asked_for_is_an_error(programs: Programs) -> None:
    with pytest.raises(ProgramError, match="short ended with code 3"):
        await programs.run("short", *python("raise SystemExit(3)"))


async def test_a_killed_program_is_gone_without_a_word(programs: Programs) -> None:
    program = await programs.converse("killed", *python(FOR_EVER))
    await program.next_line()
    await programs.stop(program, signal.SIGKILL)
    assert program.process.returncode == -signal.SIGKILL
    programs.watch()


async def test_a_program_that_is_shown_speaks_for_itself(
    programs: Programs, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await programs.show("verdict", *python("print('late'); exit(3)"), accept={0, 3}) == 3
    assert capfd.readouterr().out == "late\n"


async def test_no_program_hears_of_another_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSTAT_KEY", "/etc/constat/log.key")
    other = Programs(tmp_path)
    source = "import os; print([name for name in os.environ if 'CONSTAT' in name])"
    assert (await other.run("environment", *python(source))).lines == ["[]"]
