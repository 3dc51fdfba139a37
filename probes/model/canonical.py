"""The one byte form of everything that is hashed or signed, and the one strict reader of it.

The form is the subset of the JSON Canonicalization Scheme (RFC 8785) without floats and null:
objects with ASCII keys, arrays, strings, integers within ±(2**53 - 1), true and false. Inside that
subset `json.dumps` with sorted keys and no spaces *is* the canonical form; a property test holds it
against an independent implementation.

The reader is used for every JSON text that comes from elsewhere. It refuses duplicate keys, floats,
NaN and Infinity, null, nesting deeper than 8, integers out of range, invalid UTF-8 and lone
surrogates, so that two readers can never understand one text in two ways.
"""

import json
from collections.abc import Iterable
from typing import Final, NoReturn, TypeAlias, cast, overload

from probes.model.complaint import shortened

JsonValue: TypeAlias = "bool | int | str | list[JsonValue] | dict[str, JsonValue]"

MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 8


class MalformedError(ValueError):
    """A text, or a field of it, is not what its format requires."""

    def __init__(self, complaint: str) -> None:
        super().__init__(shortened(complaint))


def encode(value: object) -> bytes:
    """Return the canonical bytes of a value (RFC 8785, integer subset), UTF-8.

    Raises `MalformedError` for anything outside the subset: floats, None, other types, keys that
    are not ASCII strings, integers beyond ±(2**53 - 1), nesting deeper than 8, lone surrogates.
    """
    _check(value, depth=0)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def decode(data: bytes) -> JsonValue:
    """Return the value of a JSON text of the subset, canonical or not.

    Raises `MalformedError` for whatever the subset does not allow.
    """
    try:
        value: JsonValue = _DECODER.decode(data.decode())
    except UnicodeDecodeError as error:
        raise MalformedError(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise MalformedError(f"not JSON at character {error.pos + 1}: {error.msg}") from None
    except MalformedError:
        raise
    except ValueError:  # int() refuses literals of thousands of digits
        raise MalformedError("an integer is beyond ±(2**53 - 1)") from None
    except RecursionError:
        raise MalformedError(f"nested deeper than {MAX_DEPTH}") from None
    _check(value, depth=0)
    return value


def decode_object(data: bytes) -> dict[str, object]:
    """Return the object of a JSON text; `MalformedError` when it holds anything else."""
    value = decode(data)
    if not isinstance(value, dict):
        raise MalformedError(f"expected an object, got {_name(value)}")
    return {**value}


_MISSING: Final = object()


@overload
def integer(fields: dict[str, object], key: str) -> int: ...
@overload
def integer(fields: dict[str, object], key: str, *, default: int) -> int: ...
def integer(fields: dict[str, object], key: str, *, default: object = _MISSING) -> int:
    """Return the integer under a key; a bool is not one. `MalformedError` names the key."""
    value = fields.get(key, default)
    if value is _MISSING:
        raise MalformedError(f"{key}: is missing")
    if type(value) is not int:
        raise MalformedError(f"{key}: expected an integer, got {_name(value)}")
    return value


def text(fields: dict[str, object], key: str) -> str:
    """Return the string under a key. `MalformedError` names the key."""
    value = fields.get(key, _MISSING)
    if value is _MISSING:
        raise MalformedError(f"{key}: is missing")
    if not isinstance(value, str):
        raise MalformedError(f"{key}: expected a string, got {_name(value)}")
    return value


def array(fields: dict[str, object], key: str) -> list[object]:
    """Return the array under a key. `MalformedError` names the key."""
    value = fields.get(key, _MISSING)
    if value is _MISSING:
        raise MalformedError(f"{key}: is missing")
    if not isinstance(value, list):
        raise MalformedError(f"{key}: expected an array, got {_name(value)}")
    return value


def mapping(fields: dict[str, object], key: str) -> dict[str, object]:
    """Return the object under a key. `MalformedError` names the key."""
    value = fields.get(key, _MISSING)
    if value is _MISSING:
        raise MalformedError(f"{key}: is missing")
    if not isinstance(value, dict):
        raise MalformedError(f"{key}: expected an object, got {_name(value)}")
    return value


def _check(value: object, depth: int) -> None:
    if type(value) is str:
        _check_text(value)
    elif type(value) is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise MalformedError("an integer is beyond ±(2**53 - 1)")
    elif type(value) is bool:
        return
    elif not isinstance(value, list | dict):
        raise MalformedError(f"{_name(value)} has no canonical form")
    elif depth == MAX_DEPTH:
        raise MalformedError(f"nested deeper than {MAX_DEPTH}")
    elif isinstance(value, list):
        _check_list(value, depth + 1)
    else:
        for key, member in value.items():
            if type(key) is not str or not key.isascii():
                raise MalformedError(f"the key {key!r} is not an ASCII string")
            _check(member, depth + 1)


def _check_text(value: str) -> None:
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError:
        raise MalformedError("a string holds a lone surrogate") from None


def _check_list(values: list[object], depth: int) -> None:
    # Columns of a batch are long lists of plain integers: passes in C settle them.
    if set(map(type, values)) == {int}:
        numbers = cast("list[int]", values)
        if max(numbers) > MAX_INTEGER or min(numbers) < -MAX_INTEGER:
            raise MalformedError("an integer is beyond ±(2**53 - 1)")
        return
    for value in values:
        _check(value, depth)


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError(f"the key {given_twice(pairs)!r} appears twice")
    return members


def given_twice(pairs: Iterable[tuple[str, object]]) -> str:
    """Return the first key that repeats an earlier one; `ValueError` when none does."""
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key
        seen.add(key)
    raise ValueError("no key is given twice")


def _no_float(literal: str) -> NoReturn:
    raise MalformedError(f"{literal} is not an integer")


def _name(value: object) -> str:
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "an integer", str: "a string", list: "an array"}
    return names.get(type(value), "an object" if isinstance(value, dict) else repr(type(value)))


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_no_float,
    parse_constant=_no_float,
)
