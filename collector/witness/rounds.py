"""A round of a witness: look at the log, compare it with what was seen, remember, then sign.

What cannot be compared now is asked for again in the next round. What contradicts an earlier
checkpoint ends the work of this witness: both checkpoints are kept, and nothing is cosigned again.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from collector.witness.client import PAGE, LogClient
from collector.witness.errors import UnusableLogError
from collector.witness.folder import Identity
from collector.witness.record import Halt, HaltReason, halt, write_record
from collector.witness.state import State
from probes.model.checkpoint import Checkpoint, CheckpointError, Note, cosign
from probes.model.keys import VerifyingKey
from probes.model.merkle import EMPTY_ROOT, Frontier, MerkleError, leaf_hash, verify_consistency


class Log(NamedTuple):
    """The log that is witnessed: its name, and the key it is signed with."""

    origin: str
    key: VerifyingKey


class Cosigned(NamedTuple):
    """A checkpoint that was cosigned, and handed over."""

    size: int
    at_s: int


class Witness:
    """A witness at work on one log."""

    def __init__(  # noqa: PLR0913 - all it works with
        self,
        folder: Path,
        identity: Identity,
        log: Log,
        client: LogClient,
        *,
        state: State,
        known: Note | None,
        now_s: Callable[[], float],
        mirror: bool,
    ) -> None:
        self._folder = folder
        self._identity = identity
        self._log = log
        self._client = client
        self._state = state
        self._known = known
        self._now_s = now_s
        self._mirror = mirror
        self._asked = False

    def round(self) -> Cosigned | None:
        """Look at the log once; return what was handed over, None if nothing was new.

        Raises `UnusableLogError` when it must be looked at again, `ForkedError` or
        `ForgetfulError` when the work has ended.
        """
        self._ask_what_was_said()
        shown = self._client.checkpoint()
        note = self._signed(shown)
        self._check_memory(shown)
        self._check_continues(note)
        sound = self._mirrored(note.checkpoint) if self._mirror else None
        self._remember(note, sound)
        return self._cosign(note.checkpoint, shown)

    def _ask_what_was_said(self) -> None:
        """Ask once for the newest checkpoint that this witness is said to have cosigned."""
        if not self._asked:
            said = self._client.cosigned_by(self._identity.name)
            if said is not None:
                self._check_memory(said)
            self._asked = True

    def _signed(self, shown: Note) -> Note:
        """Return the note with the signature of the log alone: the rest is anybody's."""
        origin, key = self._log
        if shown.checkpoint.origin != origin:
            raise UnusableLogError(f"nothing is cosigned: this is {shown.checkpoint.origin!r}")
        for signature in shown.signatures:
            alone = Note(shown.checkpoint, (signature,))
            with suppress(CheckpointError):
                alone.verified(origin, key)
                return alone
        raise UnusableLogError(f"nothing is cosigned: the checkpoint is not signed by {origin}")

    def _check_memory(self, shown: Note) -> None:
        """Stop if we cosigned what is shown, and do not know of it."""
        known, cosigned = self._known, shown.checkpoint
        if not self._is_cosigned(shown):
            return
        if known is None or (
            cosigned.size >= known.checkpoint.size and cosigned != known.checkpoint
        ):
            line = f"this witness cosigned {cosigned.size} entries, and does not remember it"
            self._halt(HaltReason.FORGOTTEN, line, shown)

    def _check_continues(self, note: Note) -> None:
        """Stop if the log does not continue the one that was seen."""
        shown, known = note.checkpoint, self._known and self._known.checkpoint
        size, root = (known.size, known.root) if known else (0, EMPTY_ROOT)
        if shown.size < size:
            line = f"the log shows {shown.size} entries after {size}: entries are gone"
            self._halt(HaltReason.ROLLBACK, line, note)
        hashes = self._client.consistency(size, shown.size) if 0 < size < shown.size else []
        try:
            verify_consistency(size, shown.size, root, shown.root, hashes)
        except MerkleError as error:
            if known is None:
                raise UnusableLogError(f"nothing is cosigned: {error}") from None
            self._halt(HaltReason.FORK, str(error), note, *hashes)

    def _mirrored(self, shown: Checkpoint) -> Frontier:
        """Receive the leaves that are missing; return their tree if it is the one that is shown."""
        if self._state.received().size > shown.size:
            self._state.forget_unsound()
        while (tree := self._state.received()).size < shown.size:
            envelopes = self._client.leaves(tree.size, min(PAGE, shown.size - tree.size))
            grown, _ = tree.appended(leaf_hash(envelope) for envelope in envelopes)
            self._state.add_leaves(envelopes, grown)
        if tree.root != shown.root:
            self._state.forget_unsound()
            raise UnusableLogError(
                f"nothing is cosigned: the {shown.size} entries received are not those signed"
            )
        return tree

    def _remember(self, note: Note, sound: Frontier | None) -> None:
        """Put what is about to be cosigned on the disk, in both places."""
        new = self._known is None or self._known.checkpoint != note.checkpoint
        if new or sound not in (None, self._state.sound()):
            self._state.keep(note, int(self._now_s()), sound)
        if new:
            write_record(self._folder, note.text(), self._now_s)
            self._known = note

    def _cosign(self, checkpoint: Checkpoint, shown: Note) -> Cosigned | None:
        """Hand over the cosignature of a checkpoint, made now if it never was."""
        name, key = self._identity.name, self._identity.key
        line = self._state.line_of(checkpoint.size)
        if line is None:
            line = cosign(checkpoint, name, key, int(self._now_s()))
            self._state.keep_line(checkpoint.size, line)
        elif shown.with_lines([line]) == shown:
            return None
        self._client.post_cosignature(checkpoint.size, line)
        alone = Note(checkpoint, ()).with_lines([line])
        return Cosigned(checkpoint.size, alone.cosigned_at(name, key.verifying_key) or 0)

    def _is_cosigned(self, shown: Note) -> bool:
        """Return whether a line in our name is really ours: anybody can write lines."""
        key = self._identity.key.verifying_key
        for signature in shown.signatures:
            with suppress(CheckpointError):
                alone = Note(shown.checkpoint, (signature,))
                if alone.cosigned_at(self._identity.name, key) is not None:
                    return True
        return False

    def _halt(self, reason: HaltReason, line: str, shown: Note, *hashes: bytes) -> NoReturn:
        known = self._known.text() if self._known else ""
        halt(self._folder, Halt(reason, line, known, shown.text(), hashes), self._now_s)


def watch(
    witness: Witness,
    every_s: float,
    tell: Callable[[Cosigned], None],
    warn: Callable[[str], None],
    wait: Callable[[float], None] = time.sleep,
) -> NoReturn:
    """Do round after round; what keeps one from being done is warned of once, until it changes."""
    warned = ""
    while True:
        try:
            cosigned = witness.round()
        except UnusableLogError as fault:
            if str(fault) != warned:
                warn(str(fault))
            warned = str(fault)
        else:
            warned = ""
            if cosigned is not None:
                tell(cosigned)
        wait(every_s)
