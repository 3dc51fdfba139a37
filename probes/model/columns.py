"""Measurements column by column, as batches and entries of imported measurements hold them.

Reading refuses columns of unequal length, starts that go backwards, negative durations, an unknown
letter. What a column means belongs to the format it stands in.
"""

from probes.model.canonical import MalformedError, array, integer, text


def rows(fields: dict[str, object], letters: str) -> tuple[str, list[int], list[int]]:
    """Return outcomes, a letter each, starts (the first, then differences) and durations.

    There is one at least. `MalformedError` names the key at fault.
    """
    outcomes = text(fields, "outcomes")
    if not outcomes or outcomes.strip(letters):
        raise MalformedError(f"outcomes: expected letters of {letters}")
    starts = _integers(fields, "starts", len(outcomes))
    durations = _integers(fields, "durations", len(outcomes))
    if min(durations) < 0:
        raise MalformedError("durations: one is negative")
    if len(starts) > 1 and min(starts[1:]) < 0:
        raise MalformedError("starts: they go backwards")
    return outcomes, starts, durations


def sparse(
    fields: dict[str, object], key: str, *, width: int, count: int
) -> list[tuple[int, list[str]]]:
    """Return what holds from, or for, some rows: `[[index, text, …], …]`; nothing without the key.

    Indices rise and are below `count`, and `width` texts follow each. `MalformedError` names the
    key.
    """
    if key not in fields:
        return []
    entries: list[tuple[int, list[str]]] = []
    previous = -1
    for entry in array(fields, key):
        if not isinstance(entry, list) or len(entry) != width + 1:
            raise MalformedError(f"{key}: expected entries of {width + 1} values")
        index, *values = entry
        if type(index) is not int or not previous < index < count:
            raise MalformedError(f"{key}: the index {index!r} is out of order or out of range")
        if not all(isinstance(value, str) for value in values):
            raise MalformedError(f"{key}: expected strings at index {index}")
        entries.append((index, values))
        previous = index
    return entries


def natural(fields: dict[str, object], key: str, *, least: int = 0) -> int:
    """Return the integer under a key, which has a least value. `MalformedError` names the key."""
    value = integer(fields, key)
    if value < least:
        raise MalformedError(f"{key}: {value} is less than {least}")
    return value


def _integers(fields: dict[str, object], key: str, count: int) -> list[int]:
    values = array(fields, key)
    if len(values) != count:
        raise MalformedError(f"{key}: {len(values)} values for {count} outcomes")
    integers = [value for value in values if type(value) is int]
    if len(integers) != count:
        raise MalformedError(f"{key}: expected integers")
    return integers
