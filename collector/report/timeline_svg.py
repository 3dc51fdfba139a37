"""The timeline of a window as one SVG: a row for each vantage point, for pages of any kind.

Pure text from a report, the same for the same report. States differ by height and pattern as well
as by colour: available is a thin bar, a change a hatched one, down a full one, no data a dotted
line. All lengths are tenths of a unit, integers, so that nothing is ever rounded twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from collector.judge.timeline import Piece, Timeline
from collector.report.durations import Language
from collector.report.glyphs import printable
from collector.report.phrases import Phrases
from collector.report.time_axis import Tick, ticks
from collector.report.timeline_view import (
    limit_instant,
    shown_interval,
    timeline_text,
    timeline_title,
)
from collector.report.timeline_words import TimelineWords, timeline_words_in
from collector.report.value import Report
from probes.model.interval import Interval

ROWS_AT_ONCE: Final = 60

_WIDTH: Final = 6000
_LEFT: Final = 1300
_RIGHT: Final = 5860
_HEAD: Final = 200
_FOOT: Final = 390
_LANE: Final = 170
_PANEL: Final = 180
_NAME_LENGTH: Final = 24
_FONT_SIZE: Final = 95
_CLOSE: Final = 90
_CLOSE_FONT: Final = 72
_CLOSE_LENGTH: Final = 14
_FONT: Final = "IBM Plex Sans, Segoe UI, Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class _Row:
    """One row: its name, and what was so when."""

    name: str
    available: Sequence[Piece]
    transition: Sequence[Piece]
    down: Sequence[Piece]
    counts: bool = True


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where instants lie across the picture; several on one page have names of their own."""

    shown: Interval
    first: int

    @property
    def hatch(self) -> str:
        """The name of the pattern of a change."""
        return f"change-{self.first}"

    def at(self, instant: int) -> int:
        """Return the place of an instant, at the edge when it is not shown."""
        inside = min(max(instant, self.shown.start), self.shown.end) - self.shown.start
        return _LEFT + inside * (_RIGHT - _LEFT) // self.shown.length

    def bars(self, pieces: Sequence[Piece], least: int) -> list[tuple[int, int]]:
        """Return the place and width of pieces, none thinner than can be seen, none twice."""
        bars: list[tuple[int, int]] = []
        for start, end in pieces:
            if start >= self.shown.end or end <= self.shown.start:
                continue
            left = self.at(start)
            width = max(self.at(end) - left, least)
            if bars and left + width <= sum(bars[-1]):
                continue
            bars.append((left, width))
        return bars


