"""The commands that need no running agent, on real services of loopback."""

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.config_schema import config_schema_text
from probes.registry import kinds as known_kinds
from tests.agent.collecting import TOKEN, TestCollector, collecting
from tests.agent.processes import command, write_config
from tests.servers.listening import nobody, serving
from tests.servers.web import LOGIN, answering, page


@pytest.fixture
async def collector() -> AsyncIterator[TestCollector]:
    async with collecting() as made:
        yield made


@pytest.fixture
async def service() -> AsyncIterator[int]:
    async with serving(answering(page(LOGIN, headers=("X-Version: 3.1",)))) as port:
        yield port


def http_check(port: int) -> dict[str, Any]:
    return {"kind": "http", "url": f"http://127.0.0.1:{port}/", "expect_markers": ["Connexion"]}


async def test_check_runs_every_check_once(tmp_path: Path, service: int) -> None:
    config = write_config(tmp_path, "http://127.0.0.1:9", {"dpi": http_check(service)})

    ended = await command("check", "--config", config)

    assert ended.code == 0
    assert ended.out.startswith("up        dpi  ")
    assert "note: batches go to http://127.0.0.1:9 unencrypted" in ended.err
    assert "note: cannot run: accueil-03 is not enrolled" in ended.err


async def test_check_ends_with_1_when_a_check_is_not_up(tmp_path: Path, service: int) -> None:
    with nobody() as closed:
        checks = {"dpi": http_check(service), "labo": http_check(closed)}
        config = write_config(tmp_path, "https://c.example", checks)

        ended = await command("check", "--config", config)

    assert ended.code == 1
    assert "down      labo  " in ended.out
    assert "connection_refused (connect)" in ended.out
    assert ended.err.splitlines()[-1] == "constat-agent: 1 of 2 checks are not up"


def references(port: int) -> dict[str, Any]:
    """A reference across the network, of a name that nobody may have, and loopback."""
    gateway = {"kind": "tcp", "host": "gateway.invalid", "port": 1, "connect_only": True}
    loopback = {"kind": "tcp", "host": "127.0.0.1", "port": port, "connect_only": True}
    return {"gateway": gateway, "loopback": loopback}


async def test_check_says_loudly_that_a_vantage_point_has_no_references(
    tmp_path: Path, service: int
) -> None:
    config = write_config(tmp_path, "https://c.example", {"dpi": http_check(service)})

    ended = await command("check", "--config", config)

    assert ended.code == 0
    assert "note: this vantage point cannot tell the loss of its own network" in ended.err


async def test_check_ends_with_1_when_no_reference_across_the_network_answers(
    tmp_path: Path, service: int
) -> None:
    checks = {"dpi": http_check(service)}
    config = write_config(tmp_path, "https://c.example", checks, references=references(service))

    ended = await command("check", "--config", config)

    assert ended.code == 1
    assert "up        loopback  " in ended.out
    assert "down      gateway   " in ended.out
    assert ended.err.splitlines()[-1] == (
        "constat-agent: no reference answers: no failure could be told from one of our own"
    )
    assert "cannot tell the loss" not in ended.err


async def test_check_names_every_fault_of_a_configuration(tmp_path: Path) -> None:
    checks = {"a": {"kind": "tcp", "host": "h", "port": 70_000}, "b": {"kind": "tcpp"}}
    config = write_config(tmp_path, "https://c.example", checks)

    ended = await command("check", "--config", config)

    assert ended.code == 2
    first, second = ended.err.splitlines()
    place = f"constat-agent: cannot read {config}: checks"
    assert first == f"{place}.a.port: 70000 is not a port"
    assert second == f"{place}.b.kind: 'tcpp' is not a kind of check; did you mean tcp?"


async def test_probe_shows_each_step_and_the_version_seen(service: int) -> None:
    url = f"http://127.0.0.1:{service}/"

    ended = await command("probe", "http", url, "-m", "Connexion", "-o", "version.header=X-Version")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"up        {url}  ")
    for said in ("connect ", "first byte ", "transfer ", "version     3.1"):
        assert said in ended.out


async def test_probe_says_why_a_target_is_down() -> None:
    with nobody() as port:
        ended = await command("probe", "tcp", f"127.0.0.1:{port}", "-o", "connect_only=true")

    assert (ended.code, ended.err) == (1, "")
    assert ended.out.startswith("down      127.0.0.1:")
    assert "connection_refused (connect)" in ended.out


