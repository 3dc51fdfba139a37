"""What targets say of patients is nowhere afterwards: not where it is kept, nor where it is shown.

Every situation of the corpus is played with a patient's name in all that its server sends, before a
real agent that reports to a real collector. A version that one check asks for is looked for in the
same places: a search that finds nothing at all would prove nothing.
"""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.request import urlopen

from collector.embedded.folder import dsn_of
from tests.agent.processes import command
from tests.end_to_end.installation import ENVIRONMENT, HOSPITAL, ROOT, Program, until
from tests.end_to_end.traces import in_database, in_files, plain
from tests.postgres import do
from tests.probes.corpus.pasting import after_every_block
from tests.probes.corpus.situation import PAGES, Situation, options_of, read, situations
from tests.servers.certificates import authority
from tests.servers.fhir import answer
from tests.servers.ldap import bound, directory, found
from tests.servers.listening import nobody, serving
from tests.servers.postgresql import PASSWORD, SUPERUSER, cluster
from tests.servers.staged import Answer, Serves, staged
from tests.servers.web import answering, page

PATIENT: Final = "Zkrzypczyk"  # a name that nothing else says
VERSION: Final = "77.31.9"
_MSH: Final = rf"MSH|^~\\&|EAI|CHU|CONSTAT||20261114||ACK|1|P|2.5\rMSA|AE|{{control}}|{PATIENT}"
MORE: Final = rf"""
a version that is asked for:
  serves: {{body: "Identifiant {PATIENT} version {VERSION}"}}
  asks: {{version: {{regex: 'version ([\d.]+)'}}}}
  must: up
a text of a name:
  kind: dns
  serves: {{names: ['"{PATIENT}"']}}
  asks: {{type: TXT, expect: ["v=spf1 -all"]}}
  must: down unexpected_value assert
a plug-in whose output is not recorded:
  kind: script
  serves: {{file: "{PATIENT}"}}
  asks: {{command: [/bin/cat, "{{file}}"], record_output: false}}
  must: up
a plug-in whose complaint is not recorded:
  kind: script
  serves: {{file: "echo {PATIENT}; exit 2"}}
  asks: {{command: [/bin/sh, "{{file}}"], record_output: false}}
  must: down script_critical run
an acknowledgement that quotes a patient:
  kind: hl7
  serves: {{says: ["\x0b{_MSH}\rPID|||12||{PATIENT}^Jeanne\r\x1c\r"], then: silence}}
  must: down application_error assert
a greeting:
  kind: smtp
  serves:
    says: ["220 {PATIENT} ESMTP\r\n", "250-{PATIENT}\r\n250 {PATIENT}\r\n", ""]
    speaks_first: true
    by_turns: true
  must: up
a greeting that refuses:
  kind: smtp
  serves: {{says: ["421 {PATIENT}\r\n"], speaks_first: true}}
  must: down not_serving assert
an identification:
  kind: ssh
  serves:
    says: ["{PATIENT}\r\nSSH-2.0-OpenSSH_9.2 {PATIENT}\r\n"]
    speaks_first: true
    then: silence
  must: up
a line before an identification that never comes:
  kind: ssh
  serves: {{says: ["{PATIENT}\r\n"], speaks_first: true}}
  must: down not_serving negotiate
a log:
  kind: log
  serves: {{file: "22:41 Server started for {PATIENT}\n"}}
  must: up
a log of a stop:
  kind: log
  serves: {{file: "22:41 Server stopped by {PATIENT}\n"}}
  must: down not_running assert
another service:
  kind: tcp
  serves: {{says: ["{PATIENT}\r\n"], speaks_first: true}}
  must: down marker_missing assert
"""
# Where what a check asks for is to be found.
SHOWN: Final = {
    *("agent/state/spool.sqlite: batch", "agent/state/status.json", "constat-agent status"),
    *("log entry", "table span"),
}
_Answer = TypeVar("_Answer", bound=Answer)


def bearing(answer: _Answer) -> _Answer:
    """Return an answer that names the patient in its status line, its headers and its cookies."""
    changes: dict[str, Any] = {
        "status": f"{answer.status} {PATIENT}",
        "headers": (
            *map(_addressed, answer.headers),
            f"Set-Cookie: patient={PATIENT}",
            f"X-Patient: {PATIENT}",
        ),
    }
    if isinstance(answer, Serves):
        changes["paths"] = {path: bearing(each) for path, each in answer.paths.items()}
        changes["turns"] = tuple(map(bearing, answer.turns))
        changes["other"] = answer.other and bearing(answer.other)
    return replace(answer, **changes)


def _addressed(header: str) -> str:
    """Return a header; the patient is in the address that a redirect leads to."""
    if not header.startswith("Location"):
        return header
    return f"{header}{'&' if '?' in header else '?'}patient={PATIENT}"


