"""Plots with references: overlays, ratios, stacks and their statistics boxes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from render.client import Request
from tests.render import pictures
from tests.render.conftest import Draw
from tests.render.service import Service

pytestmark = pytest.mark.slow

BLUE, ORANGE = (0, 51, 255), (255, 102, 0)  # ROOT's kAzure and kOrange + 7


def is_near(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 16 for a, b in zip(one, other, strict=True))


def near(picture: pictures.Picture, colour: tuple[int, int, int]) -> set[tuple[int, int, int]]:
    """The colours of a picture that are a colour."""
    return {each for each in picture.colours if is_near(each, colour)}


def share_of(picture: pictures.Picture, colour: tuple[int, int, int], top: float, bottom: float) -> float:
    """The fraction of pixels of a colour between two heights, 0 at the top and 1 at the bottom."""
    rows = picture.pixels[int(top * picture.height) * picture.width : int(bottom * picture.height) * picture.width]
    wanted = near(picture, colour)
    return sum(pixel in wanted for pixel in rows) / len(rows)


def ink(picture: pictures.Picture, colour: tuple[int, int, int], left: float = 0, right: float = 1) -> set[tuple[int, int]]:
    """Column and row of each pixel of a colour between two columns, as fractions of the width."""
    columns = range(int(left * picture.width), int(right * picture.width))
    wanted = near(picture, colour)
    return {(x, y) for y in range(picture.height) for x in columns if picture.pixels[y * picture.width + x] in wanted}


def in_boxes(picture: pictures.Picture, colour: tuple[int, int, int] = BLUE) -> set[tuple[int, int]]:
    """The pixels of a colour in the statistics boxes at the right."""
    return ink(picture, colour, 0.905)


def label(text: str) -> str:
    """Text encoded for a specification."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_ratios_are_drawn_below_the_plot(draw: Draw) -> None:
    picture = draw("TH1F", "reference", "higher", spec="w=600;h=400;ref=ratiooverlay;norm=False")
    assert share_of(picture, BLUE, 0.7, 0.95) > 0.005
    assert share_of(picture, ORANGE, 0.7, 0.95) > 0.005
    assert picture.differing_share(draw("TH1F", "reference", "higher", spec="w=600;h=400;norm=False")) > 0.05


def test_stack_is_scaled_to_the_area_of_the_plot(draw: Draw) -> None:
    picture = draw("TH1F", "reference", "higher", spec="w=600;h=400;ref=stacked")
    assert share_of(picture, BLUE, 0.1, 0.9) > 0.01
    assert share_of(picture, ORANGE, 0.1, 0.9) > 0.1


def test_ratios_have_error_bars_without_any_option(draw: Draw) -> None:
    spec = "w=600;h=400;ref=ratiooverlay;showstats=0"
    ratios = ink(draw("TH1F", "reference", spec=spec), BLUE)
    columns = {x: {y for column, y in ratios if column == x and y > 0.72 * 400} for x, _ in ratios}
    assert max(map(len, columns.values())) > 40, "the bars of the tails, where the errors are larger than the panel"


@pytest.mark.parametrize("ref", ["overlay", "ratiooverlay", "stacked"])
@pytest.mark.parametrize("size", [(266, 200), (600, 400)])
def test_references_do_not_cover_the_statistics_of_the_plot(draw: Draw, ref: str, size: tuple[int, int]) -> None:
    width, height = size
    picture = draw("rising", "rising", spec=f"w={width};h={height};ref={ref}")
    box = {(x, y) for x, y in ink(picture, BLUE, 0.8, 0.97) if 0.02 * height < y < 0.13 * height}
    assert not box
    assert ink(picture, BLUE)


@pytest.mark.parametrize("names", [("negative", "TH1F"), ("TH1F", "negative")])
def test_a_reference_whose_area_has_the_other_sign_is_not_turned_upside_down(draw: Draw, names: tuple[str, str]) -> None:
    spec = "w=600;h=400;showstats=0"
    assert draw(*names, spec=spec).differing_share(draw(*names, spec=f"{spec};norm=False")) == 0


