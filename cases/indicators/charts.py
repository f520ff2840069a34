"""Small charts as SVG that stands in a page by itself: no script, no font, nothing to fetch.

Sizes are in the units of the view box; colours come from the page's style by class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH, _HEIGHT = 720, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 10, 22
_DEEP = _HEIGHT - _TOP - _BOTTOM


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers to draw, one for each label; ``look`` is the class of its marks."""

    name: str
    values: Sequence[float | None]
    look: str


def bars(labels: Sequence[str], series: Sequence[Series], title: str) -> Markup:
    """Bars side by side for each label, from 0 up; what is None has none."""
    top = _round_up(max((v for one in series for v in one.values if v is not None), default=0))
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)
    width = 0.8 * step / max(len(series), 1)
    drawn = [*_levels([0, top / 2, top], 0, top, "{:g}")]
    for place, label in enumerate(labels):
        left = _LEFT + place * step
        drawn.append(_label(left + step / 2, label, place, len(labels)))
        for nth, one in enumerate(series):
            value = one.values[place]
            if value:
                high = _DEEP * value / top
                x = left + 0.1 * step + nth * width
                drawn.append(_BAR.format(one.look, x, _TOP + _DEEP - high, width, high))
    return _chart(title, drawn)


def line(
    labels: Sequence[str], series: Sequence[Series], title: str, target: float | None = None
) -> Markup:
    """Shares as lines, from the lowest that there is up to 100 %; a None interrupts them."""
    known = [v for one in series for v in one.values if v is not None]
    lowest = min([*known, *([target] if target is not None else [])], default=0.0)
    low = max(0.0, math.floor(lowest * 20 - 0.2) / 20)
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)

    def point(place: int, value: float) -> tuple[float, float]:
        return _LEFT + (place + 0.5) * step, _high(value, low, 1)

    drawn = [*_levels([low, (low + 1) / 2, 1], low, 1, "{:.1%}")]
    if target is not None:
        y = _high(target, low, 1)
        drawn.append(_RULE.format("target", _LEFT, _WIDTH - _RIGHT, y))
    drawn += [
        _label(_LEFT + (place + 0.5) * step, label, place, len(labels))
        for place, label in enumerate(labels)
    ]
    for one in series:
        runs: list[list[tuple[float, float]]] = [[]]
        for place, value in enumerate(one.values):
            if value is None:
                runs.append([])
            else:
                runs[-1].append(point(place, value))
        for run in runs:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            drawn.append(_RUN.format(one.look, points))
            drawn += [_POINT.format(one.look, x, y) for x, y in run]
    return _chart(title, drawn)


_CHART = Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
_BAR = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>')
_RULE = Markup('<line class="{0}" x1="{1}" x2="{2}" y1="{3:.1f}" y2="{3:.1f}"/>')
_RUN = Markup('<polyline class="{}" points="{}"/>')
_POINT = Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="2"/>')
_TEXT = Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>')
"""Whatever is put into them is escaped."""


def _chart(title: str, drawn: Sequence[Markup]) -> Markup:
    return _CHART.format(_WIDTH, _HEIGHT, title, Markup("").join(drawn))


def _levels(at: Sequence[float], low: float, top: float, form: str) -> list[Markup]:
    found = []
    for value in at:
        y = _high(value, low, top)
        found.append(_RULE.format("level", _LEFT, _WIDTH - _RIGHT, y))
        found.append(_TEXT.format("number", _LEFT - 5, y + 3, form.format(value)))
    return found


def _label(x: float, text: str, place: int, many: int) -> Markup:
    """The text below; of many only some, so that they do not touch."""
    if place % math.ceil(many / 16):
        return Markup("")
    return _TEXT.format("label", x, _HEIGHT - 7, text)


def _high(value: float, low: float, top: float) -> float:
    return _TOP + _DEEP * (1 - (value - low) / ((top - low) or 1))


def _round_up(value: float) -> float:
    """The next of 2, 4, 10, 20, 40, 100 …, so that half of it is a whole number."""
    top = 2.0
    while top < value:
        power = 10 ** math.floor(math.log10(top))
        top = {1: 2, 2: 4, 4: 10}[round(top / power)] * power
    return top
