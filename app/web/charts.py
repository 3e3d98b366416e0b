"""Scatter plots, mostly of values per lumisection, as SVG or PNG.

The server draws them, so that an e-log or a script gets them from a stable address without a browser. A plot becomes a
scene (lines, dots and texts in pixels) first; both formats draw the scene.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

WIDTH, HEIGHT = 900, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 16, 62, 46
"""Margins around the frame, pixels."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7a5195", "#4d4d4d")
"""Colours of Okabe and Ito, which people with colour blindness can distinguish, and two more."""

INK, LINES, GROUND = "#17202b", "#d3dae3", "#ffffff"

DOT_RADIUS = 2.2
"""Pixels."""

PNG_SCALE = 2
"""A PNG is drawn so many times larger and then reduced, for smooth edges."""

MIN_SPAN = 1e-12
"""The smallest difference between the ends of an axis."""

MAX_VALUE = 1e15
"""Larger values are not drawn: documents can contain anything."""

MAX_LEGEND_CHARS = 60

LUMISECTION = "Lumisection"
"""Title of an axis with whole numbers only."""

EMPTY_TEXT = "No data for this run yet"


class ChartSeries(NamedTuple):
    """Points with one name and colour."""

    name: str
    points: Sequence[tuple[float, float]]  # x, y


class Figure(NamedTuple):
    """A plot."""

    title: str
    y: str  # title of the y axis with its unit
    series: Sequence[ChartSeries]
    x: str = LUMISECTION  # title of the x axis with its unit


class ChartText(NamedTuple):
    """A text of a scene."""

    x: float
    y: float  # of the base line
    text: str
    anchor: str = "start"  # part of the text that is at x: start, middle or end
    size: int = 12
    is_upright: bool = False  # turned by 90 degrees


class Dots(NamedTuple):
    """Dots of a scene in one colour."""

    colour: str
    points: list[tuple[float, float]]


class Scene(NamedTuple):
    """Shapes in pixels from the upper left corner."""

    lines: Sequence[tuple[float, float, float, float]]  # x1, y1, x2, y2
    texts: list[ChartText]
    dots: list[Dots]


