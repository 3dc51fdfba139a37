"""Whatever a step of verification raises, as a fault of that step, in words of a person.

What an attacker wrote reaches code that expects what a collector wrote: it may raise anything.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from collector.errors import ConstatError
from collector.evidence.bundle import BundleError
from collector.evidence.errors import VerificationError
from collector.evidence.verification import Code


@contextmanager
def unsound(code: Code, place: str = "") -> Iterator[None]:
    """Make whatever is raised a fault of the step; of what is malformed, say in which place."""
    try:
        yield
    except VerificationError as fault:
        raise BundleError(code, str(fault)) from None
    except Exception as fault:  # noqa: BLE001 - an attacker chooses what is raised
        said = _in_words(fault)
        raise BundleError(code, f"{place}: {said}" if place else said) from None


def _in_words(fault: Exception) -> str:
    """Return what is malformed. A reader that expects another type knows no better than that."""
    match fault:
        case KeyError():
            return f"{fault.args[0]}: is missing, or not known"
        case ValueError() | ConstatError():
            return str(fault)
        case _:
            return f"not of the form that docs/formats.md says ({fault})"
