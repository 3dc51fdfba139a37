"""YAML as configuration wants it: plain values, and no key given twice.

PyYAML's safe loader keeps the last of two equal keys without a word; a check that was written twice
would silently run with half of what its author meant.
"""

from typing import Any, Final

import yaml

# The C loader reads a thousand checks in a tenth of the time; wheels of PyYAML have it.
_SAFE: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """A text is not YAML, or says something twice; the message names the line."""


def load(text: str) -> object:
    """Return the value of a YAML document; an empty one is None."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - it is a safe loader, made stricter
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise YamlError(f"{place}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise YamlError(" ".join(str(error).split())) from None
    except ValueError as error:  # a scalar that looks like a date and is none
        raise YamlError(f"{error}; put a text that looks like a date in quotes") from None


class _Loader(_SAFE):  # type: ignore[misc]
    """The safe loader, refusing a key that a mapping already holds."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node."""
        lines: dict[object, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if isinstance(key, str | int | bool) and lines.setdefault(key, line) != line:
                raise yaml.MarkedYAMLError(
                    problem=f"{key} is given twice, the first time on line {lines[key]}",
                    problem_mark=key_node.start_mark,
                )
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping
