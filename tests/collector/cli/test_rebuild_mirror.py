"""With the collector switched off, the hospital reads the same from what its witness mirrored."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.errors import ExitCode
from collector.record.catalogue import read_catalogue
from collector.register.applying import apply
from collector.register.projections import TABLES
from collector.register.sealing import Sealer
from collector.settings import read_key
from collector.store.checkpoints import keep_checkpoint, last_checkpoint
from collector.store.log import entries, read_head
from collector.store.pool import open_pool, transaction
from collector.store.rebuild import SERIES_TABLES, Filling, fillings
from collector.store.tenants import ensure_tenant
from collector.witness.folder import DATABASE_FILE
from collector.witness.opening import make_witness
from collector.witness.state import open_state
from probes.model.checkpoint import Note, cosign
from probes.model.envelope import BATCH_TYPE
from probes.model.merkle import EMPTY, leaf_hash
from tests.collector.cli.conftest import CATALOGUE, Shell
from tests.collector.conftest import Clock
from tests.collector.store.agents import NOON_US, TENANT, Sender, columns
from tests.collector.test_assess import closed_window, measured
from tests.postgres import Server, in_own_loop

# An agent has its number, its key and its last batch; what was guessed of receipt is left out.
_AGENTS = (
    "SELECT v.name, v.kind, v.enrolled_at, key_id, entry, state, number, payload_hash, offset_us,"
    " depth FROM agent JOIN vantage v USING (tenant_id, vantage_id)"
    " JOIN agent_cursor USING (tenant_id, agent_id) ORDER BY agent_id"
)


@pytest.fixture
def elsewhere(postgres: Server, migrated_template: str) -> Iterator[str]:
    """A database of the hospital's own, with nothing in it."""
    dsn = postgres.create(migrated_template)
    yield dsn
    postgres.drop(dsn)


