"""A log that is shown on loopback, and a hospital's witness in a folder of its own."""

import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from collector.witness.client import LogClient
from collector.witness.opening import log_of, make_witness, open_witness
from collector.witness.rounds import Cosigned, Witness
from tests.servers.witnessed import HOSPITAL, TOKEN, WitnessedLog, shown

NAME = "temoin.ch-exemple.example"


class Hospital:
    """Whoever runs a witness; each look is a run of its own, as after a restart."""

    def __init__(self, folder: Path, log: WitnessedLog) -> None:
        self.folder = folder
        self.log = log
        self.identity = make_witness(folder, NAME, time.time)

    def look(self, *, mirror: bool = False, times: int = 1) -> Cosigned | None:
        """Run the witness for some rounds; return what came of the last."""
        with self.witness(mirror=mirror) as witness:
            *_, last = [witness.round() for _ in range(times)]
        return last

    def witness(self, *, mirror: bool = False) -> AbstractContextManager[Witness]:
        """Return the witness, at work for a block."""
        client = LogClient(self.log.url, HOSPITAL, TOKEN)
        log = log_of(HOSPITAL, self.log.verifier_key)
        return open_witness(self.folder, log, client, time.time, mirror=mirror)

    def cosigned_at(self, size: int) -> int | None:
        """When the log shows to have been cosigned at a size."""
        return self.log.note(size).cosigned_at(NAME, self.identity.key.verifying_key)

    def age_record(self, by_s: int) -> None:
        """Make the record state an earlier time than its file does, as in a folder put back."""
        path = self.folder / "latest.json"
        fields = json.loads(path.read_text())
        path.write_text(json.dumps({**fields, "at_s": fields["at_s"] - by_s}))


@pytest.fixture
def log() -> Iterator[WitnessedLog]:
    """A log of five entries, shown on loopback."""
    with shown(WitnessedLog().grow(5)) as log:
        yield log


@pytest.fixture
def hospital(tmp_path: Path, log: WitnessedLog) -> Hospital:
    """A hospital whose witness saw nothing yet."""
    return Hospital(tmp_path / "witness", log)
