"""Entries of the register: what a person or the collector states, sealed in the log.

An entry says of which tenant it is, what kind, when the collector sealed it, and who is its author;
its body belongs to its kind. Entries are numbered and each holds the hash of the one before, as the
batches of an agent are: none can be left out of what an auditor is given without being missed. The
form is `constat.entry/1`.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple

from probes.model.canonical import MalformedError, decode_object, encode, integer, mapping, text
from probes.model.envelope import ENTRY_TYPE, Envelope
from probes.model.keys import SigningKey

SCHEMA: Final = "constat.entry/1"


class Place(NamedTuple):
    """Where an entry stands among the entries of its register: from 1, and after which."""

    number: int
    previous: str


FIRST: Final = Place(1, "0" * 64)


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One statement; `at_us` is the collector's clock when it was sealed."""

    tenant: str
    kind: str
    at_us: int
    author: str
    body: dict[str, Any]

    def seal(self, key: SigningKey, place: Place) -> Envelope:
        """Return the envelope of the entry at its place, signed by the collector's log key."""
        payload = encode(
            {
                "schema": SCHEMA,
                "tenant": self.tenant,
                "kind": self.kind,
                "number": place.number,
                "previous": place.previous,
                "at_us": self.at_us,
                "author": self.author,
                "body": self.body,
            }
        )
        return Envelope.seal(ENTRY_TYPE, payload, key)

    @classmethod
    def decode(cls, payload: bytes) -> "RegisterEntry":
        """Return the entry of a payload; `MalformedError` names the field at fault."""
        fields = decode_object(payload)
        if text(fields, "schema") != SCHEMA:
            raise MalformedError(f"schema: expected {SCHEMA}")
        return cls(
            tenant=text(fields, "tenant"),
            kind=text(fields, "kind"),
            at_us=integer(fields, "at_us"),
            author=text(fields, "author"),
            body=mapping(fields, "body"),
        )


def place_of(payload: bytes) -> Place:
    """Return where the entry of a payload says it stands; `MalformedError` when it does not."""
    fields = decode_object(payload)
    place = Place(integer(fields, "number"), text(fields, "previous"))
    if place.number < 1 or _DIGEST.fullmatch(place.previous) is None:
        raise MalformedError("number, previous: expected a place in the register")
    return place


def place_after(place: Place, payload: bytes) -> Place:
    """Return the place that follows an entry."""
    return Place(place.number + 1, sha256(payload).hexdigest())


_DIGEST: Final = re.compile("[0-9a-f]{64}")
