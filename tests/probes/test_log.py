"""What a log says of its software is told, with the instants; no line of it is kept."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from probes import log
from probes.model.failure import Failure, Operation
from probes.model.log_target import LineTime, LogSpec
from probes.model.measurement import Observation, Outcome
from probes.model.target import Regex
from probes.registry import kinds
from tests.probes.clocks import AMPLE_US, monotonic_us
from tests.servers.web import PATIENT

LOG = kinds()["log"]
ISO = LineTime("%Y-%m-%dT%H:%M:%S%z")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def _spec(path: Path, **options: Any) -> LogSpec:  # noqa: ANN401 - any option of a spec
    given = {"start": "Server started", "stop": "Server stopped", "line_time": ISO, **options}
    return LogSpec(path=str(path), **given)


async def _probe(spec: LogSpec, within_us: int = AMPLE_US) -> Observation:
    return await LOG.probe(spec, monotonic_us() + within_us, monotonic_us)


def _write(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"2026-11-14T22:0{line}\n" for line in lines)


async def test_the_last_start_or_stop_decides(path: Path) -> None:
    spec = _spec(path)
    _write(path, "1:00+01:00 Server started", "2:00+01:00 Server stopped", "3:00+01:00 other")
    stopped = await _probe(spec)
    _write(path, "4:00+01:00 Server started")
    started = await _probe(spec)

    assert (stopped.outcome, stopped.failure) == (Outcome.DOWN, Failure.NOT_RUNNING)
    assert stopped.operation is Operation.ASSERT
    assert stopped.detail == "stop at 2026-11-14T21:02:00Z by the line"
    assert (started.outcome, started.event) == (Outcome.UP, True)
    assert started.detail == "start at 2026-11-14T21:04:00Z by the line"


async def test_every_event_between_two_probes_is_told_and_then_no_more(path: Path) -> None:
    spec = _spec(path, version=Regex(r"version (\S+)"))
    _write(path, "1:00+01:00 Server started, version 4.1")
    first = await _probe(spec)
    _write(path, "2:00+01:00 Server stopped", "3:00+01:00 version 4.2", "4:00Z Server started")
    second, third = await _probe(spec), await _probe(spec)

    assert (first.version, first.event) == ("4.1", False)
    assert second.event
    assert second.detail == (
        "stop at 2026-11-14T21:02:00Z by the line,"
        " version 4.2 at 2026-11-14T21:03:00Z by the line,"
        " start at 2026-11-14T22:04:00Z by the line"
    )
    assert (second.version, third.version) == ("4.2", "4.2")
    assert (third.event, third.detail) == (False, "start at 2026-11-14T22:04:00Z by the line")


async def test_many_events_are_counted_and_the_last_are_told(path: Path) -> None:
    spec = _spec(path)
    path.touch()
    await _probe(spec)
    _write(path, *["1:00Z Server stopped", "2:00Z Server started"] * 15)

    seen = await _probe(spec)

    assert seen.detail.startswith("10 events before, stop at ")
    assert seen.detail.count(" at ") == 20


async def test_an_event_whose_line_shows_no_time_happened_when_it_was_read(path: Path) -> None:
    spec = _spec(path)
    _write(path, "1:00Z other")
    await _probe(spec)
    with path.open("a", encoding="utf-8") as file:
        file.write("Server started\n")

    seen = await _probe(spec)

    assert seen.detail.startswith("start at 20")
    assert seen.detail.endswith("Z when read")


async def test_a_degraded_line_counts_until_the_next_start(path: Path) -> None:
    spec = _spec(path, degraded=Regex("read.only"))
    _write(path, "0:00Z read-only", "1:00Z Server started")
    up = await _probe(spec)
    _write(path, "2:00Z now read-only", "3:00Z still read only")
    worse, same = await _probe(spec), await _probe(spec)
    _write(path, "4:00Z Server started")
    again = await _probe(spec)

    assert [each.outcome for each in (up, worse, same, again)] == [
        Outcome.UP,
        Outcome.DEGRADED,
        Outcome.DEGRADED,
        Outcome.UP,
    ]
    assert worse.detail == "degraded at 2026-11-14T22:02:00Z by the line"
    assert same.detail == (
        "start at 2026-11-14T22:01:00Z by the line, degraded at 2026-11-14T22:02:00Z by the line"
    )


async def test_a_line_that_tells_of_a_start_and_a_stop_tells_of_a_stop(path: Path) -> None:
    _write(path, "1:00Z Server started after: Server stopped")

    assert (await _probe(_spec(path))).failure is Failure.NOT_RUNNING


async def test_what_was_long_ago_is_found(path: Path) -> None:
    _write(path, "1:00Z Server started", *["2:00Z nothing of interest"] * 50_000)

    assert (await _probe(_spec(path))).outcome is Outcome.UP


async def test_a_log_that_says_nothing_of_it_proves_nothing(path: Path) -> None:
    missing = await _probe(spec := _spec(path))
    _write(path, "1:00Z other")
    silent = await _probe(spec)
    _write(path, "2:00Z Server started")
    told = await _probe(spec)

    for seen in (missing, silent):
        assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.NOTHING_LOGGED)
    assert missing.detail == f"{path} does not exist"
    assert silent.detail == "neither start nor stop is in what was read of the log"
    assert (told.outcome, told.event) == (Outcome.UP, True)


async def test_a_log_that_vanishes_for_a_moment_loses_no_event(path: Path) -> None:
    spec = _spec(path)
    _write(path, "1:00Z Server started")
    await _probe(spec)
    _write(path, "2:00Z Server stopped")
    path.unlink()
    gone = await _probe(spec)
    _write(path, "3:00Z Server started")
    back = await _probe(spec)

    assert gone.failure is Failure.NOTHING_LOGGED
    assert back.detail == (
        "stop at 2026-11-14T22:02:00Z by the line, start at 2026-11-14T22:03:00Z by the line"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_a_log_that_is_not_ours_to_read_is_unknown(path: Path) -> None:
    path.write_text("Server started\n")
    path.chmod(0)
    os.seteuid(65_534)
    try:
        seen = await _probe(_spec(path))
    finally:
        os.seteuid(0)

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.PERMISSION_DENIED)


async def test_what_is_no_file_is_our_own_fault(tmp_path: Path) -> None:
    assert (await _probe(_spec(tmp_path))).failure is Failure.BAD_CONFIGURATION


async def test_a_reading_that_hangs_is_a_stall_and_its_events_are_told_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    follow = log._follow

    def slow(*arguments: Any) -> int:  # noqa: ANN401 - as the function it stands for
        go_on.wait()
        left = follow(*arguments)
        loop.call_soon_threadsafe(over.set)
        return left

    monkeypatch.setattr(log, "_follow", slow)
    spec = _spec(path)
    _write(path, "1:00Z Server started")
    hung, meanwhile = await _probe(spec, 30_000), await _probe(spec)
    go_on.set()
    await over.wait()
    _write(path, "2:00Z Server stopped")
    late = await _probe(spec)

    assert (hung.outcome, hung.failure) == (Outcome.UNKNOWN, Failure.STALL)
    assert (meanwhile.outcome, meanwhile.failure) == (Outcome.UNKNOWN, Failure.STALL)
    assert meanwhile.detail == "the reading before is not over"
    assert (late.outcome, late.event) == (Outcome.DOWN, True)


async def test_a_log_that_grows_too_fast_proves_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = _spec(path)
    _write(path, "1:00Z Server started")
    await _probe(spec)
    monkeypatch.setattr("probes.log_file._MOST", 1)
    _write(path, *["2:00Z other"] * 50_000)

    seen = await _probe(spec)

    assert (seen.outcome, seen.failure) == (Outcome.UNKNOWN, Failure.OUT_OF_RESOURCES)


async def test_no_line_is_kept(path: Path) -> None:
    spec = _spec(path, version=Regex("version (.+)"), degraded="slow")
    for line in ("Server started", "version", "slow", "Server stopped"):
        _write(path, f"1:00Z {line} {PATIENT * 3}")
        assert "DUPONT" not in repr(await _probe(spec))


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"path": ""}, "path: give path, or else unit"),
        ({"unit": "dpi"}, "path: give path, or else unit"),
        ({"path": "app.log"}, "path: 'app.log' is not an absolute path"),
        ({"path": "", "unit": "-n"}, "unit: '-n' is not the name of a unit"),
        (
            {"path": "", "unit": "a", "line_time": {"format": "%b %d %H:%M", "timezone": "UTC"}},
            "line_time: the journal keeps the time",
        ),
        ({"start": " "}, "start: an empty text is found in every page"),
        ({"stop": ""}, "stop: an empty text is found in every page"),
        ({"stop": "up"}, "stop: is the same as start"),
        ({"degraded": ""}, "degraded: an empty text is found"),
        ({"version": {"regex": "x*"}}, "regex: 'x*' matches an empty text"),
    ],
)
def test_a_fault_of_a_log_check_begins_with_its_field(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"path": "/a", "start": "up", "stop": "down"} | options, LogSpec)

    assert str(raised.value).startswith(fault)


def test_a_target_is_a_path_or_a_unit() -> None:
    assert LOG.target("/var/log/a.log") == {"path": "/var/log/a.log"}
    assert LOG.target("dpi.service") == {"unit": "dpi.service"}
