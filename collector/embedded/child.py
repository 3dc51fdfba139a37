"""Becomes an unprivileged program that stops when its launcher dies, even by kill -9.

Run by itself (`python -I -S child.py UID GID LAUNCHER PROGRAM ARGUMENT…`), with no import of ours:
it starts as the launcher, root perhaps, reads nothing after it has given up its privileges, and
then is the program, under the same process id. A `preexec_fn` could do the same, but it runs Python
between fork and exec, where a thread of the launcher may hold any lock.
"""

import ctypes
import os
import signal
import sys
from typing import Final

# <linux/prctl.h>
PR_SET_PDEATHSIG: Final = 1
PR_SET_NO_NEW_PRIVS: Final = 38
# What an init or a shell would answer for "cannot execute".
CANNOT_EXECUTE: Final = 126


def main(uid: int, gid: int, launcher: int, command: list[str]) -> None:
    """Give up what the program must not have, then become it."""
    os.umask(0o077)
    # Python ignores these two, and what is ignored stays ignored through exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # After setuid, which clears it. SIGINT is PostgreSQL's fast shutdown.
    libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
    if os.getppid() == launcher:  # else it died before we could ask to be told
        os.execv(command[0], command)  # noqa: S606 - our own binary, and no shell is the point


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    except OSError as error:
        sys.stderr.write(f"constat: cannot run {sys.argv[4]} as user {sys.argv[1]}: {error}\n")
        sys.exit(CANNOT_EXECUTE)
