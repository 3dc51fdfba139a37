"""Runs a program of the product with all that it could ever log.

python -m tests.end_to_end.outspoken agent|collector ARGUMENTS…
"""

import logging
import runpy
import sys
from functools import partial
from unittest.mock import patch


def main(program: str, arguments: list[str]) -> None:
    """Run a program at the level of its debuggers."""

    def outspoken(level: int, **options: object) -> None:
        del level
        configure(level=logging.DEBUG, **options)

    configure = partial(logging.basicConfig)
    sys.argv = [program, *arguments]
    with patch("logging.basicConfig", outspoken):
        runpy.run_module(program, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
