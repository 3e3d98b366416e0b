"""Ratios, stacks and comparisons: what is drawn of a plot and its references together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from render.client import Request
from tests.render import pictures
from tests.render.conftest import Draw
from tests.render.service import Service

BLUE, ORANGE = (0, 51, 255), (255, 102, 0)  # ROOT's kAzure and kOrange + 7


def near(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 16 for a, b in zip(one, other, strict=True))


def share_of(picture: pictures.Picture, colour: tuple[int, int, int], top: float, bottom: float) -> float:
    """The share of a colour among the pixels between two heights, 0 at the top and 1 at the bottom."""
    rows = picture.pixels[int(top * picture.height) * picture.width : int(bottom * picture.height) * picture.width]
    return sum(near(pixel, colour) for pixel in rows) / len(rows)


def test_ratios_are_drawn_below_the_plot(draw: Draw) -> None:
    picture = draw("TH1F", "reference", "higher", spec="w=600;h=400;ref=ratiooverlay;norm=False")
    assert share_of(picture, BLUE, 0.7, 0.95) > 0.005
    assert share_of(picture, ORANGE, 0.7, 0.95) > 0.005
    assert picture.share_that_differs(draw("TH1F", "reference", "higher", spec="w=600;h=400;norm=False")) > 0.05


def test_a_stack_fills_the_area_of_the_plot(draw: Draw) -> None:
    picture = draw("TH1F", "reference", "higher", spec="w=600;h=400;ref=stacked")
    assert share_of(picture, BLUE, 0.1, 0.9) > 0.01
    assert share_of(picture, ORANGE, 0.1, 0.9) > 0.1


@pytest.mark.parametrize("way", ["ratiooverlay", "stacked"])
def test_other_bins_are_said_and_bring_nothing_down(draw: Draw, way: str) -> None:
    both = draw("TH1F", "coarse", spec=f"w=600;h=400;ref={way}")
    assert share_of(both, BLUE, 0.7 if way == "ratiooverlay" else 0.1, 1) > 0.0005


@pytest.mark.parametrize("way", ["ratiooverlay", "stacked"])
def test_a_missing_reference_leaves_the_others_their_colours(service: Service, request_for: Callable[..., Request], way: str) -> None:
    whole = request_for("TH1F", "reference", "higher", spec=f"w=600;h=400;ref={way};norm=False")
    holed = Request(name=whole.name, spec=whole.spec, objects=[whole.objects[0], (b"", 0), whole.objects[2]])
    rendered = service.client.render(holed)
    assert rendered.code == 0, service.log
    picture = pictures.read(rendered.image)
    assert share_of(picture, BLUE, 0, 1) == 0
    assert share_of(picture, ORANGE, 0, 1) > 0.002


@pytest.mark.parametrize("name", ["TH2F", "TProfile", "TProfile2D"])
def test_what_has_no_ratio_is_drawn_as_an_overlay(draw: Draw, name: str) -> None:
    assert draw(name, name, spec="w=400;h=300;ref=ratiooverlay").share_that_differs(draw(name, name)) == 0


@pytest.mark.parametrize("name", ["TH2F", "TProfile", "TProfile2D"])
def test_what_cannot_be_stacked_says_so(draw: Draw, name: str) -> None:
    assert len(draw(name, name, spec="w=400;h=300;ref=stacked").colours) < 40


@pytest.mark.parametrize("way", ["overlay", "ratiooverlay", "stacked"])
@pytest.mark.parametrize("name", ["empty", "nan", "TH1S", "higher", "words", "TH3F"])
def test_any_reference_can_be_asked_for(draw: Draw, way: str, name: str) -> None:
    assert len(draw("TH1F", name, spec=f"w=266;h=200;ref={way};showerrbars=1;ktest=0.5;ytype=log").colours) > 4


def test_ten_objects_keep_their_boxes_on_the_canvas(draw: Draw) -> None:
    picture = draw("TH1F", *["reference"] * 9, spec="w=600;h=400")
    bottom_row = picture.pixels[-picture.width :]
    assert len(set(bottom_row)) == 1
    ninth = (0, 0, 153)  # kBlue + 2
    assert share_of(picture, ninth, 0.85, 1) > 0.0005


def test_the_probability_that_both_are_alike_is_written(draw: Draw) -> None:
    tested = draw("TH1F", "reference", spec="w=600;h=400;ktest=0.05")
    assert tested.share_that_differs(draw("TH1F", "reference", spec="w=600;h=400")) > 0.0001
    assert draw("TH1F", "coarse", spec="w=600;h=400;ktest=0.05").share_that_differs(draw("TH1F", "coarse", spec="w=600;h=400")) == 0
