"""`constat stamp` and the doctor say what was stamped, what came late and what is overdue."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from collector.cli.database import now_us
from collector.errors import ExitCode
from collector.register.planning import Announcement, announce
from collector.register.sealing import Sealer
from collector.settings import Timestamps, read_key
from collector.stamping.authority import Authority as Client
from collector.stamping.stamper import Stamper
from collector.store.pool import open_pool
from probes.model.instant import HOUR
from probes.model.interval import Interval
from tests.collector.cli.conftest import Shell
from tests.postgres import in_own_loop
from tests.servers.timestamps import Answer, Authority

AGO_US = 2 * HOUR


@dataclass
class World:
    """A database on which a window was announced two hours ago."""

    dsn: str
    sealer: Sealer
    authority: Authority
    window: str = ""

    async def announce(self) -> None:
        now = now_us()
        ago = Sealer(self.sealer.key, lambda: now - AGO_US)
        plan = Interval(now + HOUR, now + 5 * HOUR)
        async with open_pool(self.dsn, size=2) as pool:
            announcement = Announcement("CH-EXEMPLE", "dpi", plan)
            self.window = (await announce(pool, ago, announcement, "me")).id

    async def round(self, *answers: Answer) -> None:
        """Have a stamper work once."""
        self.authority.answers = list(answers)
        async with self.authority.serving(), open_pool(self.dsn, size=2) as pool:
            client = Client.of(Timestamps(self.authority.url, self.authority.root_file))
            await Stamper(pool, self.sealer, client).round()


@pytest.fixture
def world(shell: Shell, collector_dsn: str, tmp_path: Path, authority: Authority) -> World:
    del shell
    made = World(collector_dsn, Sealer(read_key(tmp_path / "log.key"), now_us), authority)
    in_own_loop(made.announce())
    return made


def test_a_notice_waits_until_it_is_stamped(shell: Shell, world: World) -> None:
    assert shell("stamp", "list", "-o", "json") == ExitCode.DONE
    [row] = json.loads(shell.out)
    assert (row["window"], row["occasion"]) == (world.window, "window.announced")
    assert row["state"] == "overdue"
    assert "sha256" not in row

    in_own_loop(world.round())
    shell("stamp", "list", "--hospital", "CH-EXEMPLE", "-o", "json")
    [row] = json.loads(shell.out)
    assert row["state"] == "late"
    assert row["after"].startswith("2 h") or row["after"].startswith("1 h 59 min 59")
    assert row["authority"] == "CN=Horodatage,O=Autorité d'Exemple"
    assert len(row["sha256"]) == 64
    shell("stamp", "list")
    assert "STAMPED AT" in shell.out
    assert "SHA256" not in shell.out


def test_what_came_of_the_last_attempt_is_said(shell: Shell, world: World) -> None:
    in_own_loop(world.round(Answer.REFUSAL))
    shell("stamp", "list")
    assert "the authority rejected: Message digest algorithm is not supported" in shell.out


def test_nothing_to_stamp_is_said(bare_shell: Shell) -> None:
    assert bare_shell("stamp", "list") == ExitCode.DONE
    assert bare_shell.out == "nothing to stamp yet\n"


def findings(shell: Shell) -> list[tuple[str, str, str]]:
    shell("doctor", "-o", "json")
    found = json.loads(shell.out)["findings"]
    return [
        (each["hospital"], each["subject"], each["fault"])
        for each in found
        if each["fault"] == "stamp_overdue"
    ]


def test_the_doctor_finds_a_stamp_that_is_overdue(shell: Shell, world: World) -> None:
    in_own_loop(world.round(Answer.REFUSAL))
    assert findings(shell) == [("CH-EXEMPLE", "log", "stamp_overdue")]
    shell("doctor")
    assert "a time stamp is overdue by 2 h" in shell.out


def test_the_doctor_is_content_once_there_is_a_stamp(shell: Shell, world: World) -> None:
    in_own_loop(world.round())
    assert findings(shell) == []


def test_the_doctor_asks_for_no_stamp_where_no_authority_was_asked(
    shell: Shell, world: World
) -> None:
    del world
    assert findings(shell) == []
