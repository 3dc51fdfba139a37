"""The attack corpus: bundles made by script that must fail, each with its code, or must pass.

The steps and their codes are those of docs/formats.md. What stands in the modules imported here
enters itself into the table.
"""

from tests.collector.evidence import (
    attacks_beside_the_log,
    attacks_on_the_account,
    attacks_on_the_file,
    attacks_on_the_log,
    attacks_on_the_tree,
    sound,
)
from tests.collector.evidence.attacking import CASES, Case

__all__ = [
    "CASES",
    "Case",
    "attacks_beside_the_log",
    "attacks_on_the_account",
    "attacks_on_the_file",
    "attacks_on_the_log",
    "attacks_on_the_tree",
    "sound",
]
