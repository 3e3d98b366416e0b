"""A strip chart: a number over runs that follow each other at equal distances, as shapes of an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.gui.quality import STATUSES, rank_of
from app.web.charts import linear_scale, tick_text

WIDTH, HEIGHT = 720, 150
LEFT, RIGHT, TOP, BOTTOM = 76, 10, 10, 20
"""Margins for the numbers at the axes, pixels."""


class StripPoint(NamedTuple):
    """A run of a strip chart."""

    run: int
    value: float | None  # of a quality status its code
    reason: str  # why there is no value, or what must be known of it; "" while it is not computed
    text: str  # the value for people
    address: str  # of the plot of the run


class StripDot(NamedTuple):
    """A point of the chart with a value."""

    x: float  # pixels from the left
    y: float  # pixels from the top
    point: StripPoint


class StripChart(NamedTuple):
    """Shapes and texts of the chart."""

    lines: list[str]  # corners `x,y x,y` of lines, interrupted where runs have no value
    dots: list[StripDot]
    here_x: float | None  # x of the run from whose page the chart was opened
    highest: str
    lowest: str


def value_text(value: float | None, is_status: bool) -> str:
    """A value for people; "" for none."""
    if value is None:
        return ""
    if not is_status:
        return tick_text(value)
    return STATUSES[int(value)].badge.text if int(value) in STATUSES else f"status {value:.0f}"


def strip_chart(points: Sequence[StripPoint], run: int, is_status: bool) -> StripChart | None:
    """The chart of points in the order of their runs, None without values.

    Args:
        run: The run from whose page it is opened.
        is_status: Whether the values are codes of quality statuses, the worst of which is drawn lowest.
    """
    heights = {number: _height(point.value, is_status) for number, point in enumerate(points) if point.value is not None}
    if not heights:
        return None
    low, high = min(heights, key=heights.__getitem__), max(heights, key=heights.__getitem__)
    at_x = linear_scale(0, max(1, len(points) - 1), LEFT, WIDTH - RIGHT)
    at_y = linear_scale(heights[low], heights[high], HEIGHT - BOTTOM, TOP)
    dots = {number: StripDot(at_x(number), at_y(height), points[number]) for number, height in heights.items()}
    here = next((number for number, point in enumerate(points) if point.run == run), None)
    return StripChart(
        lines=_lines(dots),
        dots=list(dots.values()),
        here_x=None if here is None else at_x(here),
        highest=points[high].text,
        lowest=points[low].text,
    )


def _height(value: float | None, is_status: bool) -> float:
    assert value is not None
    return float(rank_of(int(value))) if is_status else value


def _lines(dots: dict[int, StripDot]) -> list[str]:
    lines: list[list[str]] = []
    for number, dot in dots.items():
        if number - 1 not in dots:
            lines.append([])
        lines[-1].append(f"{dot.x},{dot.y}")
    return [" ".join(line) for line in lines if len(line) > 1]
