"""Makes docs/threats.md: every move on a live database, and what it is caught by.

`python -m tests.end_to_end.threats` writes the page from what happened just now.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import asyncpg

from collector.embedded.server import EmbeddedPostgres
from collector.errors import ConstatError
from collector.evidence.verification import Code, Verification
from collector.report.as_json import report_json
from collector.store.audit import verify_tree
from collector.store.log import UnsoundLogError, read_head
from collector.store.migrate import migrate
from collector.store.pool import connected, open_pool
from collector.store.tenants import tenant_named
from tests.collector.store.agents import TENANT
from tests.end_to_end.hospital import Guard, Hospital, announced, begin, conclude
from tests.end_to_end.moves import MOVES, Move, Retelling, catalogue_with
from tests.postgres import Server

PAGE: Final = Path(__file__).parents[2] / "docs/threats.md"
NO_EFFECT: Final = "no effect on the report"
NOT_CAUGHT: Final = "**not caught**"


class Databases:
    """Makes databases with the schema, and drops them all at the end."""

    def __init__(self, server: Server, template: str) -> None:
        self._server = server
        self._template = template
        self._made: list[str] = []

    async def new(self, template: str | None = None) -> str:
        """A database like another, or with nothing in it; nobody may be connected to the other."""
        dsn = await asyncio.to_thread(self._server.create, template or self._template)
        self._made.append(dsn)
        return dsn

    def drop(self) -> None:
        """Drop all of them."""
        while self._made:
            self._server.drop(self._made.pop())


@asynccontextmanager
async def databases(server: Server) -> AsyncIterator[Databases]:
    """Yield a maker of databases."""
    empty = await asyncio.to_thread(server.create, "template0")
    connection = await asyncpg.connect(empty)
    try:
        await migrate(connection)
    finally:
        await connection.close()
    made = Databases(server, await asyncio.to_thread(server.freeze, empty))
    try:
        yield made
    finally:
        await asyncio.to_thread(made.drop)
        await asyncio.to_thread(server.drop, empty)


class Row(NamedTuple):
    """A move, and what it is caught by under each guard."""

    move: Move
    cells: dict[Guard, str]


async def rows(server: Server, folder: Path) -> list[Row]:
    """Make every move under every guard."""
    async with databases(server) as made:
        honest = {guard: await _report(made, _fresh(folder), guard) for guard in Guard}
        return [
            Row(move, {g: await _caught(made, _fresh(folder), g, move, honest[g]) for g in Guard})
            for move in MOVES
        ]


def _fresh(folder: Path) -> Path:
    """Where a witness can be made."""
    place = folder / str(sum(1 for _ in folder.iterdir()))
    place.mkdir()
    return place / "witness"


async def _report(made: Databases, folder: Path, guard: Guard) -> Verification:
    """What an auditor finds when nobody moved anything."""
    async with announced(await made.new(), folder, guard) as hospital:
        await begin(hospital)
        await conclude(hospital)
        assert await _finders(hospital) == []
        done = hospital.verified(await hospital.exported())
        assert done.fault is None, done.fault
        return done


async def _caught(
    made: Databases, folder: Path, guard: Guard, move: Move, honest: Verification
) -> str:
    """Make a move under a guard; return what it is caught by."""
    if move.attack is None and move.retelling is None:
        return await _restored(made, folder, guard, honest)
    async with announced(await made.new(), folder, guard) as hospital:
        await begin(hospital)
        await conclude(hospital)
        if move.attack is not None:
            await move.attack(hospital)
            return await _found(hospital, honest)
        async with _retold(made, folder, move.retelling or Retelling()) as anew:
            return await _found(_looking_at(hospital, anew), honest)


async def _restored(made: Databases, folder: Path, guard: Guard, honest: Verification) -> str:
    """Put a copy back that was made before the operation; the guard saw what came after it."""
    async with announced(await made.new(), folder, guard) as hospital:
        await begin(hospital)
    copy = await made.new(urlsplit(hospital.dsn).path[1:])
    async with open_pool(hospital.dsn, size=4) as pool:
        hospital.pool = pool
        await conclude(hospital)
    async with open_pool(copy, size=4) as pool:
        return await _found(replace(hospital, pool=pool, dsn=copy), honest)


@asynccontextmanager
async def _retold(made: Databases, folder: Path, retelling: Retelling) -> AsyncIterator[Hospital]:
    """Yield a hospital of which another history is told."""
    catalogue = catalogue_with(folder.parent, retelling.limit)
    told = announced(
        await made.new(),
        folder,
        Guard.NOBODY,
        at_us=retelling.announced_us,
        catalogue=catalogue,
    )
    async with told as anew:
        await begin(anew)
        await conclude(anew)
        yield anew


def _looking_at(hospital: Hospital, anew: Hospital) -> Hospital:
    """Those who were outside of a database, in front of the one that took its place."""
    return replace(hospital, pool=anew.pool, dsn=anew.dsn, where=anew.where)


async def _found(hospital: Hospital, honest: Verification) -> str:
    finders = await _finders(hospital)
    try:
        done = hospital.verified(await hospital.exported())
    except UnsoundLogError:
        return ", ".join([*finders, "export"])
    if done.failed is not None:
        return ", ".join([*finders, f"`verify` (`{done.failed}`)"])
    finders += _told(done, honest)
    if finders:
        return ", ".join(finders)
    return NO_EFFECT if _judged(done) == _judged(honest) else NOT_CAUGHT


async def _finders(hospital: Hospital) -> list[str]:
    """Who finds something before a bundle is made."""
    found = []
    if not await _passes_audit(hospital):
        found.append("audit")
    if await _agents_refuse(hospital):
        found.append("agent")
    if hospital.guard is Guard.WITNESS:
        try:
            await hospital.look()
        except ConstatError:
            found.append("witness")
    return found


async def _passes_audit(hospital: Hospital) -> bool:
    async with connected(hospital.pool) as connection:
        tenant_id = await tenant_named(connection, TENANT)
        try:
            await verify_tree(connection, tenant_id, await read_head(connection, tenant_id))
        except UnsoundLogError:
            return False
    return True


async def _agents_refuse(hospital: Hospital) -> bool:
    try:
        return await hospital.agents_refuse()
    except ConstatError:
        # The collector itself gives no answer.
        return False


def _told(done: Verification, honest: Verification) -> Iterator[str]:
    """Yield what an auditor reads in a sound bundle, and would not if nobody had moved anything."""
    ours, theirs = ({code: dict(facts) for code, facts in each.passed} for each in (done, honest))
    if theirs[Code.WITNESS]["witnesses"] and not ours[Code.WITNESS]["witnesses"]:
        yield "`verify` shows no cosignature"
    if int(ours[Code.TIMESTAMP]["undated"]) > int(theirs[Code.TIMESTAMP]["undated"]):
        yield "`verify` shows steps without a stamp"


def _judged(done: Verification) -> object:
    """What a report says of the window: the verdicts, and all they stand on."""
    assert done.report is not None
    report = report_json(done.report)
    return {key: report.get(key) for key in _JUDGED}


_JUDGED: Final = (
    *("status", "duration", "figures", "outages", "unobserved", "notice", "coverage"),
    *("panel", "plan", "revisions"),
)

_TITLES: Final = {
    Guard.NOBODY: "agents only",
    Guard.WITNESS: "with a witness",
    Guard.AUTHORITY: "with time stamps",
}
_HEAD: Final = """\
# Threats to the evidence

