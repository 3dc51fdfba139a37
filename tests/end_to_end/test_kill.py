"""Nothing that was acknowledged is lost, whoever dies; `make test-kill` does it for longer."""

from pathlib import Path

from tests.end_to_end.kill import SHORT, kill


async def test_whoever_is_killed_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    found = await kill(tmp_path, SHORT, seed=20261114, tell=lambda _: None)
    assert found.faults == ()
    assert 0 < found.acknowledged <= found.received == found.spans
