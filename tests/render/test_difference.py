"""Differences of two histograms."""

from __future__ import annotations

import pytest

from tests.render.conftest import Draw
from tests.render.test_references import ink

SPEC = "w=300;h=200;showstats=0"


def test_difference_of_equal_histograms_is_empty(draw: Draw) -> None:
    difference = draw("TH2F", "TH2F", spec=f"{SPEC};ref=difference")
    assert difference.differing_share(draw("TH2F", spec=SPEC)) > 0.1
    assert len(difference.colours) < len(draw("TH2F", spec=SPEC).colours) / 2


def test_difference_is_negative_where_the_reference_is_larger(draw: Draw) -> None:
    """The reference is seven times the plot, so the difference is minus six times the plot."""
    heights = {}
    for name, picture in {
        "plot": draw("TH1F", spec=SPEC),
        "left": draw("TH1F", "higher", spec=f"{SPEC};ref=difference;norm=False"),
    }.items():
        within = [(x, y) for x, y in ink(picture, (0, 0, 0), 0.15, 0.88) if 22 < y < 178]  # inside the frame and its marks
        heights[name] = {column: [y for x, y in within if abs(x - column) < 5] for column in (126, 240)}
    assert min(heights["plot"][126]) < min(heights["plot"][240]) - 60, "the peak is above the rest"
    assert max(heights["left"][126]) > max(heights["left"][240]) + 60, "the peak is below the rest"


def test_a_difference_is_that_from_the_reference_scaled_to_the_area_of_the_plot(draw: Draw) -> None:
    """The reference is seven times the plot: scaled to its area it is the plot itself, so nothing is left."""
    scaled = draw("TH1F", "higher", spec=f"{SPEC};ref=difference")
    nothing_left = draw("TH1F", "TH1F", spec=f"{SPEC};ref=difference;norm=False")
    assert scaled.differing_share(nothing_left) < 0.002  # rounding can move an error bar by a pixel
    assert scaled.differing_share(draw("TH1F", "higher", spec=f"{SPEC};ref=difference;norm=False")) > 0.01


def test_profiles_and_efficiencies_are_subtracted_as_they_are(draw: Draw) -> None:
    """Means and efficiencies have no area."""
    profile = [draw("TProfile", "TProfile", spec=f"{SPEC};ref=difference{norm}") for norm in ("", ";norm=False")]
    assert profile[0] == profile[1]
    efficiency = [draw("TH1F", "higher", spec=f"{SPEC};ref=difference{norm}", flags=0x200010) for norm in ("", ";norm=False")]
    assert efficiency[0] == efficiency[1]


def test_difference_is_drawn_for_every_class(draw: Draw) -> None:
    for kind in ("TH1S", "TH1I", "TH2S", "TH2D", "TH3F", "TProfile", "TProfile2D"):
        assert draw(kind, kind, spec=f"{SPEC};ref=difference").differing_share(draw(kind, spec=SPEC)) > 0.002, kind


def test_difference_without_comparable_reference_is_drawn_as_text(draw: Draw) -> None:
    other_bins = draw("TH1F", "coarse", spec=f"{SPEC};ref=difference")
    nothing = draw("TH1F", spec=f"{SPEC};ref=difference")
    other_kind = draw("TH1F", "TH2F", spec=f"{SPEC};ref=difference")
    assert other_bins.pixels == other_kind.pixels
    assert len({tuple(picture.pixels) for picture in (other_bins, nothing, draw("TH1F", spec=SPEC))}) == 3


def test_maps_with_different_edges_are_not_subtracted(draw: Draw) -> None:
    assert draw("TH2F", "taller2d", spec=f"{SPEC};ref=difference") == draw("TH2F", "TH1F", spec=f"{SPEC};ref=difference")


def test_polygon_maps_are_subtracted_polygon_by_polygon(draw: Draw) -> None:
    assert draw("TH2Poly", "lowpoly", spec=f"{SPEC};ref=difference;norm=False") == draw("leftpoly", spec=SPEC)
    assert draw("TH2Poly", "emptypoly", spec=f"{SPEC};ref=difference") == draw("TH2Poly", "TH1F", spec=f"{SPEC};ref=difference")


@pytest.mark.parametrize("limit", ["xmin=3", "ymin=3", "ymax=5", "ymin=-1;ymax=5e-324", "ymin=2;ymax=8"])
def test_limits_of_axes_apply_to_the_difference_of_two_maps_of_means(draw: Draw, limit: str) -> None:
    same = "TProfile2D", "TProfile2D"
    cut = draw(*same, spec=f"{SPEC};ref=difference;{limit}")
    if "ymin=-1" not in limit:  # which does not cut, since the axis starts at 0
        assert cut != draw(*same, spec=f"{SPEC};ref=difference")


def test_contents_below_0_without_stored_errors_have_a_difference_without_nans(draw: Draw) -> None:
    red_brown = [pixel for pixel in draw("below", "below 2", spec=f"{SPEC};ref=difference;norm=False").pixels if pixel == (102, 0, 0)]
    assert not red_brown


def test_a_reference_of_negative_area_is_scaled_to_the_plot_as_well(draw: Draw) -> None:
    """The reference is half of the plot: scaled to its area it is the plot itself, so nothing is left."""
    scaled = draw("below", "below 2", spec=f"{SPEC};ref=difference;drawopts=HIST")
    assert scaled.differing_share(draw("below", "below", spec=f"{SPEC};ref=difference;norm=False;drawopts=HIST")) < 0.002
