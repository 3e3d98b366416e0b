"""A scatter plot, mostly of numbers over lumisections, as a scene of lines, dots and texts, and the scene as SVG or PNG.

It is made by the server, so that an e-log or a script has it at a stable address without a browser.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 900, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 16, 62, 46
"""Room around the frame, pixels."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a5195", "#4d4d4d")
"""Told apart also by those who see few colours (Okabe and Ito)."""

INK, LINES, GROUND = "#17202b", "#d3dae3", "#ffffff"
DOT = 2.2
"""Radius of a dot, pixels."""

ENLARGED = 2
"""A PNG is drawn so many times larger, and made smaller, for smooth edges."""


LEAST, MOST = 1e-12, 1e15
"""The smallest difference that is drawn, and what no number of ours reaches; a document may say anything."""


LUMISECTION = "Lumisection"
"""The name of an axis on which there is nothing between two whole numbers."""


class Series(NamedTuple):
    """Points (x, y) under one name."""

    name: str
    points: Sequence[tuple[float, float]]


class Figure(NamedTuple):
    """What is plotted; y, x: the names of the axes with their units."""

    title: str
    y: str
    series: Sequence[Series]
    x: str = LUMISECTION


class Text(NamedTuple):
    """place: "start", "middle" or "end" of the text is at x; y is its base line. upright: turned by a right angle."""

    x: float
    y: float
    text: str
    place: str = "start"
    size: int = 12
    upright: bool = False


class Dots(NamedTuple):
    colour: str
    points: list[tuple[float, float]]


class Scene(NamedTuple):
    """Shapes in pixels from the upper left corner; lines are x1, y1, x2, y2."""

    lines: Sequence[tuple[float, float, float, float]]
    texts: list[Text]
    dots: list[Dots]


def ticks(low: float, high: float, most: int = 8, least: float = 0.0) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, 1, 2 or 5 times a power of ten and at least `least` apart."""
    span = high - low if high - low > LEAST else max(abs(high), 1.0)
    raw = max(span / most, least)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]


def scene(figure: Figure) -> Scene:
    """The figure with its axes and legend; an empty one says so."""
    shown = [[(x, y) for x, y in series.points if max(abs(x), abs(y)) < MOST] for series in figure.series]
    points = [point for series in shown for point in series]
    xs = ticks(0, max((x for x, _ in points), default=10), least=1.0 if figure.x == LUMISECTION else 0.0)
    ys = ticks(min((y for _, y in points), default=0), max((y for _, y in points), default=1))
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def at_x(x: float) -> float:
        return round(LEFT + (right - LEFT) * (x - xs[0]) / (xs[-1] - xs[0]), 1)

    def at_y(y: float) -> float:
        return round(bottom - (bottom - TOP) * (y - ys[0]) / (ys[-1] - ys[0]), 1)

    lines = [(at_x(x), TOP, at_x(x), bottom) for x in xs] + [(LEFT, at_y(y), right, at_y(y)) for y in ys]
    texts = [Text(at_x(x), bottom + 16, f"{x:,.6g}", "middle") for x in xs]
    texts += [Text(LEFT - 6, at_y(y) + 4, f"{y:,.6g}", "end") for y in ys]
    texts += [
        Text(LEFT, 20, figure.title, size=15),
        Text((LEFT + right) / 2, HEIGHT - 8, figure.x, "middle"),
        Text(16, (TOP + bottom) / 2, figure.y, "middle", upright=True),
    ]
    if not points:
        texts.append(Text((LEFT + right) / 2, (TOP + bottom) / 2, "Nothing is known of this run yet", "middle", 15))
    dots = [Dots(COLOURS[place % len(COLOURS)], [(at_x(x), at_y(y)) for x, y in series]) for place, series in enumerate(shown)]
    _legend(figure, texts, dots)
    return Scene(lines, texts, dots)


def _legend(figure: Figure, texts: list[Text], dots: list[Dots]) -> None:
    x, y = float(LEFT), 36.0
    for series, drawn in zip(figure.series, dots, strict=True):
        name = series.name if len(series.name) <= 60 else series.name[:59] + "…"
        width = 22 + 7.0 * len(name)
        if x + width > WIDTH - RIGHT and x > LEFT:
            x, y = float(LEFT), y + 15
        drawn.points.append((x + 4, y))
        texts.append(Text(x + 13, y + 4, name))
        x += width


def svg(figure: Figure) -> str:
    """The figure as a document of its own; the names in it are text and nothing else."""
    drawn = scene(figure)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" role="img" aria-label="{_safe(figure.title)}">',
        f"<title>{_safe(figure.title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{GROUND}"/>',
        f'<path d="{"".join(f"M{x1} {y1}L{x2} {y2}" for x1, y1, x2, y2 in drawn.lines)}" stroke="{LINES}"/>',
    ]
    for dots in drawn.dots:  # a line of no length with round ends is a dot
        path = "".join(f"M{x} {y}h0" for x, y in dots.points)
        parts.append(f'<path d="{path}" fill="none" stroke="{dots.colour}" stroke-width="{2 * DOT}" stroke-linecap="round"/>')
    for text in drawn.texts:
        turn = f' transform="rotate(-90 {text.x} {text.y})"' if text.upright else ""
        where = f'x="{text.x}" y="{text.y}" text-anchor="{text.place}" font-size="{text.size}"'
        parts.append(f'<text {where} fill="{INK}"{turn}>{_safe(text.text)}</text>')
    return "".join(parts) + "</svg>\n"


def _safe(text: str) -> str:
    """Text of an XML document, which holds no control character at all."""
    return escape("".join(letter if letter.isprintable() else "\ufffd" for letter in text))


def png(figure: Figure) -> bytes:
    """The figure as an image."""
    from PIL import Image, ImageDraw, ImageFont  # only those who ask for one pay for it

    drawn, times = scene(figure), ENLARGED
    image = Image.new("RGB", (WIDTH * times, HEIGHT * times), GROUND)
    pen = ImageDraw.Draw(image)
    for line in drawn.lines:
        pen.line([times * value for value in line], fill=LINES, width=times)
    for dots in drawn.dots:
        for x, y in dots.points:
            pen.circle((times * x, times * y), times * DOT, fill=dots.colour)
    anchors = {"start": "ls", "middle": "ms", "end": "rs"}
    for text in drawn.texts:
        font = ImageFont.load_default(text.size * times)
        shown = text.text.translate({ord("…"): "..."})
        if not text.upright:
            pen.text((times * text.x, times * text.y), shown, INK, font, anchors[text.place])
            continue
        box = [math.ceil(value) for value in font.getbbox(shown, anchor="ls")]
        label = Image.new("RGB", (box[2], box[3] - box[1]), GROUND)
        ImageDraw.Draw(label).text((0, -box[1]), shown, INK, font, "ls")
        label = label.transpose(Image.Transpose.ROTATE_90)
        image.paste(label, (round(times * text.x) + box[1], round(times * text.y) - label.height // 2))
    file = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
    return file.getvalue()