def timeline_svg(report: Report, language: Language, first: int = 0) -> str:
    """Return the timeline of a report, with `ROWS_AT_ONCE` of its vantage points from `first`.

    The text is a whole SVG document without script, style sheet or reference to anything outside.
    """
    phrases, words = Phrases(report, language), timeline_words_in(language)
    scale = _Scale(shown_interval(report), first)
    panel, rows = _service(report, words), _vantages(report, first)
    top = _HEAD + 2 * _LANE + _PANEL
    bottom = top + len(rows) * _row_height(len(rows)) + _PANEL // 4
    parts = [
        *_opening(report, language, scale, bottom + _FOOT),
        *_ground(report, scale, bottom),
        *_axis(ticks(scale.shown, report.assessment.window.zone, language), scale, bottom),
        *_lanes(report, scale, words),
        _name(panel, 0, top - _PANEL // 2),
        *_states(panel, scale, top - _PANEL, _PANEL),
        *_rows(rows, scale, top),
        *_limit(report, scale, phrases, bottom),
        *_legend(words, scale, bottom + 250),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _service(report: Report, words: TimelineWords) -> _Row:
    """Return the row of the panel: up, possibly down, proven down (rules, section 5)."""
    timeline = report.assessment.timeline
    outages = [outage.span for outage in timeline.outages]
    return _Row(words.service, [*timeline.up], outages, [*timeline.proven_down])


def _vantages(report: Report, first: int) -> list[_Row]:
    return [
        _Row(vantage.name, *_layers(report.timeline_of(vantage.name)), counts=vantage.counts)
        for vantage in (loss.vantage for loss in report.losses[first : first + ROWS_AT_ONCE])
    ]


def _layers(timeline: Timeline) -> tuple[list[Piece], list[Piece], list[Piece]]:
    return timeline.available, timeline.transition, timeline.down


def _row_height(rows: int) -> int:
    """Return the height of a row: less of it as there are more."""
    return max(52, min(180, 2_800 // max(rows, 1)))


def _opening(report: Report, language: Language, scale: _Scale, height: int) -> Iterator[str]:
    width, tall = _n(_WIDTH), _n(height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {tall}"'
        f' width="{width}" height="{tall}" font-family="{_FONT}" fill="{_INK}">'
    )
    yield f"<title>{_text(timeline_title(report, language))}</title>"
    yield f"<desc>{_text(timeline_text(report, language))}</desc>"
    yield (
        f'<defs><pattern id="{scale.hatch}" width="4" height="4" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(45)"><rect width="4" height="4" fill="{_CHANGE_PALE}"/>'
        f'<rect width="1.6" height="4" fill="{_CHANGE}"/></pattern></defs>'
    )


def _ground(report: Report, scale: _Scale, bottom: int) -> Iterator[str]:
    """Draw the hull as a pale ground, and the plan in it."""
    window = report.assessment.window
    for interval, colour in ((window.hull, _HULL), (window.plan, _PLAN_PALE)):
        left, right = scale.at(interval.start), scale.at(interval.end)
        yield _rect(left, _HEAD - 40, right - left, bottom - _HEAD + 40, f'fill="{colour}"')


def _axis(marks: Sequence[Tick], scale: _Scale, bottom: int) -> Iterator[str]:
    yield _line((_LEFT, bottom), (_RIGHT, bottom), f'stroke="{_INK}" stroke-width="0.6"')
    for mark in marks:
        at = scale.at(mark.instant)
        yield _line((at, _HEAD - 40), (at, bottom + 30), f'stroke="{_GRID}" stroke-width="0.6"')
        yield _label(at, bottom + 115, mark.clock, 'font-size="8.5" text-anchor="middle"')
        if mark.day:
            yield _label(
                at, bottom + 205, mark.day, f'font-size="7.5" text-anchor="middle" fill="{_PALE}"'
            )


def _lanes(report: Report, scale: _Scale, words: TimelineWords) -> Iterator[str]:
    """Draw the plan as an outline and what was done as bars, above all that was measured."""
    window = report.assessment.window
    y = _HEAD
    yield _label(0, y + 90, words.planned, 'font-size="9.5"')
    left, right = scale.at(window.plan.start), scale.at(window.plan.end)
    yield _rect(
        left, y + 20, right - left, 80, f'fill="#ffffff" stroke="{_PLAN}" stroke-width="1.2"'
    )
    y += _LANE
    yield _label(0, y + 90, words.interventions, 'font-size="9.5"')
    bars = scale.bars(window.interventions, 12)
    yield from (_rect(left, y + 35, width, 50, f'fill="{_PLAN}"') for left, width in bars)


def _rows(rows: Sequence[_Row], scale: _Scale, top: int) -> Iterator[str]:
    """Draw a row for each vantage point; where they are close, their names stand in two columns."""
    height = _row_height(len(rows))
    close = height < _CLOSE
    for number, row in enumerate(rows):
        x = number % 2 * _LEFT // 2 if close else 0
        y = top + number * height
        yield _name(row, x, y + height // 2, close=close)
        yield from _states(row, scale, y, height)


def _name(row: _Row, x: int, middle: int, *, close: bool = False) -> str:
    size, length = (_CLOSE_FONT, _CLOSE_LENGTH) if close else (_FONT_SIZE, _NAME_LENGTH)
    colour = _INK if row.counts else _PALE
    style = f'font-size="{_n(size)}" fill="{colour}"'
    return _label(x, middle + size // 3, _shortened(row.name, length), style)


def _states(row: _Row, scale: _Scale, y: int, height: int) -> Iterator[str]:
    """Draw what was so when: the dotted line first, and what was proven over it."""
    middle = y + height // 2
    yield _line(
        (_LEFT, middle),
        (_RIGHT, middle),
        f'stroke="{_PALE}" stroke-width="0.9" stroke-dasharray="0.9 2.6"',
    )
    full = height * 8 // 10
    for pieces, share, fill, least in (
        (row.available, 3, _UP, 1),
        (row.transition, 7, f"url(#{scale.hatch})", 6),
        (row.down, 10, _DOWN, 8),
    ):
        tall = full * share // 10
        bars = scale.bars(pieces, least)
        if bars:
            yield _bars(bars, middle - tall // 2, tall, fill)


def _limit(report: Report, scale: _Scale, phrases: Phrases, bottom: int) -> Iterator[str]:
    instant = limit_instant(report)
    if instant > scale.shown.end:
        return
    at = scale.at(instant)
    stroke = f'stroke="{_INK}" stroke-width="1.4" stroke-dasharray="5 3"'
    yield _line((at, _HEAD - 60), (at, bottom), stroke)
    text = f"{phrases.limit()} · {phrases.clock(instant)}"
    anchor = "end" if at > (_LEFT + _RIGHT) // 2 else "start"
    yield _label(at, _HEAD - 85, text, f'font-size="9" font-weight="600" text-anchor="{anchor}"')


def _legend(words: TimelineWords, scale: _Scale, y: int) -> Iterator[str]:
    """Draw a sample of each state as it looks in a row, and its word."""
    x = 0
    middle = y + 70
    for word, tall, fill in (
        (words.available, 27, _UP),
        (words.down, 90, _DOWN),
        (words.change, 63, f"url(#{scale.hatch})"),
        (words.no_data, 0, ""),
        (words.plan, 80, f'#ffffff" stroke="{_PLAN}'),
        (words.intervention, 45, _PLAN),
        (words.hull, 90, _HULL),
    ):
        if tall:
            yield _rect(x, middle - tall // 2, 160, tall, f'fill="{fill}"')
        else:
            dots = f'stroke="{_PALE}" stroke-width="0.9" stroke-dasharray="0.9 2.6"'
            yield _line((x, middle), (x + 160, middle), dots)
        yield _label(x + 195, middle + 30, word, 'font-size="8.5"')
        x += 290 + 50 * len(word)


def _bars(bars: Sequence[Piece], y: int, height: int, fill: str) -> str:
    path = "".join(f"M{_n(x)} {_n(y)}h{_n(w)}v{_n(height)}h-{_n(w)}z" for x, w in bars)
    return f'<path fill="{fill}" d="{path}"/>'


def _rect(x: int, y: int, width: int, height: int, style: str) -> str:
    return f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" {style}/>'


def _line(start: tuple[int, int], end: tuple[int, int], style: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" {style}/>'


def _label(x: int, y: int, text: str, style: str) -> str:
    return f'<text x="{_n(x)}" y="{_n(y)}" {style}>{_text(text)}</text>'


def _shortened(name: str, length: int) -> str:
    """Return a name that fits before the rows; both its ends tell it from others."""
    if len(name) <= length:
        return name
    kept = length - 1
    return f"{name[: kept - kept // 2]}…{name[-(kept // 2) :]}"


def _text(text: str) -> str:
    return escape(printable(text))


def _n(tenths: int) -> str:
    """Return a number of tenths, without a decimal that says nothing."""
    whole, rest = divmod(tenths, 10)
    return f"{whole}.{rest}" if rest else f"{whole}"


_INK: Final = "#1d2733"
_PALE: Final = "#5a6775"
_GRID: Final = "#c9d0d8"
_HULL: Final = "#eef1f4"
_PLAN: Final = "#1f5fa8"
_PLAN_PALE: Final = "#e3ecf6"
_UP: Final = "#3f9b73"
_DOWN: Final = "#9c1f1a"
_CHANGE: Final = "#8a5a00"
_CHANGE_PALE: Final = "#f6d58a"
