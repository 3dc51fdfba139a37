"""What operators write in YAML, as typed values; a fault names the file and the key.

Unknown keys are refused, since a misspelt key would silently leave its default in force. Durations
are ISO 8601 text, zones IANA names, holiday calendars a country and its subdivision, shares
percentages, hours of a day ranges.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec

from collector.errors import ConfigurationError
from collector.judge.calendar import public_holidays
from collector.judge.document import DocumentError, read_yaml
from collector.judge.weekly import parse_hours
from probes.model.instant import format_duration, parse_duration, zone_named

_Read = TypeVar("_Read")

_NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
Name = Annotated[
    str,
    msgspec.Meta(
        pattern=_NAME_PATTERN,
        description="Letters, digits, points, hyphens and underscores; at most 64.",
    ),
]


class Duration(int):
    """A duration in microseconds, written as ISO 8601 text."""

    __slots__ = ()


class ZoneName(str):
    """The name of an IANA time zone."""

    __slots__ = ()


class CalendarName(str):
    """The name of a calendar of public holidays: `FR`, `FR-57`."""

    __slots__ = ()


class HoursRange(str):
    """A range of hours on a site's clocks: `08:00-18:30`, `22:00-06:00`."""

    __slots__ = ()


class Share(str):
    """A share of a whole, as a percentage with at most four decimals: `99.9%`."""

    __slots__ = ()

    @property
    def ppm(self) -> int:
        """The same in millionths, exact."""
        whole, _, decimals = self.removesuffix("%").partition(".")
        return int(whole) * 10_000 + int(decimals.ljust(4, "0"))


def _duration(text: str) -> Duration:
    return Duration(parse_duration(text))


def _zone(text: str) -> ZoneName:
    return ZoneName(zone_named(text).key)


def _calendar(text: str) -> CalendarName:
    public_holidays(text, [2026])
    return CalendarName(text)


def _hours(text: str) -> HoursRange:
    parse_hours(text)
    return HoursRange(text)


def _share(text: str) -> Share:
    share = Share("".join(text.split()))
    if _SHARE.fullmatch(share) is None or share.ppm > _WHOLE_PPM:
        raise ValueError(f"{text!r} is not a percentage, as in 99.9%")
    return share


_SHARE: Final = re.compile(r"\d{1,3}(\.\d{1,4})?%", re.ASCII)
_WHOLE_PPM: Final = 1_000_000

_READERS: Final[dict[type, Callable[[str], object]]] = {
    Duration: _duration,
    ZoneName: _zone,
    CalendarName: _calendar,
    HoursRange: _hours,
    Share: _share,
}
_SCHEMAS: Final[dict[type, dict[str, object]]] = {
    Duration: {"type": "string", "format": "duration", "examples": ["PT4H", "PT5M"]},
    ZoneName: {"type": "string", "examples": ["Europe/Paris"]},
    CalendarName: {"type": "string", "examples": ["FR", "FR-57"]},
    HoursRange: {"type": "string", "examples": ["08:00-18:30", "22:00-06:00"]},
    Share: {"type": "string", "examples": ["99.9%"]},
}


def read_file(path: Path, form: type[_Read]) -> _Read:
    """Return what a YAML file says; `ConfigurationError` names the file and the key at fault."""
    try:
        document = read_yaml(path.read_text("utf-8"))
        return read_value(document, form)
    except FileNotFoundError:
        raise ConfigurationError(f"cannot read {path}: there is no such file") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"cannot read {path}: not UTF-8 at byte {error.start}") from None
    except (DocumentError, ConfigurationError) as error:
        raise ConfigurationError(f"cannot read {path}: {error}") from None


def read_value(document: object, form: type[_Read]) -> _Read:
    """Return a decoded document as a typed value; `ConfigurationError` names the key at fault."""
    try:
        return msgspec.convert(document, form, dec_hook=_read)
    except msgspec.ValidationError as error:
        raise ConfigurationError(_located(str(error), document, form)) from None


def plain(value: object) -> Any:  # noqa: ANN401 - the builtin form of any value
    """Return the document form of a typed value, defaults filled in: the inverse of reading."""
    return msgspec.to_builtins(value, enc_hook=_write)


def json_schema(form: type, title: str) -> dict[str, Any]:
    """Return the JSON Schema of a document."""
    schema = msgspec.json.schema(form, schema_hook=_SCHEMAS.__getitem__)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **schema}


def _read(form: type, value: object) -> object:
    if not isinstance(value, str):
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
    return _READERS[form](value)


def _write(value: object) -> str:
    return format_duration(value) if isinstance(value, Duration) else str(value)


_PATH: Final = re.compile(r" - at (`key` in )?`\$([^`]*)`$")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


def _located(message: str, document: object, form: type) -> str:
    """Turn a validation message into `key: what is wrong`."""
    found = _PATH.search(message)
    if found is None:
        return _worded("", message)
    in_key, path = found.groups()
    steps = [name or index for name, index in _STEP.findall(path)]
    fault = _Fault(message, deepcopy(document), form)
    key = "".join(step if step.startswith("[") else f".{step}" for step in fault.named(steps))
    complaint = message[: found.start()]
    if in_key:
        complaint = f"{fault.culprit()!r}: {_reworded(complaint)}"
    return _worded(key.lstrip("."), complaint)


def _worded(key: str, complaint: str) -> str:
    absent = re.fullmatch(r"Object missing required field `(.+)`", complaint)
    if absent:
        return f"{key}.{absent[1]}".lstrip(".") + ": is missing"
    unknown = re.fullmatch(r"Object contains unknown field `(.+)`", complaint)
    if unknown:
        return f"{key}.{unknown[1]}".lstrip(".") + ": is not known here"
    complaint = _reworded(complaint)
    return f"{key}: {complaint}" if key else complaint


def _reworded(complaint: str) -> str:
    if _NAME_PATTERN in complaint:
        return "a name has letters, digits, points, hyphens and underscores only, at most 64"
    if complaint.startswith("Expected"):
        complaint = f"e{complaint[1:]}"
    return complaint.replace("`", "")


class _Fault:
    """A validation message, and the place in the document it speaks of.

    The message writes the keys of mappings as `[...]`; which one it was is found by leaving each
    alone and looking whether the same complaint comes back.
    """

    def __init__(self, message: str, document: object, form: type) -> None:
        self._message = message
        self._whole = document
        self._form = form
        self._here: Any = document

    def named(self, steps: list[str]) -> Iterator[str]:
        """Walk down the steps; yield each with its real key."""
        for step in steps:
            if step == "...":
                key = self.culprit()
                self._here = self._here[key]
                yield str(key)
            elif isinstance(self._here, list):
                self._here = self._here[int(step)]
                yield f"[{step}]"
            else:
                self._here = self._here.get(step)
                yield step

    def culprit(self) -> object:
        """Return the key of the mapping here under which the fault lies."""
        members = dict(self._here)
        for key, member in members.items():
            self._here.clear()
            self._here[key] = member
            try:
                msgspec.convert(self._whole, self._form, dec_hook=_read)
            except msgspec.ValidationError as error:
                if str(error) == self._message:
                    return key
        raise AssertionError(self._message)
