"""A small chart of a number over lumisections, as shapes of an SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from app.web.charts import linear_scale, tick_text

WIDTH, HEIGHT = 560, 120
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 8, 18
"""Margins for the numbers at the axes, pixels."""

MAX_DOTS = 300
"""With more points only the line is drawn, since the dots would overlap."""


class ChartDot(NamedTuple):
    """A point of a chart."""

    x: float  # pixels from the left
    y: float  # pixels from the top
    lumi: int
    value: str


class LumiChart(NamedTuple):
    """Shapes and texts of a chart."""

    lines: list[str]  # corners `x,y x,y` of lines, interrupted where lumisections are missing
    dots: list[ChartDot]
    points: int  # number of lumisections with a value
    current_x: float | None  # x of the lumisection that the page shows
    lowest: str
    highest: str
    first: int  # lumisection
    last: int


def lumi_chart(values: Mapping[int, float], current: int) -> LumiChart | None:
    """The chart of values by lumisection, or None without values; `current` is the lumisection that the page shows."""
    if not values:
        return None
    first, last = min(values), max(values)
    low, high = min(values.values()), max(values.values())
    at_x, at_y = linear_scale(first, last, LEFT, WIDTH - RIGHT), linear_scale(low, high, HEIGHT - BOTTOM, TOP)
    dots = [ChartDot(at_x(lumi), at_y(value), lumi, tick_text(value)) for lumi, value in sorted(values.items())]
    return LumiChart(
        lines=_lines(dots),
        dots=dots if len(dots) <= MAX_DOTS else [dot for dot in dots if dot.lumi == current],
        points=len(values),
        current_x=at_x(current) if first <= current <= last else None,
        lowest=tick_text(low),
        highest=tick_text(high),
        first=first,
        last=last,
    )


def _lines(dots: Sequence[ChartDot]) -> list[str]:
    lines: list[list[str]] = []
    previous = None
    for dot in dots:
        if previous != dot.lumi - 1:
            lines.append([])
        lines[-1].append(f"{dot.x},{dot.y}")
        previous = dot.lumi
    return [" ".join(line) for line in lines if len(line) > 1]