def ticks(low: float, high: float, most: int = 8, min_step: float = 0.0) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`.

    Args:
        most: Approximate number of steps; a step is 1, 2 or 5 times a power of ten.
        min_step: Smallest step.
    """
    span = high - low if high - low > MIN_SPAN else max(abs(high), 1.0)
    raw = max(span / most, min_step)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, max(last, first + 1) + 1)]


def linear_scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """A function from values between `low` and `high` to pixels between `start` and `end`; the middle if both values are equal."""

    part = 1.0 if math.isfinite(high - low) else 0.5  # of values so far apart that their difference is no number

    def scale(value: float) -> float:
        fraction = (value * part - low * part) / (high * part - low * part) if high > low else 0.5
        return round(start + (end - start) * fraction, 1)

    return scale


def tick_text(value: float) -> str:
    """A number at an axis."""
    return f"{value:,.6g}"


def scene(figure: Figure) -> Scene:
    """The shapes of a plot with its axes and legend; an empty plot has a text that it is empty."""
    series = [[(x, y) for x, y in one.points if max(abs(x), abs(y)) < MAX_VALUE] for one in figure.series]
    points = [point for one in series for point in one]
    xs = ticks(0, max((x for x, _ in points), default=10), min_step=1.0 if figure.x == LUMISECTION else 0.0)
    ys = ticks(min((y for _, y in points), default=0), max((y for _, y in points), default=1))
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    at_x, at_y = linear_scale(xs[0], xs[-1], LEFT, right), linear_scale(ys[0], ys[-1], bottom, TOP)
    lines = [(at_x(x), TOP, at_x(x), bottom) for x in xs] + [(LEFT, at_y(y), right, at_y(y)) for y in ys]
    texts = [ChartText(at_x(x), bottom + 16, tick_text(x), "middle") for x in xs]
    texts += [ChartText(LEFT - 6, at_y(y) + 4, tick_text(y), "end") for y in ys]
    texts += _titles(figure, is_empty=not points)
    dots = [Dots(COLOURS[index % len(COLOURS)], [(at_x(x), at_y(y)) for x, y in one]) for index, one in enumerate(series)]
    _add_legend(figure, texts, dots)
    return Scene(lines, texts, dots)


def _titles(figure: Figure, is_empty: bool) -> list[ChartText]:
    middle_x, middle_y = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    texts = [
        ChartText(LEFT, 20, figure.title, size=15),
        ChartText(middle_x, HEIGHT - 8, figure.x, "middle"),
        ChartText(16, middle_y, figure.y, "middle", is_upright=True),
    ]
    return [*texts, ChartText(middle_x, middle_y, EMPTY_TEXT, "middle", 15)] if is_empty else texts


def _add_legend(figure: Figure, texts: list[ChartText], dots: list[Dots]) -> None:
    x, y = float(LEFT), 36.0
    for series, drawn in zip(figure.series, dots, strict=True):
        name = series.name if len(series.name) <= MAX_LEGEND_CHARS else series.name[: MAX_LEGEND_CHARS - 1] + "…"
        width = 22 + 7.0 * len(name)
        if x + width > WIDTH - RIGHT and x > LEFT:
            x, y = float(LEFT), y + 15
        drawn.points.append((x + 4, y))
        texts.append(ChartText(x + 13, y + 4, name))
        x += width


def svg(figure: Figure) -> str:
    """A plot as an SVG document. Names are escaped."""
    shapes = scene(figure)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" role="img" aria-label="{_escaped(figure.title)}">',
        f"<title>{_escaped(figure.title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{GROUND}"/>',
        f'<path d="{"".join(f"M{x1} {y1}L{x2} {y2}" for x1, y1, x2, y2 in shapes.lines)}" stroke="{LINES}"/>',
        *map(_svg_dots, shapes.dots),
        *map(_svg_text, shapes.texts),
    ]
    return "".join(parts) + "</svg>\n"


def _svg_dots(dots: Dots) -> str:
    path = "".join(f"M{x} {y}h0" for x, y in dots.points)  # a line without length but with round ends is a dot
    return f'<path d="{path}" fill="none" stroke="{dots.colour}" stroke-width="{2 * DOT_RADIUS}" stroke-linecap="round"/>'


def _svg_text(text: ChartText) -> str:
    turn = f' transform="rotate(-90 {text.x} {text.y})"' if text.is_upright else ""
    attributes = f'x="{text.x}" y="{text.y}" text-anchor="{text.anchor}" font-size="{text.size}" fill="{INK}"{turn}'
    return f"<text {attributes}>{_escaped(text.text)}</text>"


def _escaped(text: str) -> str:
    """A text of an XML document, which must not contain control characters."""
    return escape("".join(letter if letter.isprintable() else "\ufffd" for letter in text))


def png(figure: Figure) -> bytes:
    """A plot as a PNG."""
    from PIL import Image, ImageDraw  # takes long to import

    shapes = scene(figure)
    image = Image.new("RGB", (WIDTH * PNG_SCALE, HEIGHT * PNG_SCALE), GROUND)
    pen = ImageDraw.Draw(image)
    for line in shapes.lines:
        pen.line([PNG_SCALE * value for value in line], fill=LINES, width=PNG_SCALE)
    for dots in shapes.dots:
        for x, y in dots.points:
            pen.circle((PNG_SCALE * x, PNG_SCALE * y), PNG_SCALE * DOT_RADIUS, fill=dots.colour)
    for text in shapes.texts:
        _png_text(image, pen, text)
    file = io.BytesIO()
    image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS).save(file, "PNG", optimize=True)
    return file.getvalue()


def _png_text(image: Image, pen: ImageDraw, text: ChartText) -> None:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(text.size * PNG_SCALE)
    letters = text.text.translate({ord("…"): "..."})
    if not text.is_upright:
        anchors = {"start": "ls", "middle": "ms", "end": "rs"}
        pen.text((PNG_SCALE * text.x, PNG_SCALE * text.y), letters, INK, font, anchors[text.anchor])
        return
    box = [math.ceil(value) for value in font.getbbox(letters, anchor="ls")]
    label = Image.new("RGB", (box[2], box[3] - box[1]), GROUND)
    ImageDraw.Draw(label).text((0, -box[1]), letters, INK, font, "ls")
    label = label.transpose(Image.Transpose.ROTATE_90)
    image.paste(label, (round(PNG_SCALE * text.x) + box[1], round(PNG_SCALE * text.y) - label.height // 2))
