"""Plots of single objects, text and overlays."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import uproot

from render.client import Request
from tests.render import pictures
from tests.render.conftest import Draw
from tests.render.service import Service, scalar_request

CLASSES = [f"TH{dimension}{letter}" for dimension in "123" for letter in "SIFD"] + ["TProfile", "TProfile2D", "TH2Poly"]
WIDTH, HEIGHT = 400, 300  # as in make_objects.py
MAPS = ["TH2S", "TH2I", "TH2F", "TH2D", "TProfile2D"]
BLACK, WHITE = (0, 0, 0), (254, 254, 254)  # ROOT's colour 10 is not exactly white


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_is_drawn_in_the_requested_size(draw: Draw, name: str) -> None:
    picture = draw(name, spec="w=321;h=123")
    assert (picture.width, picture.height) == (321, 123)
    assert picture.indexed
    assert {BLACK, WHITE} <= picture.colours


@pytest.mark.parametrize("name", MAPS)
def test_maps_are_coloured(draw: Draw, name: str) -> None:
    coloured = [pixel for pixel in draw(name).pixels if max(pixel) - min(pixel) > 60]
    assert len(set(coloured)) > 20
    assert len(coloured) > 10_000


@pytest.mark.parametrize(("name", "empty"), [("TH1F", "empty"), ("TH2F", "empty2d")])
def test_content_is_visible(draw: Draw, name: str, empty: str) -> None:
    assert draw(name).differing_share(draw(empty)) > 0.005


@pytest.mark.parametrize("name", ["TH1F", "TH2F", "TProfile", "TH2Poly"])
def test_plot_has_the_same_pixels_as_with_root(draw: Draw, objects: Path, name: str) -> None:
    own = pictures.from_argb((objects / f"{name}.argb").read_bytes(), WIDTH, HEIGHT)
    assert draw(name, spec=f"w={WIDTH};h={HEIGHT}").differing_share(own) == 0


def test_equal_requests_give_equal_bytes_after_other_plots(service: Service, request_for: Callable[..., Request]) -> None:
    request = request_for("TH1F")
    before = service.client.render(request).image
    for other in (request_for("TH2F", spec="w=300;h=200;ztype=log;drawopts=LEGO2"), request_for("TH3F"), scalar_request("42")):
        for _ in range(4):  # often enough that each worker has drawn it
            service.client.render(other)
        assert service.client.render(request).image == before


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("TH1F", "xmin=20;xmax=60"),
        ("TH1F", "ymin=0"),
        ("TH1F", "ymax=100"),
        ("TH1F", "ytype=log"),
        ("TH1F", "xtype=log"),
        ("TH1F", "showstats=0"),
        ("TH1F", "showerrbars=1"),
        ("TH1F", "drawopts=PE1"),
        ("TH2F", "xmin=0"),
        ("TH2F", "ymax=0"),
        ("TH2F", "zmin=0;zmax=100"),
        ("TH2F", "ztype=log"),
        ("TH2F", "drawopts=LEGO2"),
        ("TProfile", "ymin=0"),
        ("TProfile2D", "zmax=200"),
        ("TH3F", "zmax=0.5"),
        ("TH2Poly", "zmax=200"),
        ("TH2Poly", "ztype=log"),
        ("TH2Poly", "xmax=5"),
        ("TH2Poly", "drawopts=L"),
    ],
)
def test_each_option_changes_the_plot(draw: Draw, name: str, options: str) -> None:
    assert draw(name, spec=f"w=400;h=300;{options}").differing_share(draw(name)) > 0.001


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("TH1F", "ytype=log;ymin=0"),
        ("TH1F", "ymin=5;ymax=5"),
        ("TH1F", "xmin=1000;xmax=2000"),
        ("TH2F", "ytype=log"),
        ("TH3F", "xtype=log;ytype=log;ztype=log"),
        ("empty", "ytype=log"),
        ("empty2d", "ztype=log"),
        ("empty2d", "xtype=log;ytype=log"),
        ("TH2F", "drawopts=CONT4Z"),
        ("emptypoly", "ztype=log"),
        ("TH1F", "xtype=log;xmax=1"),
        ("TProfile2D", "xtype=log;xmax=0.9"),
        ("TProfile2D", "xtype=log;ytype=log;xmax=0.9;ymax=0.9"),
        ("TH2Poly", "drawopts=LEGO2"),
        ("TH1F", "drawopts=nonsense"),
        ("TH1F", "ymin=1e149"),
        ("TH2F", "zmin=1e149"),  # ROOT's axis never ended
        ("TH2F", "zmax=-1e149"),
        ("TH2F", "zmin=1000;ztype=log"),
        ("level", "ztype=log"),
        ("level", "ztype=log;showstats=111111111"),
        ("TH3F", "showstats=111111111"),
    ],
)
def test_unsuitable_options_still_give_a_plot(draw: Draw, name: str, options: str) -> None:
    assert len(draw(name, spec=f"w=400;h=300;{options}").colours) > 4


@pytest.mark.parametrize("scale", ["def", "log"])
@pytest.mark.parametrize(
    "limits", ["min=-1e308;{0}max=1e308", "min=1;{0}max=1.0000000000000002", "min=1e-320;{0}max=1e-319", "min=1e307", "max=1e-320"]
)
@pytest.mark.parametrize("name", ["TH1F", "TH2F"])
def test_limits_at_the_ends_of_the_range_of_doubles_do_not_apply(draw: Draw, name: str, limits: str, scale: str) -> None:
    axis = "y" if name == "TH1F" else "z"
    spec = f"w=266;h=200;{axis}type={scale}"
    assert draw(name, spec=f"{spec};{axis}{limits.format(axis)}").differing_share(draw(name, spec=spec)) == 0


@pytest.mark.parametrize(("name", "scale"), [(f"minuteTH{axis}D", scale) for axis in "12" for scale in ("def", "log")])
def test_contents_too_small_for_a_scale_are_drawn_as_0(draw: Draw, name: str, scale: str) -> None:
    axis = "y" if name == "minuteTH1D" else "z"
    assert len(draw(name, spec=f"w=266;h=200;{axis}type={scale}").colours) > 20, "axes with numbers, not a blank picture"


def test_draw_option_col2_gives_the_same_map_as_colz(draw: Draw) -> None:
    assert draw("TH2F", spec="w=400;h=300;drawopts=col2z").differing_share(draw("TH2F")) == 0


def test_zero_is_a_valid_limit(draw: Draw) -> None:
    assert draw("TH1F", spec="w=400;h=300;ymin=0").differing_share(draw("TH1F", spec="w=400;h=300;ymin=-10")) > 0.001


@pytest.mark.parametrize("name", ["nan", "inf", "nan2d", "nanprofile", "nanpoly"])
def test_non_finite_contents_are_replaced_with_a_notice(draw: Draw, name: str) -> None:
    red_brown = [pixel for pixel in draw(name).pixels if pixel[0] > 80 and pixel[1] < 30 and pixel[2] < 30]
    assert len(red_brown) > 100


def test_huge_contents_are_drawn(draw: Draw) -> None:
    assert draw("huge").differing_share(draw("empty")) > 0.005


@pytest.mark.parametrize("spec", ["w=20;h=20", "w=4096;h=30", "w=30;h=4096", "w=22;h=20"])
def test_extreme_sizes_are_drawn_exactly(draw: Draw, spec: str) -> None:
    picture = draw("TH1F", spec=spec)
    assert f"w={picture.width};h={picture.height}" == spec


def test_png_is_rgb_if_there_are_more_colours_than_a_palette_holds(draw: Draw) -> None:
    picture = draw("TH2F", "TH2F", spec="w=400;h=300;drawopts=SURF1")
    assert picture.indexed == (len(picture.colours) <= 256)


def rows_with_ink(picture: pictures.Picture) -> list[bool]:
    width = picture.width
    return [any(pixel != WHITE for pixel in picture.pixels[y * width : (y + 1) * width]) for y in range(picture.height)]


def blocks(rows: list[bool]) -> list[tuple[int, int]]:
    """First and last row of each block of rows with ink."""
    edges = [y for y in range(len(rows) + 1) if (y < len(rows) and rows[y]) != (y > 0 and rows[y - 1])]
    return [(first, end - 1) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def test_scalar_is_drawn_in_the_middle(service: Service) -> None:
    picture = pictures.read(service.client.render(scalar_request("42", "w=200;h=100")).image)
    ((first, last),) = blocks(rows_with_ink(picture))
    assert abs((first + last) / 2 - 50) < 5


def test_empty_lines_of_text_are_drawn(service: Service) -> None:
    def lines(value: str) -> list[tuple[int, int]]:
        return blocks(rows_with_ink(pictures.read(service.client.render(scalar_request(value, "w=200;h=200")).image)))

    without, with_empty = lines("a\na"), lines("a\n\na")
    assert len(without) == len(with_empty) == 2
    assert with_empty[1][0] - with_empty[0][0] == pytest.approx(2 * (without[1][0] - without[0][0]), abs=3)


@pytest.mark.parametrize("sample_text", ["Zürich", "µσ²", "Ω — ±"])
def test_text_is_read_as_utf8(service: Service, sample_text: str) -> None:
    def draws(raw: bytes) -> bytes:
        return service.client.render(Request(name="A", spec="w=200;h=60", flags=2, text=raw)).image

    ascii_only = "".join(letter for letter in sample_text if letter.isascii())
    assert len({draws(sample_text.encode()), draws(ascii_only.encode()), draws(sample_text.encode().decode("latin-1").encode())}) == 3
    assert draws(sample_text.encode()[:-1]) != draws(sample_text.encode())


def test_long_text_is_fitted_or_truncated(service: Service) -> None:
    for value in ("x" * 5000, "line\n" * 500, "two words " * 40):
        picture = pictures.read(service.client.render(scalar_request(value, "w=200;h=100")).image)
        edge = [picture.pixels[y * 200 + x] for y in range(100) for x in (0, 1, 198, 199)]
        assert set(edge) == {WHITE}


def test_missing_object_is_drawn_as_text_with_its_name(service: Service) -> None:
    def missing(name: str) -> bytes:
        response = service.client.render(Request(name=name, spec="w=266;h=200", objects=[(b"", 0)]))
        assert response.code == 0
        return response.image

    assert missing("A/B/this") == missing("C/this") != missing("A/B/that")
    assert missing("A/12345678901234567890") == missing("A/123456789012-and-between-67890")
    scalar = Request(name="A/B/this", spec="w=266;h=200", flags=0)
    assert service.client.render(scalar).image == missing("A/B/this")


def test_string_object_is_drawn_as_text(draw: Draw) -> None:
    assert len(blocks(rows_with_ink(draw("words", spec="w=300;h=200")))) == 2


def test_overlay_shows_the_reference_in_its_colour(draw: Draw) -> None:
    alone, both = draw("TH1F"), draw("TH1F", "reference", spec="w=400;h=300;reflabel1=Run%20367094")
    blue = [pixel for pixel in both.pixels if pixel[2] > 150 and pixel[0] < 60]
    assert len(blue) > 200
    assert alone.differing_share(both) > 0.005
    assert draw("TH1F", "reference", spec="w=400;h=300;ref=object").differing_share(alone) == 0


def test_references_are_scaled_to_the_plot_unless_disabled(draw: Draw) -> None:
    scaled = draw("TH1F", "higher")
    assert scaled.differing_share(draw("TH1F", "higher", spec="w=400;h=300;norm=False")) > 0.005
    efficiency = draw("TH1F", "higher", flags=0x00200010)
    assert efficiency.differing_share(draw("TH1F", "higher", spec="w=400;h=300;norm=False")) == 0


def test_json_contains_the_object(service: Service, request_for: Callable[..., Request]) -> None:
    one = json.loads(service.client.render(request_for("TH1F", spec="w=20;h=20;json=True")).image)
    assert (one["_typename"], one["fName"], one["fXaxis"]["fNbins"]) == ("TH1F", "TH1F", 50)
    several = json.loads(service.client.render(request_for("TH1F", "named", spec="w=20;h=20;json=True")).image)
    assert [item and item["_typename"] for item in several["objects"]] == ["TH1F", None]


def test_real_pixel_maps_are_drawn_without_errors(service: Service, fixtures_dir: Path) -> None:
    path = fixtures_dir / "dqmfiles" / "DQM_V0001_R000367129__ZeroBias__Run2023C-PromptReco-v1__DQMIO.root"
    maps = 0
    with uproot.open(path) as file:
        for name, kind in file.classnames(recursive=True).items():
            if kind != "TH2F":
                continue
            folder, _, last = name.rpartition("/")
            response = service.client.render(Request(name=name, spec="w=600;h=400", objects=[cut_out(file[folder].key(last))]))
            assert response.code == 0, service.log
            assert len(pictures.read(response.image).colours) > 60
            maps += 1
    assert maps == 2


def test_polygon_map_read_from_a_file_is_drawn(draw: Draw, service: Service, objects: Path) -> None:
    with uproot.open(objects / "polygons.root") as file:
        response = service.client.render(Request(name="A/TH2Poly", spec="w=400;h=300", objects=[cut_out(file.key("TH2Poly"))]))
    assert response.code == 0, service.log
    assert pictures.read(response.image).differing_share(draw("TH2Poly")) == 0


def cut_out(key: uproot.reading.ReadOnlyKey) -> tuple[bytes, int]:
    """An object as stored in a file, with the frame required by the protocol, and the displacement of its offsets."""
    chunk, cursor = key.get_uncompressed_chunk_cursor()
    raw = bytes(chunk.get(cursor.index, cursor.index + key.data_uncompressed_bytes, cursor, {}))
    kind = key.fClassName.encode() + b"\0"
    frame = struct.pack(">II", 0x40000000 | (4 + len(kind) + len(raw)), 0xFFFFFFFF) + kind
    return frame + raw, key.fKeylen - len(frame)


def test_reference_without_values_on_a_logarithmic_axis_is_omitted(draw: Draw) -> None:
    assert draw("TH1F", "below0", spec="w=400;h=300;xtype=log") == draw("TH1F", spec="w=400;h=300;xtype=log")
    draw("TH1F", "below0", "reference", spec="w=400;h=300;xtype=log;ref=ratiooverlay")


SIZES = [(200, 150), (266, 200), (400, 300), (532, 400), (720, 540), (1200, 900), (600, 400), (300, 300)]
"""Sizes of the pages, and other shapes."""


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_statistics_box_of_a_map_covers_no_cells(draw: Draw, width: int, height: int) -> None:
    picture = draw("TProfile2D", spec=f"w={width};h={height}")  # all of its cells are filled
    left = max(0.1, 0.18 * min(width, height) / width)
    frame = [
        (x, y) for y in range(int(0.1 * height) + 2, int(0.9 * height) - 2) for x in range(int(left * width) + 2, int(0.78 * width) - 2)
    ]
    assert not [at for at in frame if picture.pixels[at[1] * width + at[0]] == WHITE]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("options", ["", ";showstats=0"])
def test_numbers_of_a_palette_are_not_cut(draw: Draw, width: int, height: int, options: str) -> None:
    for name in ("narrow", "TH2F"):
        picture = draw(name, spec=f"w={width};h={height};ztype=log{options}")
        assert {picture.pixels[y * width + x] for y in range(height) for x in (width - 1, width - 2)} == {WHITE}


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_y_title_beside_long_numbers_is_not_cut(draw: Draw, width: int, height: int) -> None:
    picture = draw("numerous", spec=f"w={width};h={height}")
    ink = [any(picture.pixels[y * width + x] != WHITE for y in range(int(0.12 * height), height)) for x in range(width)]
    (first, last), *_ = blocks(ink)
    assert first >= 1
    assert 0.015 * min(width, height) < last - first < 0.06 * min(width, height), "the title stands apart from the numbers"
