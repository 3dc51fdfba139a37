"""An HL7 v2 message as its separators cut it (HL7 v2.5, chapter 2): bytes, whatever their charset.

Only what is asked for is looked at; nothing is translated, and no value leaves but by a field's
name. Refuses what does not begin with a message header.
"""

import re
from typing import Final, NamedTuple

from probes.model.hl7_target import FieldPath


class NoMessageError(ValueError):
    """Some bytes are no HL7 message; the reason never holds any of them."""


class Separators(NamedTuple):
    """What the message says separates its parts, each one byte."""

    field: bytes
    component: bytes
    repetition: bytes


class Message:
    """A message, read as far as its segments."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(b"MSH") or len(data) < _SHORTEST:
            raise NoMessageError("it does not begin with a message header")
        self.separators = Separators(data[3:4], data[4:5], data[5:6])
        if len({*self.separators}) < len(self.separators):
            raise NoMessageError("its separators are the same")
        # A segment ends with a carriage return; line feeds are what careless engines add.
        self._segments = [segment for segment in _SEGMENT_END.split(data) if segment]

    def field(self, path: FieldPath) -> bytes:
        """Return a field of the first segment of its name, or its component; empty if absent."""
        for segment in self._segments:
            fields = segment.split(self.separators.field)
            if fields[0] != path.segment.encode():
                continue
            # In the header the first separator is itself the first field.
            at = path.field - 1 if path.segment == "MSH" else path.field
            value = fields[at] if at < len(fields) else b""
            return self._part(value, path.component)
        return b""

    def has(self, segment: str) -> bool:
        """Return whether a segment of that name is there."""
        name = segment.encode()
        return any(each.split(self.separators.field)[0] == name for each in self._segments)

    def _part(self, value: bytes, component: int | None) -> bytes:
        if component is None:
            return value
        parts = value.split(self.separators.repetition)[0].split(self.separators.component)
        return parts[component - 1] if component <= len(parts) else b""


_SHORTEST: Final = 8  # MSH and five characters of separators
_SEGMENT_END: Final = re.compile(rb"[\r\n]+")
