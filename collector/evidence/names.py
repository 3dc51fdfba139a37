"""Names that can be erased: a leaf of the log holds a commitment, never the name.

A commitment is the SHA-256 of a random salt and of the name and address. Who is given both can
check it against the leaf; once they are erased, nobody can guess them from it, and the leaf, its
place and its signature stay as valid as before.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from probes.model.canonical import encode

SALT_BYTES: Final = 32

_DOMAIN: Final = b"constat.person/1\x00"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named; `email` and `company` are empty when they were not said."""

    name: str
    email: str = ""
    company: str = ""


def commitment(person: Person, salt: bytes) -> str:
    """Return the 64 hexadecimal digits that stand for a person; `ValueError` for a short salt."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    said = {"name": person.name, "email": person.email, "company": person.company}
    return sha256(_DOMAIN + salt + encode(said)).hexdigest()
