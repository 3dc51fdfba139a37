"""What the witnesses of a log cosigned of it, and whether that has a window whole."""

from collections.abc import Iterable, Mapping

from collector.evidence.bundle import CHECKPOINTS, BundleError, sized
from collector.evidence.faults import unsound
from collector.evidence.verification import Code
from probes.model.checkpoint import Note, read_verifier_key


def cosigned_sizes(notes: Mapping[int, Note], witnesses: Iterable[str]) -> dict[str, list[int]]:
    """Return the sizes each witness cosigned, smallest first, by the witness's name.

    `witnesses` are verifier keys. Raises `BundleError` for a cosignature that does not hold.
    """
    sizes: dict[str, list[int]] = {}
    for text in witnesses:
        name, key, _is_witness = read_verifier_key(text)
        found = sizes.setdefault(name, [])
        for size in sorted(notes):
            with unsound(Code.WITNESS, sized(CHECKPOINTS, size, ".txt")):
                if notes[size].cosigned_at(name, key) is not None:
                    found.append(size)
    return sizes


def require_cosigned(sizes: Mapping[str, list[int]], places: Iterable[int]) -> None:
    """Refuse a witness that cosigned no checkpoint with all these places of the log in it.

    A log can be told anew after the last checkpoint that a witness cosigned, not before.
    """
    last = max(places)
    for name in sorted(sizes):
        if max(sizes[name], default=0) <= last:
            raise BundleError(
                Code.WITNESS,
                f"{name} cosigned no checkpoint that has entry {last}, the last step of the window",
            )