class Hospital:
    """A collector, and one agent whose checks meet every situation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "collector" / "constat.yaml"
        self.config = folder / "agent" / "agent.yaml"
        self.shown: dict[str, bytes] = {}
        self.url = ""
        with nobody() as port:
            self._metrics = f"127.0.0.1:{port}"
        outspoken = "tests.end_to_end.outspoken"
        self.collector = Program(
            folder / "collector.log", outspoken, "collector", "up", "--config", self.settings
        )
        self.agent = Program(
            folder / "agent.log", outspoken, "agent", "run", "--config", self.config
        )

    async def start(self, checks: Mapping[str, Mapping[str, Any]]) -> None:
        """Start the collector, announce an operation, enrol the agent and start it."""
        _write(self.settings, {"data_dir": "data", "listen": "127.0.0.1:0"})
        ready = self.settings.parent / "data" / "ready.json"
        await self.collector.start()
        await until(ready.exists)
        self.url = json.loads(ready.read_bytes())["url"]
        _write(self.folder / "catalogue.yaml", _catalogue(checks))
        await self.constat("apply", self.folder / "catalogue.yaml")
        opens = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
        await self.constat(
            *("window", "announce", "--id", "MAJ-1", "--hospital", HOSPITAL, "--service", "dpi"),
            *("--start", opens, "--for", "PT1H"),
        )
        vantage = {"vantage": "accueil-01", "state_dir": "state", "checks": checks}
        collectors = [{"name": "here", "url": self.url}]
        metrics = {"listen": self._metrics}
        _write(self.config, {**vantage, "collectors": collectors, "metrics": metrics})
        token = await self.constat("token", "create", "--hospital", HOSPITAL)
        given = token.decode().split()[-1]
        enrolled = await command("enrol", "--config", self.config, "--token-file", "-", given=given)
        assert enrolled.code == 0, enrolled.err
        await self.agent.start()

    async def constat(self, *arguments: str | Path) -> bytes:
        """Run a command of the collector; keep what it shows."""
        words = [*map(str, arguments), "--config", str(self.settings)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "collector", *words),
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=PIPE,
            stderr=PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode in (0, 3, 4), err.decode()
        self.shown[f"constat {arguments[0]} {arguments[1]}"] = out + err
        return out

    async def constat_agent(self, *arguments: str | Path) -> None:
        """Run a command of the agent; keep what it shows."""
        ended = await command(*arguments)
        name = f"constat-agent {arguments[0]}"
        self.shown[name] = self.shown.get(name, b"") + f"{ended.out}{ended.err}".encode()

    async def has_measured(self, checks: Iterable[str]) -> None:
        """Wait until every check was measured."""
        status = self.config.parent / "state" / "status.json"
        wanted = set(checks)

        def measured() -> bool:
            assert self.agent.runs, self.agent.log.read_text()
            if not status.exists():
                return False
            snapshot = json.loads(status.read_bytes())["snapshot"]
            return wanted <= {each["name"] for each in snapshot["checks"] if each["outcome"]}

        await until(measured)

    async def look_around(self) -> None:
        """Ask for all that a running installation shows."""
        await self.constat_agent("status", "--config", self.config)
        for name, url in (("agent", f"http://{self._metrics}"), ("collector", self.url)):
            answer = await asyncio.to_thread(_got, f"{url}/metrics")
            self.shown[f"metrics of the {name}"] = answer

    async def close(self) -> None:
        """End what runs."""
        for program in (self.agent, self.collector):
            await program.close()


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), "utf-8")


def _got(url: str) -> bytes:
    with urlopen(url) as answer:
        content: bytes = answer.read()
        return content


def _catalogue(checks: Iterable[str]) -> dict[str, Any]:
    contract = {"max_downtime": {"strategic": "PT4H"}, "notice": {"amount": 0, "unit": "hours"}}
    service = {
        "product": "Dossier patient",
        "class": "strategic",
        "panel": ["accueil-01"],
        "checks": {name: {"interval": "PT10S", "max_gap": "PT30S"} for name in checks},
    }
    hospital = {
        "name": "Centre hospitalier d'Exemple",
        "contract": contract,
        "sites": {"principal": {"name": "Site principal", "timezone": "Europe/Paris"}},
        "services": {"dpi": service},
    }
    return {"hospitals": {HOSPITAL: hospital}}


async def _stage_all(folder: Path, stack: AsyncExitStack) -> dict[str, dict[str, Any]]:
    """Run the server of every situation; return the checks that meet them, by name."""
    often = {"interval": "PT10S", "max_gap": "PT30S", "burst": {"duration": "PT0S"}}
    checks: dict[str, dict[str, Any]] = {}
    pasted = PAGES.edited(after_every_block(f"<p>{PATIENT}</p>"))
    planted: list[tuple[Situation, Any]] = [(each, pasted) for each in situations()]
    planted += [(each, PAGES) for each in read(MORE, "more")]
    for number, (situation, pages) in enumerate(planted):
        place = folder / f"{number}"
        place.mkdir(parents=True)
        server = staged(bearing(situation.serves), pages, place)
        known = await stack.enter_async_context(server)
        checks[f"c{number:03}"] = options_of(situation, known) | often
    tls = authority(PATIENT).server(folder)
    port = await stack.enter_async_context(serving(answering(page()), tls))
    here = {"host": "127.0.0.1", "port": port, "tls": {"ca_file": authority(PATIENT).write(folder)}}
    checks["subject"] = {"kind": "tls", **here, **often}
    checks["stranger"] = {**checks["subject"], "tls": {}}
    for name, options in (await _stage_records(folder, stack)).items():
        checks[name] = options | often
    return checks


async def _stage_records(folder: Path, stack: AsyncExitStack) -> dict[str, dict[str, Any]]:
    """Run a database, a directory and a FHIR server that hold a patient's record."""
    database = stack.enter_context(stack.enter_context(cluster()).serving())
    await do(database.dsn, f"CREATE TABLE patient AS SELECT '{PATIENT}' AS name")
    password = folder / "password"
    password.write_text(PASSWORD, "utf-8")
    sql = {
        "kind": "sql",
        "dialect": "postgresql",
        "host": "127.0.0.1",
        "port": database.port,
        "username": SUPERUSER,
        "password_file": str(password),
        "database": "postgres",
    }
    named = (("sn", PATIENT.encode()), ("vendorVersion", PATIENT.encode()))
    entry = directory(bound(), found(1, attributes=named), saying=PATIENT)
    entries = await stack.enter_async_context(serving(entry))
    statement = {"resourceType": "CapabilityStatement", "publisher": PATIENT, "status": PATIENT}
    fhir = await stack.enter_async_context(serving(answering(answer(statement))))
    return {
        "rows": {**sql, "statement": "SELECT name FROM patient"},
        "another-row": {**sql, "statement": "SELECT name FROM patient", "expect": "nobody"},
        "a-cast": {**sql, "statement": "SELECT name::int FROM patient"},
        "entries": {"kind": "ldap", "host": "127.0.0.1", "port": entries, "base": "dc=example"},
        "statement": {"kind": "fhir", "base_url": f"http://127.0.0.1:{fhir}"},
    }


