"""A small chart of a number over lumisections, as the shapes of an SVG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

WIDTH, HEIGHT = 560, 120
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 8, 18
"""Room for the numbers beside the axes, pixels."""

MOST_DOTS = 300
"""With more points than this only the line is drawn, for the dots would run together."""


class Dot(NamedTuple):
    """A point at (x, y), pixels from the upper left corner."""

    x: float
    y: float
    lumi: int
    value: str


class Chart(NamedTuple):
    """Lines are lists of corners `x,y x,y`, broken where lumisections are missing; here: the x of the one that is shown."""

    lines: list[str]
    dots: list[Dot]
    points: int
    here: float | None
    lowest: str
    highest: str
    first: int
    last: int


def chart(points: Mapping[int, float], here: int) -> Chart | None:
    """The chart of these numbers by lumisection, or None where there are none."""
    if not points:
        return None
    first, last = min(points), max(points)
    low, high = min(points.values()), max(points.values())
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(lumi: int) -> float:
        return round(LEFT + width * ((lumi - first) / (last - first) if last > first else 0.5), 1)

    def y(value: float) -> float:
        return round(TOP + height * ((high - value) / (high - low) if high > low else 0.5), 1)

    dots = [Dot(x(lumi), y(value), lumi, f"{value:,.6g}") for lumi, value in sorted(points.items())]
    lines: list[list[str]] = []
    before = None
    for dot in dots:
        if before != dot.lumi - 1:
            lines.append([])
        lines[-1].append(f"{dot.x},{dot.y}")
        before = dot.lumi
    return Chart(
        lines=[" ".join(line) for line in lines if len(line) > 1],
        dots=dots if len(dots) <= MOST_DOTS else [dot for dot in dots if dot.lumi == here],
        points=len(points),
        here=x(here) if first <= here <= last else None,
        lowest=f"{low:,.6g}", highest=f"{high:,.6g}", first=first, last=last,
    )  # fmt: skip
