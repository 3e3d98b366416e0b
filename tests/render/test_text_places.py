"""Where texts stand in plots, read from their SVG, which has the same layout as the PNG: none covers another or leaves its box."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest

from render.client import Request
from tests.render.service import Service

pytestmark = pytest.mark.slow

SIZES = [(266, 200), (600, 400), (1200, 800)]
GENERIC = {"serif", "sans-serif", "monospace", "fantasy"}  # families that every viewer of SVG has
ASCENT, DESCENT = 0.75, 0.2  # of letters, in units of the font size
ONE_PIXEL = 1
SLANT = 0.35  # of labels that ROOT turns by 20 degrees: sin(20°)


@dataclass(frozen=True)
class Text:
    """A text in an SVG: its left end and baseline, and its length, in pixels. A rotated one reads upwards."""

    letters: str
    x: float
    y: float
    length: float
    size: float
    rotated: bool
    families: list[str]


@dataclass(frozen=True)
class Drawing:
    texts: list[Text]
    boxes: list[tuple[float, float, float, float]]  # left, top, right and bottom of statistics boxes


def texts_below(parent: ElementTree.Element, rotated: bool = False) -> Iterator[Text]:
    for element in parent:
        name, attributes = element.tag.rpartition("}")[2], element.attrib
        if name == "text":
            x, y, length, size = (float(attributes[key]) for key in ("x", "y", "textLength", "font-size"))
            yield Text(element.text or "", x, y, length, size, rotated, [part.strip() for part in attributes["font-family"].split(",")])
        elif name == "g":
            yield from texts_below(element, rotated or attributes.get("transform", "").startswith("rotate(-90"))


def outlines(svg: ElementTree.Element) -> Iterator[tuple[float, float, float, float]]:
    for element in svg.iter("{http://www.w3.org/2000/svg}rect"):
        if element.get("fill") == "none":
            left, top, width, height = (float(element.get(key, "")) for key in ("x", "y", "width", "height"))
            if width < float(svg.get("width", "")) / 2:  # else the frame of the plot
                yield left, top, left + width, top + height


@pytest.fixture
def read(service: Service, request_for: Callable[..., Request]) -> Callable[..., Drawing]:
    def drawing(*names: str, spec: str) -> Drawing:
        response = service.client.render(request_for(*names, spec=f"{spec};format=svg"))
        assert response.code == 0, service.log
        svg = ElementTree.fromstring(response.image)
        return Drawing(list(texts_below(svg)), list(outlines(svg)))

    return drawing


@pytest.mark.parametrize("name", ["TH1F", "TH2F", "utf-8", "greek formula"])
def test_svg_names_a_font_that_every_viewer_has_for_each_text(read: Callable[..., Drawing], name: str) -> None:
    texts = read(name, spec="w=600;h=400").texts
    assert texts
    assert {text.families[-1] for text in texts} <= GENERIC


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("names", [("TH1F",), ("TProfile",), ("TH2F",), ("TH1F", "reference", "higher")])
def test_texts_stay_in_their_statistics_boxes_with_any_font(
    read: Callable[..., Drawing], names: tuple[str, ...], size: tuple[int, int]
) -> None:
    width, height = size
    drawing = read(*names, spec=f"w={width};h={height};reflabel1={'long label ' * 9}")
    boxed = 0
    for left, top, right, bottom in drawing.boxes:
        for text in drawing.texts:
            if left <= text.x < right and top < text.y < bottom and not text.rotated:
                boxed += 1
                assert text.x + text.length <= right + ONE_PIXEL, text.letters
    assert boxed >= 4


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "spec", ["", "ytype=log", "ref=ratiooverlay", "ref=ratiooverlay;ytype=log", "ref=stacked", "ref=stacked;ytype=log"]
)
@pytest.mark.parametrize("name", ["TH1F", "numerous", "faint"])
def test_the_y_title_stands_beside_the_numbers_and_in_the_picture(
    read: Callable[..., Drawing], name: str, spec: str, size: tuple[int, int]
) -> None:
    width, height = size
    texts = read(name, "reference", spec=f"w={width};h={height};{spec}").texts
    titles = [text for text in texts if text.rotated]
    numbers = min(text.x for text in texts if not text.rotated and re.fullmatch(r"[\d.×−-]+", text.letters.strip()))
    assert sorted(title.letters for title in titles) == (["Entries", "Ratio"] if "ratio" in spec else ["Entries"])
    for title in titles:
        assert title.x + DESCENT * title.size <= numbers + ONE_PIXEL
        assert title.x - ASCENT * title.size >= 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", ["", ";ytype=log"])
@pytest.mark.parametrize("name", ["untitled", "untitled zero", "untitled large", "long titles"])
def test_the_title_of_ratios_stands_in_the_picture_whatever_the_plot_above_has(
    read: Callable[..., Drawing], name: str, scale: str, size: tuple[int, int]
) -> None:
    width, height = size
    texts = read(name, name, spec=f"w={width};h={height};ref=ratiooverlay{scale}").texts
    (ratio,) = [text for text in texts if text.letters == "Ratio"]
    assert ratio.x - ASCENT * ratio.size >= 0


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("reference", ["object", "ratiooverlay", "stacked"])
def test_titles_of_axes_that_are_too_long_are_shortened_in_the_middle(
    read: Callable[..., Drawing], reference: str, size: tuple[int, int]
) -> None:
    width, height = size
    texts = read("long titles", "long titles 2", spec=f"w={width};h={height};ref={reference}").texts
    (across,) = [text for text in texts if text.letters.startswith("Charge")]
    (upwards,) = [text for text in texts if text.letters.startswith("Number of")]
    assert "..." in across.letters
    assert across.x >= 0
    assert across.x + across.length <= width
    assert upwards.letters.endswith("barrel")
    assert upwards.y <= height
    below = [text.y - text.length for text in texts if text.letters == "Ratio"]  # the upper end of the title of the panel below
    assert upwards.y <= min(below, default=height)


@pytest.mark.parametrize("size", SIZES)
def test_the_power_of_ten_of_a_ratio_plot_stands_below_its_title(read: Callable[..., Drawing], size: tuple[int, int]) -> None:
    width, height = size
    texts = read("long titles", "long titles 2", spec=f"w={width};h={height};ref=ratiooverlay").texts
    title = next(text for text in texts if text.letters == "Long")
    power = min(text.y - ASCENT * text.size for text in texts if text.letters.strip() in ("3", "10"))
    assert power >= title.y


@pytest.mark.parametrize("size", SIZES)
def test_bin_labels_below_a_map_stay_in_the_picture_and_clear_of_the_title(read: Callable[..., Drawing], size: tuple[int, int]) -> None:
    width, height = size
    texts = read("labelled map", spec=f"w={width};h={height}").texts
    (title,) = [text for text in texts if text.letters == "Module"]
    labels = [text.y + SLANT * text.length for text in texts if text.letters.startswith("BPix")]  # their lower ends
    assert len(labels) == 12
    assert max(labels) <= title.y - ASCENT * title.size + ONE_PIXEL
    assert title.y <= height
