"""Tokens, agents and the doctor, on a real database."""

import csv
import io
import json
from pathlib import Path

import pytest

from collector.cli.database import now_us
from collector.courier.receipt import WITNESS, proves
from collector.errors import ExitCode
from collector.register.sealing import Sealer
from collector.register.silence_alarms import note_silence_alarms
from collector.register.telling import order_letters
from collector.settings import read_key
from collector.store.level import StorageLevel
from collector.store.pool import open_pool, transaction
from collector.store.tokens import admission
from collector.witness.opening import log_of
from probes.model.instant import DAY, HOUR
from probes.model.measurement import VantageKind
from tests.collector.cli.conftest import Shell
from tests.collector.store.agents import LOG_KEY, NOON_US, Sender, columns
from tests.collector.test_assess import measured
from tests.postgres import in_own_loop

TOKEN = ("token", "create", "--hospital", "CH-EXEMPLE")


def _measured(dsn: str, sender: Sender) -> None:
    async def populate() -> None:
        async with open_pool(dsn, size=4) as pool:
            await measured(pool, sender, (columns("U" * 20, check="dpi-login"),))

    in_own_loop(populate())


def test_a_token_admits_what_it_was_made_for(shell: Shell, collector_dsn: str) -> None:
    options = ("--vantage", "accueil-03", "--kind", "workstation", "--ttl", "PT2H")
    assert shell(*TOKEN, *options) == ExitCode.DONE
    token = shell.out.strip()

    async def admitted(at_us: int) -> bool:
        async with open_pool(collector_dsn, size=2) as pool, transaction(pool) as connection:
            found = await admission(connection, token, now_us=at_us)
        return found is not None and found.admits("accueil-03", VantageKind.WORKSTATION)

    assert in_own_loop(admitted(now_us()))
    assert not in_own_loop(admitted(now_us() + 2 * HOUR))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--ttl", "P2D"), "at most 24 hours"),
        (("--ttl", "soon"), "--ttl: 'soon' is not an ISO 8601 duration"),
        (("--vantage", "a", "--uses", "2"), "for one if it names it"),
        (("--uses", "0"), "0 is not in the range"),
    ],
)
def test_a_token_that_cannot_be_is_refused(
    shell: Shell, options: tuple[str, ...], complaint: str
) -> None:
    assert shell(*TOKEN, *options) == ExitCode.USAGE
    assert complaint in shell.err


def test_a_token_for_no_hospital_is_not_found(shell: Shell) -> None:
    assert shell("token", "create", "--hospital", "X") == ExitCode.NOT_FOUND


def test_a_witness_is_given_the_key_of_the_log_and_a_token(shell: Shell, tmp_path: Path) -> None:
    key = read_key(tmp_path / "log.key")
    assert shell("token", "witness", "--hospital", "CH-EXEMPLE") == ExitCode.DONE
    (_, said), (_, token) = (line.rsplit(maxsplit=1) for line in shell.out.splitlines())
    assert log_of("CH-EXEMPLE", said).key.raw == key.verifying_key.raw
    assert proves(key, "CH-EXEMPLE", WITNESS, token)
    assert not proves(key, "CH-AUTRE", WITNESS, token)
    assert shell("token", "witness", "--hospital", "X") == ExitCode.NOT_FOUND


def test_agents_are_listed_with_when_they_were_heard(shell: Shell, collector_dsn: str) -> None:
    assert shell("agents", "list") == ExitCode.DONE
    assert shell.out == "no agent\n"
    sender = Sender(vantage="accueil-03")
    _measured(collector_dsn, sender)
    assert shell("agents", "list", "-o", "json") == ExitCode.DONE
    [agent] = json.loads(shell.out)
    assert (agent["vantage"], agent["agent"], agent["state"]) == (
        "accueil-03", sender.agent, "active",
    )  # fmt: skip
    assert agent["last_batch_at"] == "2026-11-09T12:00:00Z"
    assert shell("agents", "list") == ExitCode.DONE
    assert "CLOCK ERROR" in shell.out
    assert shell("agents", "list", "--hospital", "CH-AUTRE", "-o", "csv") == ExitCode.DONE
    assert list(csv.DictReader(io.StringIO(shell.out))) == []


