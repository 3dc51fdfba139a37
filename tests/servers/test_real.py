"""Real servers are waited for, ended with all they started, and heard when they do not start."""

import os
import sys

import pytest

from tests.servers.real import folder_of, free_port, listens, running

_LISTEN = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])));"


def test_a_server_is_there_until_it_is_no_longer_needed() -> None:
    port = free_port()
    with running(sys.executable, "-c", f"{_LISTEN} s.accept(); s.accept()", str(port), port=port):
        assert listens("127.0.0.1", port)

    assert not listens("127.0.0.1", port)


def test_what_a_server_started_ends_with_it() -> None:
    port = free_port()
    fork = f"import os; {_LISTEN} os.fork(); s.accept(); s.accept()"
    with running(sys.executable, "-c", fork, str(port), port=port):
        pass

    assert not listens("127.0.0.1", port)


def test_a_server_that_does_not_start_is_heard() -> None:
    with (
        pytest.raises(RuntimeError, match="it printed:\nno licence"),
        running(sys.executable, "-c", "print('no licence')", port=free_port()),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a server as another")
def test_a_server_runs_as_another_in_a_folder_of_its_own() -> None:
    port = free_port()
    touch = f"import os; open('mine', 'w').close(); {_LISTEN} s.accept(); s.accept()"
    with folder_of("nobody") as folder:
        chdir = f"import os; os.chdir({str(folder)!r}); {touch}"
        with running("/usr/bin/python3", "-c", chdir, str(port), port=port, user="nobody"):
            assert (folder / "mine").stat().st_uid == folder.stat().st_uid != 0