@pytest.mark.parametrize("errors", [0, 1])
def test_plot_is_visible_over_the_stack(draw: Draw, errors: int) -> None:
    picture = draw("TH1F", "higher", spec=f"w=600;h=400;ref=stacked;norm=False;showstats=0;showerrbars={errors}")
    assert len({x for x, y in ink(picture, (0, 0, 0), 0.15, 0.85) if 60 < y < 358}) > 0.65 * 600


@pytest.mark.parametrize("ref", ["ratiooverlay", "stacked"])
def test_references_with_other_bins_are_named_in_a_note(draw: Draw, ref: str) -> None:
    both = draw("TH1F", "coarse", spec=f"w=600;h=400;ref={ref}")
    assert share_of(both, BLUE, 0.7 if ref == "ratiooverlay" else 0.1, 1) > 0.0005


@pytest.mark.parametrize("ref", ["ratiooverlay", "stacked"])
def test_missing_reference_does_not_change_the_colours_of_others(service: Service, request_for: Callable[..., Request], ref: str) -> None:
    complete = request_for("TH1F", "reference", "higher", spec=f"w=600;h=400;ref={ref};norm=False")
    request = Request(name=complete.name, spec=complete.spec, objects=[complete.objects[0], (b"", 0), complete.objects[2]])
    response = service.client.render(request)
    assert response.code == 0, service.log
    picture = pictures.read(response.image)
    assert share_of(picture, BLUE, 0, 1) == 0
    assert share_of(picture, ORANGE, 0, 1) > 0.002


@pytest.mark.parametrize("name", ["TH2F", "TProfile", "TProfile2D"])
def test_objects_without_ratio_are_drawn_as_an_overlay(draw: Draw, name: str) -> None:
    assert draw(name, name, spec="w=400;h=300;ref=ratiooverlay").differing_share(draw(name, name)) == 0


@pytest.mark.parametrize("name", ["TH2F", "TProfile", "TProfile2D"])
def test_unsupported_stack_is_drawn_as_text(draw: Draw, name: str) -> None:
    assert len(draw(name, name, spec="w=400;h=300;ref=stacked").colours) < 40


@pytest.mark.parametrize("ref", ["overlay", "ratiooverlay", "stacked"])
@pytest.mark.parametrize("name", ["empty", "nan", "TH1S", "higher", "words", "TH3F"])
def test_any_object_can_be_a_reference(draw: Draw, ref: str, name: str) -> None:
    assert len(draw("TH1F", name, spec=f"w=266;h=200;ref={ref};showerrbars=1;ktest=0.5;ytype=log").colours) > 4


def test_statistics_boxes_of_ten_objects_stay_on_the_canvas(draw: Draw) -> None:
    picture = draw("TH1F", *["reference"] * 9, spec="w=600;h=400")
    bottom_row = picture.pixels[-picture.width :]
    assert len(set(bottom_row)) == 1
    ninth = (0, 0, 153)  # kBlue + 2
    assert share_of(picture, ninth, 0.85, 1) > 0.0005


def test_kolmogorov_probability_is_written(draw: Draw) -> None:
    with_test = draw("TH1F", "reference", spec="w=600;h=400;ktest=0.05")
    assert with_test.differing_share(draw("TH1F", "reference", spec="w=600;h=400")) > 0.0001
    assert draw("TH1F", "coarse", spec="w=600;h=400;ktest=0.05").differing_share(draw("TH1F", "coarse", spec="w=600;h=400")) == 0


@pytest.fixture
def label_width(draw: Draw) -> Callable[[str], int]:
    """Draws a label in a plot 1,000 pixels wide and returns its width in pixels."""

    def width(text: str) -> int:
        spec = f"w=1000;h=600;reflabel1={label(text)}"
        without = draw("TH1F", "reference", spec="w=1000;h=600;reflabel1=%20")
        rows = range(int(0.17 * 600), int(0.2 * 600))
        inked = {x for x, y in ink(draw("TH1F", "reference", spec=spec), BLUE, 0.785, 1) if y in rows}
        assert not {x for x, y in ink(without, BLUE, 0.785, 1) if y in rows}
        return max(inked) - min(inked) + 1 if inked else 0

    return width


