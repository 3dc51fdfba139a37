"""Entries of the register: what a person or the collector states, sealed in the log.

An entry says of which tenant it is, what kind, when the collector sealed it, and who is its author;
its body belongs to its kind. The form is `constat.entry/1`.
"""

from dataclasses import dataclass
from typing import Any, Final

from probes.model.canonical import MalformedError, decode_object, encode, integer, mapping, text
from probes.model.envelope import ENTRY_TYPE, Envelope
from probes.model.keys import SigningKey

SCHEMA: Final = "constat.entry/1"


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One statement; `at_us` is the collector's clock when it was sealed."""

    tenant: str
    kind: str
    at_us: int
    author: str
    body: dict[str, Any]

    def seal(self, key: SigningKey) -> Envelope:
        """Return the envelope of the entry, signed by the collector's log key."""
        payload = encode(
            {
                "schema": SCHEMA,
                "tenant": self.tenant,
                "kind": self.kind,
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
