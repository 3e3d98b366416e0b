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
