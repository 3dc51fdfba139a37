"""Runs the benches in turn and prints what they reached: `python -m tests.bench [NAME…]`.

How fast this machine is fails nothing; a bench that could not be run does.
"""

import sys
from collections.abc import Sequence

from tests.bench.figure import Figure, table
from tests.bench.suite import alone, benches
from tests.debian import MissingError


def main(names: Sequence[str]) -> int:
    """Run the benches of these names, or all of them."""
    known = benches()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no bench {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    reached: list[tuple[str, Figure]] = []
    missing = []
    for name in names or known:
        print(f"== {name}", flush=True)
        try:
            reached += [(name, figure) for figure in alone(name)]
        except MissingError as error:
            missing.append(f"NOT RUN: {name}: {error}")
    print("", table(reached), sep="\n")
    for line in missing:
        print(line, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