async def test_probe_of_both_families_has_a_line_for_each() -> None:
    with nobody() as port:
        ended = await command(
            "probe", "tcp", f"localhost:{port}", "-o", "connect_only=true", "-o", "family=both"
        )

    assert ended.code == 1
    ipv4, ipv6 = (line for line in ended.out.splitlines() if line.startswith("down"))
    assert ipv4.startswith(f"down      localhost:{port} ipv4  ")
    assert ipv6.startswith(f"down      localhost:{port} ipv6  ")


async def test_probe_takes_a_marker_for_a_port_too() -> None:
    async with serving(answering(b"220 smtp.example ESMTP\r\n")) as port:
        ended = await command(
            "probe", "tcp", f"127.0.0.1:{port}", "-m", "220 ", "-o", 'send="EHLO x\\r\\n\\r\\n"'
        )

    assert ended.code == 0, ended


async def test_enrol_makes_a_private_key_and_keeps_who_we_are(
    tmp_path: Path, collector: TestCollector
) -> None:
    config = write_config(tmp_path, collector.url, {"dpi": http_check(9)})

    ended = await command("enrol", "-c", config, "--collector", "test", "--token", TOKEN)

    (agent,) = collector.agents
    assert ended.code == 0, ended.err
    assert ended.out == (
        f"accueil-03 is enrolled with {collector.url} for CH-EXEMPLE, as agent {agent}\n"
    )
    key = tmp_path / "state" / "agent.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert key.read_text(encoding="ascii").strip() not in ended.out + ended.err


async def test_a_token_may_be_in_a_file(tmp_path: Path, collector: TestCollector) -> None:
    config = write_config(tmp_path, collector.url, {"dpi": http_check(9)})
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n", encoding="ascii")

    assert (await command("enrol", "-c", config, "--token-file", token)).code == 0


async def test_enrolment_that_is_refused_ends_with_6(
    tmp_path: Path, collector: TestCollector
) -> None:
    config = write_config(tmp_path, collector.url, {"dpi": http_check(9)})

    ended = await command("enrol", "-c", config, "--token", "an-old-token")

    assert ended.code == 6
    assert "refused the enrolment: unknown token" in ended.err


async def test_a_collector_that_is_away_cannot_enrol(tmp_path: Path) -> None:
    with nobody() as port:
        url = f"http://127.0.0.1:{port}"
        config = write_config(tmp_path, url, {"dpi": http_check(9)})

        ended = await command("enrol", "-c", config, "--token", TOKEN)

    assert ended.code == 6
    assert ended.err.startswith(f"constat-agent: cannot reach {url}: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Give the token by --token-file or by --token."),
        (["--token", ""], "The token is empty, or is not one."),
        (["--token", "a", "--token-file", "-"], "Give the token by --token-file or by --token."),
        (["--token", "a", "--collector", "https://other"], "https://other is not in "),
    ],
)
async def test_enrol_says_what_it_needs(tmp_path: Path, arguments: list[str], said: str) -> None:
    config = write_config(tmp_path, "https://c.example", {"dpi": http_check(9)})

    ended = await command("enrol", "-c", config, *arguments)

    assert ended.code == 2
    assert said in ended.err


async def test_enrol_asks_which_collector_when_there_are_several(tmp_path: Path) -> None:
    config = write_config(tmp_path, "https://c.example", {"dpi": http_check(9)})
    content = json.loads(config.read_text(encoding="utf-8"))
    content["collectors"].append({"url": "https://d.example"})
    config.write_text(json.dumps(content), encoding="utf-8")

    ended = await command("enrol", "-c", config, "--token", TOKEN)

    assert ended.code == 2
    assert "Say which one by --collector: https://c.example, https://d.example." in ended.err


async def test_kinds_lists_each_kind_and_the_options_of_one() -> None:
    kinds, http = await command("kinds"), await command("kinds", "http")

    assert [line.split()[0] for line in kinds.out.splitlines()] == list(known_kinds())
    assert "  url                           text, required\n" in http.out
    assert "  interval                      duration such as PT10S, default PT10S\n" in http.out
    assert "maintenance_page" in http.out


async def test_schema_prints_the_schema() -> None:
    assert (await command("schema")).out == config_schema_text() + "\n"


async def test_version_prints_a_version() -> None:
    assert (await command("version")).out.count(".") == 2
