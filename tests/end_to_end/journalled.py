"""An agent like any other, that also writes down elsewhere what its spool has promised.

    python -m tests.end_to_end.journalled CONFIG JOURNAL

Each line of the journal is a sample that was acknowledged: its number, its check and its start. A
line is written in one piece and survives the death of the process, not of the machine.
"""

import asyncio
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from agent.config import read_config
from agent.sample import Sample
from agent.service import Service
from agent.supervise import run_agent


class JournalledService(Service):
    """A service that keeps a journal."""

    journal: int

    def _keep(self, sample: Sample) -> None:
        super()._keep(sample)
        if self._stored is not None:
            self._stored.add_done_callback(partial(self._note, sample))

    def _note(self, sample: Sample, stored: "asyncio.Future[Any]") -> None:
        if not stored.cancelled() and stored.exception() is None and stored.result() is not None:
            line = f"{stored.result()} {sample.check} {sample.start_us}\n"
            os.write(self.journal, line.encode())


def main(config: str, journal: str) -> None:
    """Run the agent of a configuration."""
    JournalledService.journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with patch("agent.supervise.Service", JournalledService):
        asyncio.run(run_agent(read_config(Path(config)), "0.1.0"))


if __name__ == "__main__":
    main(*sys.argv[1:])
