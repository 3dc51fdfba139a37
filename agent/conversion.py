"""From plain values to dataclasses, with faults in the words of whoever wrote the file.

msgspec does the converting; here unknown keys are refused with what was probably meant, and its
messages become `checks.dpi-login.port: expected a whole number, got text`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, TypeGuard, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

_Value = TypeVar("_Value")


class FaultsError(ValueError):
    """One or more faults of a configuration, each beginning with the path of its key."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def convert(
    value: object, wanted: type[_Value], path: str = "", beside: Sequence[str] = ()
) -> _Value:
    """Return a value as a dataclass; `FaultsError` names every unknown key, or the first fault.

    `beside` are keys that belong at the same place but to another dataclass.
    """
    unknown = list(_unknown_keys(value, wanted, path, beside))
    if unknown:
        raise FaultsError(unknown)
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        raise FaultsError([_explained(str(error), wanted, path)]) from None


def joined(path: str, key: str) -> str:
    """Return the path of a key under a path."""
    return f"{path}.{key}" if path and not key.startswith("[") else path + key


def suggestion(key: str, known: Sequence[str]) -> str:
    """Return what was probably meant by an unknown key, as the end of a sentence."""
    from difflib import get_close_matches  # noqa: PLC0415 - only needed once something is wrong

    close = get_close_matches(key, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known here: {', '.join(known)}"


def _unknown_keys(
    value: object, wanted: object, path: str, beside: Sequence[str] = ()
) -> Iterator[str]:
    """Yield a fault for each key that no field of the dataclasses inside a type has."""
    for option in _options(wanted):
        if _is_dataclass(option) and isinstance(value, Mapping):
            hints = _hints(option)
            known = [field.name for field in fields(option)]
            for key, member in value.items():
                place = joined(path, str(key))
                if key not in known:
                    yield f"{place}: is not known{suggestion(str(key), [*known, *beside])}"
                else:
                    yield from _unknown_keys(member, hints[key], place)
        elif get_origin(option) in (list, tuple) and isinstance(value, list):
            for index, member in enumerate(value):
                yield from _unknown_keys(member, get_args(option)[0], f"{path}[{index}]")
        elif get_origin(option) in (dict, Mapping) and isinstance(value, Mapping):
            for key, member in value.items():
                yield from _unknown_keys(member, get_args(option)[1], joined(path, str(key)))


def _options(wanted: object) -> tuple[Any, ...]:
    if get_origin(wanted) in (Union, UnionType):
        return tuple(option for option in get_args(wanted) if option is not NoneType)
    return (wanted,)


def _is_dataclass(option: object) -> TypeGuard[type[Any]]:
    return isinstance(option, type) and is_dataclass(option)


def _hints(dataclass: type[Any]) -> dict[str, Any]:
    # Working them out takes longer than all else; there are a dozen types and a thousand checks.
    if dataclass not in _KNOWN_HINTS:
        _KNOWN_HINTS[dataclass] = get_type_hints(dataclass)
    return _KNOWN_HINTS[dataclass]


_KNOWN_HINTS: Final[dict[type[Any], dict[str, Any]]] = {}


_WORDS: Final = {
    "int": "a whole number",
    "float": "a number with a fraction",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "keys and values",
    "null": "nothing",
}
_PLACED: Final = re.compile(r"(.*?)(?: - at (?:`key` in )?`\$(.*)`)?", re.DOTALL)
_TYPES: Final = re.compile(r"Expected `(.+)`, got `(.+)`")
_MISSING: Final = re.compile(r"Object missing required field `(.+)`")
_NO_MEMBER: Final = re.compile(r"Invalid enum value (.+)")
_OWN_FIELD: Final = re.compile(r"([a-z_0-9]+): (.+)", re.DOTALL)


def _explained(message: str, wanted: type, path: str) -> str:
    placed = _PLACED.fullmatch(message)
    text, place = (placed[1], placed[2] or "") if placed else (message, "")
    place = place.replace("[...]", "").lstrip(".")
    here = joined(path, place) if place else path
    if missing := _MISSING.fullmatch(text):
        return f"{joined(here, missing[1])}: is missing"
    if types := _TYPES.fullmatch(text):
        expected = " or ".join(_word(name) for name in types[1].split(" | ") if name != "null")
        return f"{here}: expected {expected}, got {_word(types[2])}"
    if member := _NO_MEMBER.fullmatch(text):
        return f"{here}: {member[1]} is not one of {', '.join(_members(wanted, place))}"
    # A dataclass names its own field first; its place may end with that very field.
    if (own := _OWN_FIELD.fullmatch(text)) and here.rpartition(".")[2] != own[1]:
        return f"{joined(here, own[1])}: {own[2]}"
    return f"{here}: {own[2]}" if own else f"{here}: {text}"


def _word(name: str) -> str:
    return _WORDS.get(name, name)


def _members(wanted: object, place: str) -> list[str]:
    """Return the values of the enum at a place inside a type."""
    for part in filter(None, re.split(r"[.\[]", place)):
        for option in _options(wanted):
            if _is_dataclass(option):
                wanted = _hints(option).get(part, object)
            elif get_origin(option) is not None:
                wanted = get_args(option)[0]
    return [
        str(member)
        for option in _options(wanted)
        if isinstance(option, type) and issubclass(option, StrEnum)
        for member in option
    ]