def test_an_agent_is_revoked_by_the_start_of_its_name(shell: Shell, collector_dsn: str) -> None:
    sender = Sender(vantage="accueil-03")
    _measured(collector_dsn, sender)
    revoke = ("agents", "revoke", "--reason", "poste remplacé")
    assert shell(*revoke, sender.agent[:4]) == ExitCode.USAGE
    assert "give more of its name" in shell.err
    assert shell(*revoke, "0" * 32) == ExitCode.NOT_FOUND
    assert shell(*revoke, sender.agent[:8]) == ExitCode.DONE
    assert shell.out == f"{sender.agent} revoked: accueil-03 at CH-EXEMPLE\n"
    shell("agents", "list", "-o", "json")
    assert [agent["state"] for agent in json.loads(shell.out)] == ["revoked"]


def test_silences_are_listed_and_so_is_who_was_told(shell: Shell, collector_dsn: str) -> None:
    assert shell("agents", "silences") == ExitCode.DONE
    assert shell.out == "no vantage point fell silent\n"
    _measured(collector_dsn, Sender(vantage="salle-serveurs", kind=VantageKind.SERVER))

    async def listen() -> None:
        sealer = Sealer(LOG_KEY, now_us)
        async with open_pool(collector_dsn, size=4) as pool:
            await note_silence_alarms(pool, sealer, NOON_US - DAY, "me")
            await order_letters(pool, sealer, [], "me")

    in_own_loop(listen())
    assert shell("agents", "silences", "-o", "json") == ExitCode.DONE
    [silence] = json.loads(shell.out)
    assert silence["alarm"] == "silence-salle-serveurs-20261109T120000Z"
    assert (silence["vantage"], silence["kind"]) == ("salle-serveurs", "server")
    assert silence["since"] == "2026-11-09T12:00:00Z"
    assert "heard" not in silence
    assert shell("notice", "list", silence["alarm"], "-o", "json") == ExitCode.DONE
    assert {each["occasion"] for each in json.loads(shell.out)} == {"silence"}
    assert shell("notice", "list", "silence-ailleurs") == ExitCode.NOT_FOUND


def test_the_doctor_says_what_the_server_is_and_what_is_wrong(
    shell: Shell, collector_dsn: str
) -> None:
    _measured(collector_dsn, Sender(vantage="accueil-03"))
    assert shell("doctor", "-o", "json") == ExitCode.ERROR
    seen = json.loads(shell.out)
    assert seen["server"]["level"] in list(StorageLevel)
    assert seen["server"]["hospitals"] == 1
    faults = {(each["fault"], each["subject"]) for each in seen["findings"]}
    assert ("no_always_on_vantage", "dpi") in faults
    assert shell("doctor") == ExitCode.ERROR
    assert "PostgreSQL" in shell.out
    assert "nobody looks at night" in shell.out
    assert "bytes   0 of 0 documents hashed\n" in shell.out


def test_the_doctor_says_how_many_documents_it_hashed(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    announce = ("--service", "dpi", "--start", "2099-11-14T22:00", "--for", "PT4H", "--id", "MAJ-1")
    assert shell("window", "announce", "--hospital", "CH-EXEMPLE", *announce) == ExitCode.DONE
    file = tmp_path / "rapport.txt"
    for text in ("premier", "second."):
        file.write_text(text, "utf-8")
        attach = ("attachment", "add", "MAJ-1", str(file), "--kind", "migration-report")
        assert shell(*attach) == ExitCode.DONE
    shell("doctor", "-o", "json")
    assert json.loads(shell.out)["contents"] == {"documents": 2, "hashed": 2}
    monkeypatch.setattr("collector.cli.doctor.HASHED_BYTES", 13)  # of seven bytes each
    shell("doctor")
    assert "bytes   1 of 2 documents hashed: constat doctor --all-documents\n" in shell.out
    shell("doctor", "--all-documents")
    assert "bytes   2 of 2 documents hashed\n" in shell.out


def test_the_doctor_says_that_nothing_is_wrong(bare_shell: Shell) -> None:
    assert bare_shell("doctor") == ExitCode.DONE
    assert bare_shell.out.endswith("nothing found\n")


def test_the_doctor_finds_an_agent_that_fell_silent(shell: Shell, collector_dsn: str) -> None:
    _measured(collector_dsn, Sender(vantage="accueil-03"))
    # Its batch was received at noon of the day the tests play in.
    shell("doctor", "--silent", "PT1S", "-o", "csv")
    kinds = {row["finding"] for row in csv.DictReader(io.StringIO(shell.out))}
    assert "agent_silent" in kinds
