"""Blocks of commands in a document, run anew: `python -m tests.docs.console` rewrites them.

A block is fenced as `console`. Each line that begins with `$ ` is a command, what follows is what
it prints, on both outputs, trailing blanks aside.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
KINDS = ROOT / "docs/kinds"
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_WIDTH = "80"


def commands_in(document: str) -> list[str]:
    """Return the commands of a document, in order."""
    return re.findall(r"^\$ (.+)$", "".join(_BLOCK.findall(document)), re.MULTILINE)


def refreshed(document: str, run: Callable[[str], str]) -> str:
    """Return the document with the output of every command as `run` gives it."""

    def block(match: re.Match[str]) -> str:
        shown = "".join(f"$ {command}\n{run(command)}" for command in commands_in(match[0]))
        return f"```console\n{shown}```"

    return _BLOCK.sub(block, document)


def output_of(command: str) -> str:
    """Run a command of this checkout and return what it prints."""
    program, *arguments = shlex.split(command)
    done = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": _WIDTH, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


if __name__ == "__main__":
    for path in (README, *sorted(KINDS.glob("*.md"))):
        path.write_text(refreshed(path.read_text("utf-8"), output_of), "utf-8")
