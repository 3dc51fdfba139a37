"""Making a witness, opening its folder, and what is to be seen in it from outside."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from collector.errors import ConfigurationError, ConstatError, NotFoundError, RefusedError
from collector.witness.client import LogClient
from collector.witness.errors import ForgetfulError, ForkedError
from collector.witness.folder import (
    DATABASE_FILE,
    KEY_FILE,
    Identity,
    alone_in,
    keep_identity,
    new_identity,
    read_identity,
)
from collector.witness.record import check_not_halted, make_another, read_record, write_record
from collector.witness.rounds import Log, Witness
from collector.witness.state import Kept, State, open_state
from probes.model.checkpoint import CheckpointError, Note, origin_of, read_verifier_key, tenant_of


@dataclass(frozen=True, slots=True)
class Standing:
    """What is to be seen of a witness; `fault` is what ended its work, or would."""

    identity: Identity
    last: Note | None
    cosigned: int
    mirrored: int
    fault: ConstatError | None


@dataclass(frozen=True, slots=True)
class Mirror:
    """What a witness mirrors of a hospital's log: its entries, and the checkpoints over them."""

    hospital: str
    checkpoints: Sequence[Kept]
    leaves: Iterator[bytes]


def log_of(hospital: str, key_text: str) -> Log:
    """Return the log of a hospital under a verifier key; `ConfigurationError` if another's."""
    try:
        name, key, witness = read_verifier_key(key_text)
    except CheckpointError as error:
        raise ConfigurationError(f"--log-key: {error}") from None
    if witness or name != origin_of(hospital, key.key_id):
        raise ConfigurationError(f"--log-key: {name} is not the log of {hospital}")
    return Log(name, key)


def make_witness(folder: Path, name: str, now_s: Callable[[], float]) -> Identity:
    """Make a witness in a folder, its key last: with it the folder is whole.

    Raises `ConfigurationError` for a name or a folder that cannot be used, `RefusedError` for a
    folder that holds a witness.
    """
    identity = new_identity(name)
    if (folder / KEY_FILE).exists():
        raise RefusedError(f"{folder} holds a witness already: give another folder")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_record(folder, "", now_s)
        with open_state(folder / DATABASE_FILE):
            pass
        keep_identity(folder, identity)
    except OSError as error:
        raise ConfigurationError(f"cannot write {folder}: {error.strerror}") from None
    return identity


@contextmanager
def open_witness(
    folder: Path, log: Log, client: LogClient, now_s: Callable[[], float], *, mirror: bool
) -> Iterator[Witness]:
    """Yield the witness of a folder, alone in it.

    Raises `ForkedError` or `ForgetfulError` for one whose work has ended.
    """
    identity = read_identity(folder)
    with alone_in(folder):
        check_not_halted(folder)
        recorded = read_record(folder)
        with open_state(folder / DATABASE_FILE) as state:
            known = _level(folder, recorded, state, now_s)
            if known is not None and known.checkpoint.origin != log.origin:
                raise ConfigurationError(
                    f"{folder} witnesses {known.checkpoint.origin}: make another witness for"
                    f" {log.origin}"
                )
            yield Witness(
                folder, identity, log, client, state=state, known=known, now_s=now_s, mirror=mirror
            )


def standing_of(folder: Path) -> Standing:
    """Return what is to be seen of the witness in a folder; it may be at work."""
    identity = read_identity(folder)
    recorded: Note | None = None
    fault: ConstatError | None = None
    try:
        check_not_halted(folder)
        recorded = read_record(folder)
    except (ForkedError, ForgetfulError) as error:
        fault = error
    with open_state(folder / DATABASE_FILE) as state:
        last = recorded or state.last()
        try:
            last = _larger(folder, recorded, state.last())
        except ForgetfulError as error:
            fault = fault or error
        return Standing(identity, last, state.cosigned(), state.sound().size, fault)


@contextmanager
def open_mirror(folder: Path) -> Iterator[Mirror]:
    """Yield the mirror in a folder, whatever became of its witness, which may be at work."""
    read_identity(folder)
    with open_state(folder / DATABASE_FILE) as state:
        kept = list(state.kept(state.sound().size))
        if not state.sound().size:
            raise NotFoundError(f"{folder} mirrors no entry: constat witness run --mirror does")
        yield Mirror(tenant_of(kept[-1].note.checkpoint.origin), kept, state.leaves())


def _level(
    folder: Path, recorded: Note | None, state: State, now_s: Callable[[], float]
) -> Note | None:
    """Return the larger of what record and database know, and bring the other up to it.

    The database is ahead when the witness was stopped between the two; the record is when an older
    database was put back.
    """
    known = _larger(folder, recorded, state.last())
    if known is not None:
        state.keep(known, int(now_s()), None)
        if recorded is None or recorded.checkpoint != known.checkpoint:
            write_record(folder, known.text(), now_s)
    return known


def _larger(folder: Path, recorded: Note | None, last: Note | None) -> Note | None:
    if recorded is None or last is None:
        return recorded or last
    if recorded.checkpoint.size != last.checkpoint.size:
        return max(recorded, last, key=lambda note: note.checkpoint.size)
    if recorded.checkpoint != last.checkpoint:
        raise ForgetfulError(f"{folder} holds two histories: {make_another(folder)}")
    return recorded