Both sides have a motive: the vendor to hide an outage, the hospital to make one up. What is below
was done to a real database with the rights of its superuser, and, where it says so, with the key
of the log; `python -m tests.end_to_end.threats` does it again and writes this page. It says who
catches each move:

- **audit**: the collector goes over its own log and makes the tree again from the entries;
- **export**: no bundle is made of a log that is not what was signed;
- **agent**: an agent that sends its next batch is shown a log that does not continue the one it
  was shown before;
- **witness**: the hospital's witness, in its next round;
- **`verify`**: the auditor, from the bundle alone and keys known beforehand; in brackets the step
  that fails.

*Agents only*: nobody else looked at the log. *With a witness*: the hospital's witness cosigned
before ([manual](temoin.md), in French). *With time stamps*: an authority that neither side holds
stamped the announcement, the start and the close ([manual](horodatage.md), in French), and the
auditor pinned it.

"""
_TAIL: Final = """
## What none of this catches

Who holds the keys of the agents **and** that of the log can invent a whole history: without a
witness and without time stamps nothing speaks against it. With a witness, only what precedes its
first cosignature rests on the supplier's word. With time stamps, nothing can be made later than
its stamp. An agent that is stopped says nothing either: its silence is counted as *possibly
down*, never as *up*.
"""


def page(made: Sequence[Row]) -> str:
    """The page of these rows."""
    head = f"| move | {' | '.join(_TITLES[guard] for guard in Guard)} |\n|---|---|---|---|\n"
    table = "".join(
        f"| {row.move.title} | {' | '.join(row.cells[guard] for guard in Guard)} |\n"
        for row in made
    )
    stories = "".join(f"\n## {row.move.title}\n\n{row.move.story}\n" for row in made)
    return _HEAD + head + table + stories + _TAIL


async def _main() -> None:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "witnesses").mkdir()
        async with EmbeddedPostgres(place / "postgres") as server:
            made = await rows(Server(server.dsn), place / "witnesses")
    PAGE.write_text(page(made), "utf-8")


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
