"""Altering inputs: bytes, lines, JSON trees, archives, so that what is altered gets past parsing.

Each function takes its randomness as an argument: the same seed alters in the same way.
"""

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any, Final

from tests.collector.evidence.forged_zip import Ending, Part, forge, part

STRANGE: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 2, 255, 2**31, 2**53 - 1, 2**53, -(2**53), 2**63, 10**400),
    *(1.5, 1e300, float("nan"), float("inf"), -0.0, "", " ", "0", "a", "é", "\u2028", "\x00"),
    *("\ud800", "a" * 300, "=", "QQ==", "..", "/", "[]", "A" * 44, "0" * 64, "f" * 32),
    *([], {}, [[]], [None], [0], ["a"], {"a": 0}, {"": ""}, {"é": 1}, [[[[[[[[[[0]]]]]]]]]]),
)
TOKENS: Final = (
    *(b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\n", b"\r\n"),
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b'"a":', b"NaN", b"-Infinity", b"1e9"),
    *(b"null", b"true", b"-0", b"0" * 20, b"1" * 5000, b"[" * 2000, b"\\ud800", b"\\u0000"),
    *(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"\xff\xff\xff\xff", b"=", b"=="),
    *("— ".encode(), b"+", b" ", b"\t", b"99999999999999999999"),
)


def alter_bytes(random: Random, data: bytes) -> bytes:
    """Return the bytes with one to four of them, or ranges of them, altered."""
    altered = bytearray(data)
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(altered))
        to = min(len(altered), at + random.choice((1, 1, 2, 4, 8, 40)))
        match random.randrange(7):
            case 0 if at < len(altered):
                altered[at] ^= 1 << random.randrange(8)
            case 1 if at < len(altered):
                altered[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
            case 2:
                del altered[at:to]
            case 3:
                altered[at:at] = altered[at:to]
            case 4:
                altered[at:at] = random.choice(TOKENS)
            case 5:
                altered[at:to] = random.choice(TOKENS)
            case _:
                other = random.randint(0, len(altered))
                altered[at:to], altered[other:other] = b"", altered[at:to]
    return bytes(altered)


def alter_lines(random: Random, data: bytes) -> bytes:
    """Return the text with a line left out, given twice, moved, or altered."""
    lines = data.splitlines(keepends=True)
    if not lines or random.random() < 0.3:
        return alter_bytes(random, data)
    at, other = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(other, lines[at])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case _:
            lines[at] = alter_bytes(random, lines[at])
    return b"".join(lines)


def alter_json(random: Random, data: bytes) -> bytes:
    """Return the text with one to three of its values altered, or of its bytes."""
    try:
        tree = [json.loads(data)]
    except (ValueError, RecursionError):
        return alter_bytes(random, data)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        _alter_tree(random, tree)
    spaces = random.choice(((",", ":"), (",", ":"), (", ", ": ")))
    text = json.dumps(
        tree[0] if tree else None, separators=spaces, ensure_ascii=random.random() < 0.3
    )
    altered = text.encode("utf-8", "surrogatepass")
    if random.random() < 0.1:
        altered = _with_a_key_twice(random, altered)
    return alter_bytes(random, altered) if random.random() < 0.1 else altered


def alter_json_lines(random: Random, data: bytes) -> bytes:
    """Return the lines of JSON with one of them altered, or with the lines altered."""
    lines = data.splitlines(keepends=True)
    if not lines or random.random() < 0.2:
        return alter_lines(random, data)
    at = random.randrange(len(lines))
    lines[at] = alter_json(random, lines[at]) + b"\n"
    return b"".join(lines)


def alter_archive(random: Random, data: bytes) -> bytes:
    """Return the archive with bytes altered, or another whose records lie."""
    if random.random() < 0.4:
        return alter_bytes(random, data)
    parts = [_part(random) for _ in range(random.choice((0, 1, 1, 2, 2, 3)))]
    parts.sort(key=lambda each: each.entry.name)
    gap = random.choice((b"", b"", b"", b"", b"\x00"))
    comment = random.choice((b"", b"", b"", b"", b"c", data))
    lies = {}
    if random.random() < 0.3:
        lies[random.choice(_END_FIELDS)] = random.choice(_NUMBERS)
    lies = {
        field: value % 2 ** (32 if field in {"size", "offset"} else 16)
        for field, value in lies.items()
    }
    return forge(*parts, gap=gap, comment=comment, lies=lies)


_NUMBERS: Final = (0, 1, 2, 3, 22, 30, 46, 52, 65_534, 65_535, 2**16, 2**31, 2**32 - 2, 2**32 - 1)
_END_FIELDS: Final = (
    "disk",
    "directory_disk",
    "count_here",
    "count",
    "size",
    "offset",
    "comment_length",
)
_PLACES: Final = (
    "a",
    "a/b",
    "b",
    "B",
    "b/c.json",
    "keys.json",
    "../x",
    "/x",
    "x/",
    "é",
    "",
    "a" * 201,
)


def _part(random: Random) -> Part:
    content = random.choice((b"", b"x", b"{}", b"content" * 9))
    made = part(random.choice(_PLACES), content)
    if random.random() < 0.6:
        return made
    field = random.choice(("crc", "packed", "size", "needs", "flags", "method", "time", "date"))
    width = 32 if field in {"crc", "packed", "size"} else 16
    lying = part(made.entry.name, content, **{field: random.choice(_NUMBERS) % 2**width})
    external = random.choice((0o100644 << 16, 0o120777 << 16, 0))
    return Part(
        content,
        random.choice((made.local, lying.local)),
        random.choice((made.entry, lying.entry)),
        Ending(external=external),
        after=random.choice((b"", b"", b"x")),
        offset=random.choice((None, None, None, 0, 1, 2**32 - 1)),
    )


def _alter_tree(random: Random, tree: list[Any]) -> None:
    places = list(_places(tree))
    if not places:
        return
    holder, key = random.choice(places)
    value = holder[key]
    match random.randrange(7):
        case 0 if holder is not tree:
            del holder[key]
        case 1:
            other, from_key = random.choice(places)
            holder[key] = _copied(other[from_key])
        case 2 if isinstance(holder, dict):
            holder[random.choice((key[:-1], key + "s", key.upper(), "é", ""))] = _copied(value)
        case 3 if type(value) is int:
            holder[key] = random.choice((value + 1, value - 1, -value, value * 1000, value ^ 1))
        case 4 if isinstance(value, str):
            holder[key] = _altered_text(random, value)
        case 5 if isinstance(value, list) and value:
            value[random.randrange(len(value)) :] = random.choice((value[:1] * 3, [], value[::-1]))
        case _:
            holder[key] = _copied(random.choice(STRANGE))


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401
    """Yield each value's holder and its key or index there."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in [*entries]:
        yield tree, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _copied(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _copied(member) for key, member in value.items()}
    return [_copied(member) for member in value] if isinstance(value, list) else value


def _altered_text(random: Random, value: str) -> str:
    at = random.randint(0, len(value))
    put = random.choice(("", "", "0", "A", "=", " ", "é", "\n", "-", "Z", "9999", "\ud800"))
    return value[:at] + put + value[at + random.choice((0, 1, 1, 5)) :]


def _with_a_key_twice(random: Random, data: bytes) -> bytes:
    keys = _KEY.findall(data)
    return data.replace(random.choice(keys), random.choice(keys)) if keys else data


_KEY: Final = re.compile(rb'"[^"\\]*":')
