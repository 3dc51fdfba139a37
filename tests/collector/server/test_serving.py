"""A collector starts in order, says where it listens, and stops when it is told to."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from collector.errors import ConfigurationError, RefusedError
from collector.evidence.names import Person
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply, preview
from collector.register.attendance import Attendance
from collector.register.intervening import end_intervention, start_intervention
from collector.register.names import list_persons
from collector.register.sealing import Sealer
from collector.server.serving import serve
from collector.settings import Settings, ensure_key, read_settings
from collector.store.pool import Pool, open_pool
from probes.model.instant import DAY
from tests.collector.courier.conftest import CATALOGUE
from tests.servers.timestamps import Authority

START_S = 60


def _settings(folder: Path, dsn: str | None = None, **more: object) -> Settings:
    document = {"data_dir": "data", "listen": "127.0.0.1:0", **more}
    if dsn is not None:
        document["database"] = {"dsn": dsn}
    file = folder / "constat.yaml"
    file.write_text(json.dumps(document))
    return read_settings(file)


@asynccontextmanager
async def _serving(settings: Settings, now_us: int = 42) -> AsyncIterator[str]:
    """Yield the line of a collector that serves; it has stopped when the block is left."""
    stop, told = asyncio.Event(), asyncio.Queue[str]()
    served = asyncio.create_task(
        serve(settings, now_us=lambda: now_us, tell=told.put_nowait, stop=stop)
    )
    line = asyncio.create_task(told.get())
    await asyncio.wait([served, line], return_when=asyncio.FIRST_COMPLETED)
    if served.done():
        line.cancel()
        await served
    try:
        yield await line
    finally:
        stop.set()
        await served


async def test_it_says_where_it_listens_and_answers_there(
    collector_dsn: str, tmp_path: Path
) -> None:
    settings = _settings(tmp_path, collector_dsn)
    async with _serving(settings) as line:
        url = json.loads(settings.ready_file.read_text())["url"]
        assert line.startswith(f"constat: listening on {url} (database: given, ")
        async with aiohttp.ClientSession() as session, session.get(f"{url}/v1/clock") as answer:
            assert await answer.json() == {"now_us": 42}
    assert not settings.ready_file.exists()


async def test_a_second_collector_on_the_folder_is_refused(
    collector_dsn: str, tmp_path: Path
) -> None:
    settings = _settings(tmp_path, collector_dsn)
    async with _serving(settings):
        with pytest.raises(RefusedError, match=rf"already \(process {os.getpid()}\)"):
            async with _serving(settings):
                pass
        assert settings.ready_file.exists()


async def test_it_can_start_again_and_signs_with_the_same_key(
    collector_dsn: str, tmp_path: Path
) -> None:
    settings = _settings(tmp_path, collector_dsn)
    async with _serving(settings):
        key = settings.key_file.read_bytes()
    async with _serving(settings):
        assert settings.key_file.read_bytes() == key


async def test_a_port_that_is_taken_is_said_so(collector_dsn: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = _settings(tmp_path, collector_dsn, listen=address)
        with pytest.raises(RefusedError, match=f"cannot listen on {address}: Address already"):
            async with _serving(settings):
                pass
    assert not settings.ready_file.exists()


async def test_a_database_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    settings = _settings(tmp_path, "postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(RefusedError, match="the database cannot be reached"):
        async with _serving(settings):
            pass


async def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = _settings(tmp_path, "postgresql://h/d", data_dir="file/data")
    with pytest.raises(ConfigurationError, match=r"cannot use the data folder .* see data_dir in"):
        async with _serving(settings):
            pass


async def test_it_erases_who_has_been_of_no_use_for_half_a_year(
    collector_dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE, "utf-8")
    settings = _settings(tmp_path, collector_dsn)
    settings.data_dir.mkdir()
    async with open_pool(collector_dsn, size=1) as pool:
        sealer = Sealer(ensure_key(settings.key_file), lambda: 44)
        await apply(pool, sealer, read_catalogue(file), "me")
        hospital = (await preview(pool, read_catalogue(file)))[0].hospital
        who = Attendance(hospital, Person("Dominique Petit"), "montée de version", at_us=42)
        made = await start_intervention(pool, sealer, who, "me")
        await end_intervention(pool, sealer, made, 43, "me")
        async with _serving(settings, 184 * DAY):
            left = await asyncio.wait_for(_without(pool, hospital, "Dominique Petit"), START_S)
    assert left  # the contacts are still of use


async def _without(pool: Pool, hospital: str, name: str) -> set[str]:
    """Return who is named in the register, once somebody is not any more."""
    while True:
        named = await _named(pool, hospital)
        if name not in named:
            return named
        await asyncio.sleep(0.01)


async def _named(pool: Pool, hospital: str) -> set[str]:
    return {each.person.name for each in await list_persons(pool, hospital)}


async def test_the_log_is_stamped_while_it_serves(
    collector_dsn: str, tmp_path: Path, authority: Authority
) -> None:
    file = tmp_path / "catalogue.yaml"
    file.write_text(CATALOGUE, "utf-8")
    async with open_pool(collector_dsn, size=1) as pool:
        sealer = Sealer(ensure_key(tmp_path / "log.key"), lambda: 42)
        await apply(pool, sealer, read_catalogue(file), "me")
    async with authority.serving():
        stamps = {"url": authority.url, "roots": str(authority.root_file)}
        authority.asked.clear()
        async with _serving(_settings(tmp_path, collector_dsn, timestamps=stamps)):
            await asyncio.wait_for(authority.asked.wait(), START_S)


async def test_it_does_not_start_without_the_roots_of_its_authority(
    collector_dsn: str, tmp_path: Path
) -> None:
    stamps = {"url": "http://tsa.example/tsr", "roots": "tsa.pem"}
    with pytest.raises(ConfigurationError, match=r"tsa\.pem: No such file"):
        async with _serving(_settings(tmp_path, collector_dsn, timestamps=stamps)):
            pass
