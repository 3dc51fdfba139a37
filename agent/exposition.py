"""The text format in which Prometheus reads metrics, version 0.0.4.

A few lines, because the client library, with the web server it brings, would take a tenth of the
memory the agent may use; tests read what is written here with that library and with promtool.
"""

from collections.abc import Mapping
from typing import Final

from agent.tally import Histogram
from probes.model.instant import SECOND

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


class Exposition:
    """Metrics being written, a family at a time."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._name = ""

    def family(self, name: str, kind: str, documentation: str) -> None:
        """Begin a family; `kind` is counter, gauge or histogram."""
        self._name = name
        self._lines += (f"# HELP {name} {documentation}", f"# TYPE {name} {kind}")

    def sample(self, value: float, **labels: str) -> None:
        """Add a value to the family."""
        self._lines.append(f"{self._name}{_labels(labels)} {_number(value)}")

    def histogram(self, histogram: Histogram, **labels: str) -> None:
        """Add a histogram of microseconds to the family, in seconds."""
        total = 0
        bounds = [*(_number(bound / SECOND) for bound in histogram.bounds_us), "+Inf"]
        for bound, count in zip(bounds, histogram.counts, strict=True):
            total += count
            place = _labels({**labels, "le": bound})
            self._lines.append(f"{self._name}_bucket{place} {total}")
        place = _labels(labels)
        self._lines.append(f"{self._name}_sum{place} {_number(histogram.sum_us / SECOND)}")
        self._lines.append(f"{self._name}_count{place} {total}")

    def encode(self) -> bytes:
        """Return the text."""
        return ("\n".join(self._lines) + "\n").encode()


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{','.join(pairs)}}}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
