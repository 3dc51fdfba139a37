"""Programs made for a test, as an administrator would write them."""

import asyncio
from pathlib import Path

import psutil


def shell_script(folder: Path, *lines: str, name: str = "check") -> str:
    """Write a script of these lines into a folder and return its path."""
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def is_gone(pid: int) -> bool:
    """Return whether a process has ended; who reaps it when it was orphaned is not our affair."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def family() -> set[int]:
    """Return the processes below this one; a database of other tests may be among them."""
    return {process.pid for process in psutil.Process().children(recursive=True)}


async def all_gone(pids: list[int]) -> None:
    """Wait until processes have ended."""
    while True:
        if all(map(is_gone, pids)):
            return
        await asyncio.sleep(0.005)


async def pids_in(path: Path, count: int) -> list[int]:
    """Return the process ids that a script writes into a file, once there are so many."""
    while True:
        written = path.read_text("ascii").split() if path.exists() else []
        if len(written) == count:
            return [int(pid) for pid in written]
        await asyncio.sleep(0.005)
