"""YAML as configuration wants it: plain values, and no key given twice.

PyYAML's safe loader keeps the last of two equal keys without a word; a check that was written twice
would silently run with half of what its author meant. It also builds a tree of nodes several times
the size of what it stands for, which a running agent would hold for good: here values are made of
the parser's events as they come.
"""

from typing import Any, Final, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

Value: TypeAlias = Any

_SAFE: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE_TAG: Final = "tag:yaml.org,2002:merge"


class YamlError(ValueError):
    """A text is not YAML, or says something twice; the message names the line."""


def load(text: str) -> Value:
    """Return the value of a YAML document; an empty one is None."""
    try:
        return _Reader(text).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise YamlError(f"{place}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise YamlError(" ".join(str(error).split())) from None
    except RecursionError:
        raise YamlError("it is nested too deeply") from None
    except ValueError as error:  # a scalar that looks like a date and is none
        raise YamlError(f"{error}; put a text that looks like a date in quotes") from None


class _Reader(_SAFE):  # type: ignore[misc]
    """Makes the values of a document; scalars are resolved as by the safe loader."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._anchored: dict[str, Value] = {}

    def document(self) -> Value:
        """Return the value of the only document."""
        self.get_event()  # the start of the stream
        if isinstance(self.get_event(), StreamEndEvent):
            return None
        value = self._value(self.get_event())
        self.get_event()  # the end of the document
        following = self.get_event()
        if not isinstance(following, StreamEndEvent):
            raise _fault("a second document begins here", following)
        return value

    def _value(self, event: Event) -> Value:
        if isinstance(event, AliasEvent):
            if event.anchor not in self._anchored:
                raise _fault(f"*{event.anchor} is not known here", event)
            return self._anchored[event.anchor]
        if isinstance(event, ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, SequenceStartEvent):
            value = self._sequence()
        else:
            value = self._mapping()
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self._anchored[event.anchor] = value
        return value

    def _scalar(self, event: ScalarEvent) -> Value:
        mark = _mark(event)
        node = yaml.ScalarNode(self._tag(event), event.value, mark, mark)
        constructors = self.yaml_constructors
        return constructors.get(node.tag, constructors[None])(self, node)

    def _tag(self, event: ScalarEvent) -> str:
        if event.tag is not None and event.tag != "!":
            return str(event.tag)
        return str(self.resolve(yaml.ScalarNode, event.value, event.implicit))

    def _sequence(self) -> list[Value]:
        values = []
        while not isinstance(event := self.get_event(), SequenceEndEvent):
            values.append(self._value(event))
        return values

    def _mapping(self) -> dict[Value, Value]:
        mapping: dict[Value, Value] = {}
        lines: dict[Value, int] = {}
        merged: list[dict[Value, Value]] = []
        while not isinstance(event := self.get_event(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise _fault("a key must be a plain value", event)
            if self._tag(event) == _MERGE_TAG:
                merged += self._merged(self.get_event())
                continue
            key, line = self._scalar(event), _mark(event).line + 1
            if lines.setdefault(key, line) != line:
                raise _fault(f"{key} is given twice, the first time on line {lines[key]}", event)
            mapping[key] = self._value(self.get_event())
        for other in merged:
            mapping = other | mapping
        return mapping

    def _merged(self, event: Event) -> list[dict[Value, Value]]:
        value = self._value(event)
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(each, dict) for each in values):
            raise _fault("<< takes keys and values", event)
        return list(values)


def _fault(problem: str, event: Event) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=_mark(event))


def _mark(event: Event) -> Any:  # noqa: ANN401 - the C parser has a class of its own
    return event.start_mark
