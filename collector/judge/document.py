"""YAML and JSON texts written by people, as plain values: strict, and without surprises.

Keys given twice are refused, dates stay text (YAML would turn a local time into something else
without a word), and a fault is told with its line and column.
"""

import json
from collections.abc import Hashable
from typing import Any

import yaml

from probes.model.canonical import given_twice
from probes.model.complaint import shortened


class DocumentError(ValueError):
    """A text is not YAML or not JSON, or gives a key twice; the message says where."""

    def __init__(self, complaint: str) -> None:
        super().__init__(shortened(complaint))


class _Loader(yaml.SafeLoader):
    """A safe loader that keeps dates as text and refuses duplicate keys.

    What a tag of YAML promises and its text does not hold is a fault like any other.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401
        try:
            return super().construct_object(node, deep)
        except DocumentError:
            raise
        except (ValueError, LookupError, AttributeError, TypeError):
            kind = node.tag.rpartition(":")[2]
            raise DocumentError(f"{_place(node.start_mark)}: is no {kind}") from None

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:  # noqa: ANN401
        value = super().construct_scalar(node)
        if any("\ud800" <= character <= "\udfff" for character in node.value):
            raise DocumentError(f"{_place(node.start_mark)}: holds a lone surrogate")
        return value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value if node.id == "mapping" else ():  # not so under the tag !!map
            if not isinstance(key, yaml.ScalarNode):
                raise DocumentError(f"{_place(key.start_mark)}: a key must be a text")
            if key.value in seen:
                raise DocumentError(f"{_place(key.start_mark)}: {key.value!r} is given twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> object:
    """Return the value of a YAML text; `DocumentError` says line and column."""
    try:
        value: object = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader underneath
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{_place(mark)}: " if mark else ""
        raise DocumentError(f"{place}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise DocumentError(" ".join(str(error).split())) from None
    except RecursionError:
        raise DocumentError("nested too deep") from None
    return value


def read_json(text: str) -> object:
    """Return the value of a JSON text; `DocumentError` says line and column."""
    try:
        value: object = json.loads(text, object_pairs_hook=_object)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise DocumentError(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except UnicodeEncodeError:
        raise DocumentError("a text holds a lone surrogate") from None
    except DocumentError:
        raise
    except ValueError:  # int() refuses literals of thousands of digits
        raise DocumentError("an integer has thousands of digits") from None
    except RecursionError:
        raise DocumentError("nested too deep") from None
    return value


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DocumentError(f"{given_twice(pairs)!r} is given twice in one object")
    return members


def _place(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"
