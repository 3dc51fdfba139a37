"""What applying a catalogue would change: item by item, key by key, old beside new."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from collector.record.catalogue import ItemKey, Value


class Edit(NamedTuple):
    """One key of an item, by its full path; None stands for no value."""

    path: str
    old: str | None
    new: str | None


class Change(NamedTuple):
    """An item that is new or differs, and the value it shall have."""

    key: ItemKey
    is_new: bool
    edits: tuple[Edit, ...]
    value: Value


def changes(current: Mapping[ItemKey, Value], wanted: Mapping[ItemKey, Value]) -> list[Change]:
    """Return the changes from the current items to those wanted, in the order wanted."""
    return [
        Change(key, key not in current, tuple(edits(current.get(key, {}), value)), value)
        for key, value in wanted.items()
        if current.get(key) != value
    ]


def edits(old: Value, new: Value) -> Iterator[Edit]:
    """Yield the keys whose values differ, in the order of their paths."""
    before, after = dict(leaves(old)), dict(leaves(new))
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield Edit(path, before.get(path), after.get(path))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a tree of builtins
    """Yield the keys of a value by their full paths, each with what it says."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value)) or "none"
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value) or "empty"