@pytest.mark.parametrize(
    ("text", "plain_text"),
    [
        ("x#alpha", "xnalpha"),
        ("a_{b}", "a_nbn"),
        ("a^{b}c", "anxbxc"),
        ("#splitline{a}{b}", "nsplitlinexaxxbx"),
        ("größer µΩ", "grosser uO"),
        ("%s%n", "ws wn"),
    ],
)
def test_formulas_in_labels_are_literal_text(label_width: Callable[[str], int], text: str, plain_text: str) -> None:
    assert label_width(text) == pytest.approx(label_width(plain_text), rel=0.25)


def test_long_label_is_shortened_in_the_middle_to_fit_its_box(draw: Draw) -> None:
    def draw_label(text: str) -> pictures.Picture:
        return draw("TH1F", "reference", spec=f"w=600;h=400;reflabel1={label(text)}")

    complete = draw_label("/ZeroBias/Run2023C-PromptReco-v1/DQMIO")
    assert not ink(complete, BLUE, 0.978)
    for other in ("/JetMET/Run2023C-PromptReco-v1/DQMIO", "/ZeroBias/Run2023C-PromptReco-v1/RAW"):
        assert complete.differing_share(draw_label(other)) > 0
    assert complete.differing_share(draw_label("/ZeroBias/Run2022F-PromptReco-v1/DQMIO")) == 0
    draw_label("/" + "x" * 100_000)


@pytest.mark.parametrize("ref", ["overlay", "ratiooverlay"])
@pytest.mark.parametrize(("name", "axis"), [("negative", "lin"), ("faint", "log"), ("higher", "lin"), ("higher", "log")])
def test_content_range_includes_references_below_and_above_the_plot(draw: Draw, ref: str, name: str, axis: str) -> None:
    picture = draw("TH1F", name, spec=f"w=600;h=400;norm=False;showstats=0;ytype={axis};ref={ref}")
    bottom = (0.9 if ref == "overlay" else 0.7) * picture.height
    seen = {x for x, y in ink(picture, BLUE, 0.1, 0.9) if y < bottom}
    alone = draw("reference", "reference", spec=f"w=600;h=400;norm=False;showstats=0;ref={ref}")
    assert len(seen) > 0.9 * len({x for x, y in ink(alone, BLUE, 0.1, 0.9) if y < bottom})


@pytest.mark.parametrize("name", ["negative", "faint"])
def test_requested_limits_are_not_widened_by_references(draw: Draw, name: str) -> None:
    spec = "w=600;h=400;norm=False;showstats=0;ymin=2;ymax=50"
    assert not {y for _, y in ink(draw("TH1F", name, spec=spec), BLUE, 0.3, 0.5) if 50 < y < 340}


def test_content_range_follows_the_displayed_part_of_a_reference(draw: Draw) -> None:
    spec = "w=600;h=400;norm=False;showstats=0;xmin=80;xmax=99"
    assert len(ink(draw("TH1F", "higher", spec=spec), BLUE, 0.1, 0.9)) > 200
    top = min(y for _, y in ink(draw("TH1F", "higher", spec=spec), BLUE, 0.1, 0.9))
    assert top < 0.3 * 400


def test_reference_profile_has_a_statistics_box(draw: Draw) -> None:
    assert len(in_boxes(draw("TProfile", "TProfile", spec="w=600;h=400;reflabel1=Reference that is a profile"))) > 50
    assert not in_boxes(draw("TProfile", "TProfile", spec="w=600;h=400;reflabel1=Reference that is a profile;showstats=0"))


@pytest.mark.parametrize("ref", ["overlay", "ratiooverlay", "stacked"])
@pytest.mark.parametrize("references", [1, 9])
def test_letters_in_small_plots_are_at_least_eight_pixels_high(draw: Draw, ref: str, references: int) -> None:
    labels = "".join(f";reflabel{i}=H" for i in range(1, references + 1))
    picture = draw("TH1F", *["reference"] * references, spec=f"w=266;h=200;ref={ref};showstats=1" + labels)
    bluish = {
        y for y in range(60) for x in range(int(0.713 * 266), 266) for red, green, blue in [picture.pixels[y * 266 + x]] if blue > red + 60
    }
    capital = next(height for height in range(20) if min(bluish) + height not in bluish)
    assert capital >= 5