async def test_the_name_of_a_patient_stays_nowhere(tmp_path: Path) -> None:
    hospital = Hospital(tmp_path)
    async with AsyncExitStack() as stack:
        checks = await _stage_all(tmp_path / "servers", stack)
        stack.push_async_callback(hospital.close)
        await hospital.start(checks)
        await hospital.has_measured(checks)
        await hospital.look_around()
        await hospital.constat_agent("check", "--config", hospital.config)
        for options in _pages(checks):
            given = [f"-o{key}={json.dumps(value)}" for key, value in options.items()]
            kept = [each for each in given if not each.startswith(("-okind=", "-ourl="))]
            await hospital.constat_agent("probe", "http", options["url"], *kept)
        await hospital.agent.end(signal.SIGTERM)
        await hospital.constat("window", "export", "MAJ-1", tmp_path / "evidence")
        await hospital.constat("window", "show", "MAJ-1", "-o", "json")
        database = await in_database(dsn_of(hospital.settings.parent / "data" / "postgresql"))

    places = [*hospital.shown.items(), *database]
    places += [
        (f"{folder}/{name}", data)
        for folder in ("agent", "collector", "evidence")
        for name, data in in_files(tmp_path / folder)
    ]
    places += [(log, (tmp_path / log).read_bytes()) for log in ("agent.log", "collector.log")]
    assert b"level=debug" in (tmp_path / "agent.log").read_bytes()
    failures = _failures(tmp_path / "evidence")
    assert len(failures) > 25
    assert "query_failed" in failures  # the cast of a row that holds the name
    seen = {word: _places_of(word, places) for word in (PATIENT, VERSION)}
    assert seen[PATIENT] == set()
    assert {*SHOWN, "constat-agent probe", "evidence/measurements.ndjson"} <= seen[VERSION]


def _pages(checks: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return a part of the checks of pages, that with a version among them."""
    pages = [options for options in checks.values() if options["kind"] == "http"]
    return pages[::-1][::6]


def _failures(evidence: Path) -> set[str]:
    lines = (evidence / "measurements.ndjson").read_text("utf-8").splitlines()
    return {json.loads(line).get("failure", "") for line in lines}


def _places_of(word: str, places: Iterable[tuple[str, bytes]]) -> set[str]:
    wanted = word.lower().encode()
    return {name for name, data in places if any(wanted in each.lower() for each in plain(data))}