@pytest.fixture
def witness(bare_shell: Shell, collector_dsn: str, tmp_path: Path) -> Path:
    """The folder of a witness that mirrored a log with agents and a window that was closed."""
    del bare_shell
    key = read_key(tmp_path / "log.key")
    folder = tmp_path / "witness"
    identity = make_witness(folder, "temoin.example", time.time)

    async def live() -> tuple[Note, list[bytes]]:
        clock = Clock("2026-11-09T12:00:00Z")
        async with open_pool(collector_dsn, size=4) as pool:
            await apply(pool, Sealer(key, clock), read_catalogue(CATALOGUE), "me")
            await measured(
                pool,
                Sender(vantage="accueil-03"),
                (columns("U" * 90, check="dpi-login"),),
                (columns("DDDD", first_s=3_700, check="dpi-login"),),
                (columns("U" * 90, first_s=3_800, check="dpi-login"),),
            )
            await closed_window(pool, Sealer(key, clock), clock)
            async with transaction(pool) as connection:
                tenant_id = await ensure_tenant(connection, TENANT)
                kept = await keep_checkpoint(connection, tenant_id, TENANT, key, NOON_US)
                found = [each.envelope.encode() async for each in entries(connection, tenant_id)]
        return kept.note, found

    note, leaves = in_own_loop(live())
    mirrored, _ = EMPTY.appended(map(leaf_hash, leaves))
    with open_state(folder / DATABASE_FILE) as state:
        state.add_leaves(leaves, mirrored)
        state.keep(note, NOON_US // 1_000_000, mirrored)
        line = cosign(note.checkpoint, identity.name, identity.key, NOON_US // 1_000_000)
        state.keep_line(note.checkpoint.size, line)
    return folder


def _holds(dsn: str) -> tuple[dict[str, Filling], list[tuple[object, ...]], bytes, Note]:
    async def look() -> tuple[dict[str, Filling], list[tuple[object, ...]], bytes, Note]:
        async with open_pool(dsn, size=2) as pool, transaction(pool) as connection:
            tenant_id = await ensure_tenant(connection, TENANT)
            tables = await fillings(connection, tenant_id, (*TABLES, *SERIES_TABLES))
            agents = [tuple(row) for row in await connection.fetch(_AGENTS)]
            head = await read_head(connection, tenant_id)
            last = await last_checkpoint(connection, tenant_id)
        assert last is not None
        return tables, agents, head.root, last.note

    return in_own_loop(look())


def test_the_hospital_reads_the_same_without_the_collector(
    bare_shell: Shell,
    witness: Path,
    collector_dsn: str,
    elsewhere: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    show = ("window", "show", "MAJ-2026-0001", "-o", "json")
    assert bare_shell("rebuild", "--measurements") == ExitCode.DONE
    code, shown = bare_shell(*show), bare_shell.out
    assert shown, bare_shell.err
    monkeypatch.setenv("CONSTAT_DSN", elsewhere)
    monkeypatch.delenv("CONSTAT_KEY")

    assert bare_shell("rebuild", "--mirror", str(witness)) == ExitCode.DONE
    root = _holds(collector_dsn)[2]
    size = _holds(elsewhere)[3].checkpoint.size
    assert bare_shell.out == f"{size} entries of {TENANT} taken back\n"
    assert bare_shell(*show) == code
    # Only the instant at which it was asked differs.
    assert {**json.loads(bare_shell.out), "as_of_us": 0} == {**json.loads(shown), "as_of_us": 0}

    tables, agents, root_here, note = _holds(elsewhere)
    assert root_here == root == note.checkpoint.root
    assert (tables, agents) == _holds(collector_dsn)[:2]
    assert [each.name for each in note.signatures] == [note.checkpoint.origin, "temoin.example"]
    assert bare_shell("rebuild", "--check") == ExitCode.DONE
    assert bare_shell("rebuild", "--mirror", str(witness)) == ExitCode.REFUSED
    assert f"holds {size} entries of this hospital already" in bare_shell.err


@pytest.mark.parametrize("case", ["swapped", "no_entry", "no_agent"])
def test_a_mirror_that_was_changed_is_not_taken(
    bare_shell: Shell, witness: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setenv("CONSTAT_DSN", elsewhere)
    with open_state(witness / DATABASE_FILE) as state:
        leaves, [kept] = list(state.leaves()), list(state.kept(10_000))
    batches = [each for each in leaves if BATCH_TYPE.encode() in each]
    wrong, complaint = {
        "swapped": ([*leaves[:-2], leaves[-1], leaves[-2]], "these are not the"),
        "no_entry": ([*leaves[:-1], b"{}"], f"entry {len(leaves) - 1}: payloadType: is missing"),
        "no_agent": (batches, "entry 0: no agent"),
    }[case]
    (witness / DATABASE_FILE).unlink()
    with open_state(witness / DATABASE_FILE) as state:
        tree, _ = EMPTY.appended(map(leaf_hash, wrong))
        state.add_leaves(wrong, tree)
        # As somebody leaves it who wants it to pass for the tree that was signed.
        whole, _ = EMPTY.appended(map(leaf_hash, leaves))
        state.keep(kept.note, kept.seen_at_s, whole)
    assert bare_shell("rebuild", "--mirror", str(witness)) == ExitCode.ERROR
    assert complaint in bare_shell.err
    assert bare_shell("rebuild") == ExitCode.DONE
    assert bare_shell.out == "no hospital\n"


def test_a_mirror_is_taken_back_whole(bare_shell: Shell, tmp_path: Path) -> None:
    for more in (["--check"], ["--measurements"], ["--hospital", TENANT]):
        assert bare_shell("rebuild", "--mirror", str(tmp_path), *more) == ExitCode.USAGE
    assert bare_shell("rebuild", "--mirror", str(tmp_path)) == ExitCode.NOT_FOUND
    make_witness(tmp_path / "new", "temoin.example", time.time)
    assert bare_shell("rebuild", "--mirror", str(tmp_path / "new")) == ExitCode.NOT_FOUND
    assert "mirrors no entry" in bare_shell.err
