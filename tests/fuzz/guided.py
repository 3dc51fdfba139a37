"""One fuzzer, guided by what its inputs reach: `python -m tests.fuzz.guided TARGET [libFuzzer…]`.

Half of the alterations are the target's, half libFuzzer's own. It ends the process at the first
exception that is no refusal, and leaves the input that was found in a file.
"""

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["agent", "collector", "probes"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz the target that the command line names; libFuzzer reads the options after it."""
    target = TARGETS[sys.argv[1]]

    def altered(data: bytes, longest: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.5:
            return bytes(atheris.Mutate(data, longest))
        return target.alter(random, data)[:longest]

    def run(data: bytes) -> None:
        target.run(data)

    atheris.Setup([sys.argv[0], *sys.argv[2:]], run, custom_mutator=altered)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
