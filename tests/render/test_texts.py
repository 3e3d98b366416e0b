"""Titles and labels of histograms: their letters, and texts of any length."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from render.client import Request
from tests.render.conftest import Draw
from tests.render.service import Service

pytestmark = pytest.mark.slow

LONGEST = 500
"""Bytes of a text that are drawn, and labels of an axis, before they are limited."""


@pytest.fixture
def written(service: Service, request_for: Callable[..., Request]) -> Callable[[str], list[str]]:
    """Draws an object as SVG and returns its texts."""

    def texts(name: str) -> list[str]:
        response = service.client.render(request_for(name, spec="w=600;h=400;format=svg"))
        assert response.code == 0, service.log
        return [element.text or "" for element in ElementTree.fromstring(response.image).iter("{http://www.w3.org/2000/svg}text")]

    return texts


def test_utf8_titles_and_bin_labels_are_drawn_like_the_same_letters_in_the_encoding_of_root(draw: Draw) -> None:
    spec = "w=600;h=400;showstats=0"  # the statistics box contains the name, which differs
    assert draw("utf-8", spec=spec).differing_share(draw("latin-1", spec=spec)) == 0


def test_letters_beyond_latin_are_written_as_such_in_svg(written: Callable[[str], list[str]]) -> None:
    assert {"τ → 3µ", "Δφ", "χ²"} <= {text.strip() for text in written("greek")}


def test_formulas_with_symbols_stay_formulas(written: Callable[[str], list[str]]) -> None:
    assert {"τ", "→", "μ", "χ"} <= {text.strip() for text in written("greek formula")}


@pytest.mark.parametrize("name", ["nested", "formulas", "boxed"])
def test_texts_of_megabytes_cost_no_worker(draw: Draw, name: str) -> None:
    assert len(draw(name, spec="w=600;h=400").colours) > 4


def test_only_so_many_letters_and_labels_are_drawn_as_can_be_read(written: Callable[[str], list[str]]) -> None:
    labels = [text for text in written("many labels") if "µ" in text]
    assert LONGEST / 2 < len(labels) <= LONGEST
    assert all(len(text.encode()) <= LONGEST + len("...") for text in labels)
    numbers = [int(re.findall(r"\d+", text)[0]) for text in labels]
    assert len({after - before for before, after in pairwise(numbers)}) == 1


@pytest.mark.parametrize("name", ["stray brace", "braced"])
def test_long_titles_with_braces_are_cut_where_letters_end(written: Callable[[str], list[str]], name: str) -> None:
    (title,) = {text for text in written(name) if "xx" in text}
    assert LONGEST - 10 < len(title) < LONGEST + 10
