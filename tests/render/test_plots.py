"""What is drawn."""

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
from tests.render.service import Service, text

CLASSES = [f"TH{dimension}{letter}" for dimension in "123" for letter in "SIFD"] + ["TProfile", "TProfile2D", "TH2Poly"]
WIDTH, HEIGHT = 400, 300  # as in make_objects.py
MAPS = ["TH2S", "TH2I", "TH2F", "TH2D", "TProfile2D"]
BLACK, WHITE = (0, 0, 0), (254, 254, 254)  # ROOT's colour 10, a hair from white


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_gives_a_picture_of_the_size_asked_for(draw: Draw, name: str) -> None:
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
def test_content_shows(draw: Draw, name: str, empty: str) -> None:
    assert draw(name).share_that_differs(draw(empty)) > 0.005


@pytest.mark.parametrize("name", ["TH1F", "TH2F", "TProfile", "TH2Poly"])
def test_the_picture_is_the_one_that_root_paints_itself(draw: Draw, objects: Path, name: str) -> None:
    own = pictures.from_argb((objects / f"{name}.argb").read_bytes(), WIDTH, HEIGHT)
    assert draw(name, spec=f"w={WIDTH};h={HEIGHT}").share_that_differs(own) == 0


def test_the_same_request_gives_the_same_bytes_whatever_was_drawn_before(service: Service, request_for: Callable[..., Request]) -> None:
    wanted = request_for("TH1F")
    before = service.client.render(wanted).image
    for other in (request_for("TH2F", spec="w=300;h=200;ztype=log;drawopts=LEGO2"), request_for("TH3F"), text("42")):
        for _ in range(4):  # enough for each worker to have drawn it
            service.client.render(other)
        assert service.client.render(wanted).image == before


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
def test_each_option_changes_the_picture(draw: Draw, name: str, options: str) -> None:
    assert draw(name, spec=f"w=400;h=300;{options}").share_that_differs(draw(name)) > 0.001


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
    ],
)
def test_options_that_do_not_fit_the_plot_still_give_one(draw: Draw, name: str, options: str) -> None:
    assert len(draw(name, spec=f"w=400;h=300;{options}").colours) > 4


def test_a_map_drawn_as_col2_is_not_empty(draw: Draw) -> None:
    assert draw("TH2F", spec="w=400;h=300;drawopts=col2z").share_that_differs(draw("TH2F")) == 0


def test_zero_is_a_limit_like_any_other(draw: Draw) -> None:
    assert draw("TH1F", spec="w=400;h=300;ymin=0").share_that_differs(draw("TH1F", spec="w=400;h=300;ymin=-10")) > 0.001


@pytest.mark.parametrize("name", ["nan", "inf", "nan2d", "nanprofile", "nanpoly"])
def test_numbers_that_are_not_finite_are_left_out_and_said(draw: Draw, name: str) -> None:
    red_brown = [pixel for pixel in draw(name).pixels if pixel[0] > 80 and pixel[1] < 30 and pixel[2] < 30]
    assert len(red_brown) > 100


def test_huge_contents_are_drawn(draw: Draw) -> None:
    assert draw("huge").share_that_differs(draw("empty")) > 0.005


@pytest.mark.parametrize("spec", ["w=1;h=1", "w=4096;h=30", "w=30;h=4096", "w=8;h=8"])
def test_extreme_sizes_are_drawn_exactly(draw: Draw, spec: str) -> None:
    picture = draw("TH1F", spec=spec)
    assert f"w={picture.width};h={picture.height}" == spec


def test_more_colours_than_a_palette_holds_give_a_full_colour_picture(draw: Draw) -> None:
    picture = draw("TH2F", "TH2F", spec="w=400;h=300;drawopts=SURF1")
    assert picture.indexed == (len(picture.colours) <= 256)


def inked_rows(picture: pictures.Picture) -> list[bool]:
    width = picture.width
    return [any(pixel != WHITE for pixel in picture.pixels[y * width : (y + 1) * width]) for y in range(picture.height)]


def blocks(rows: list[bool]) -> list[tuple[int, int]]:
    """First and last row of each run of inked rows."""
    edges = [y for y in range(len(rows) + 1) if (y < len(rows) and rows[y]) != (y > 0 and rows[y - 1])]
    return [(first, end - 1) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def test_a_scalar_is_its_text_in_the_middle(service: Service) -> None:
    picture = pictures.read(service.client.render(text("42", "w=200;h=100")).image)
    ((first, last),) = blocks(inked_rows(picture))
    assert abs((first + last) / 2 - 50) < 5


def test_empty_lines_of_a_text_are_kept(service: Service) -> None:
    def lines(value: str) -> list[tuple[int, int]]:
        return blocks(inked_rows(pictures.read(service.client.render(text(value, "w=200;h=200")).image)))

    without, with_empty = lines("a\na"), lines("a\n\na")
    assert len(without) == len(with_empty) == 2
    assert with_empty[1][0] - with_empty[0][0] == pytest.approx(2 * (without[1][0] - without[0][0]), abs=3)


@pytest.mark.parametrize("words", ["Zürich", "µσ²", "Ω — ±"])
def test_text_is_read_as_utf8(service: Service, words: str) -> None:
    def draws(raw: bytes) -> bytes:
        return service.client.render(Request(name="A", spec="w=200;h=60", flags=2, text=raw)).image

    ascii_only = "".join(letter for letter in words if letter.isascii())
    assert len({draws(words.encode()), draws(ascii_only.encode()), draws(words.encode().decode("latin-1").encode())}) == 3
    assert draws(words.encode()[:-1]) != draws(words.encode())


def test_long_text_is_fitted_and_cut(service: Service) -> None:
    for value in ("x" * 5000, "line\n" * 500, "two words " * 40):
        picture = pictures.read(service.client.render(text(value, "w=200;h=100")).image)
        edge = [picture.pixels[y * 200 + x] for y in range(100) for x in (0, 1, 198, 199)]
        assert set(edge) == {WHITE}


def test_a_missing_object_says_so_with_its_name(service: Service) -> None:
    def missing(name: str) -> bytes:
        rendered = service.client.render(Request(name=name, spec="w=266;h=200", objects=[(b"", 0)]))
        assert rendered.code == 0
        return rendered.image

    assert missing("A/B/this") == missing("C/this") != missing("A/B/that")
    assert missing("A/12345678901234567890") == missing("A/123456789012-and-between-67890")
    scalar = Request(name="A/B/this", spec="w=266;h=200", flags=0)
    assert service.client.render(scalar).image == missing("A/B/this")


def test_a_string_object_is_drawn_as_its_text(draw: Draw) -> None:
    assert len(blocks(inked_rows(draw("words", spec="w=300;h=200")))) == 2


def test_an_overlay_shows_every_reference_in_its_colour(draw: Draw) -> None:
    alone, both = draw("TH1F"), draw("TH1F", "reference", spec="w=400;h=300;reflabel1=Run%20367094")
    blue = [pixel for pixel in both.pixels if pixel[2] > 150 and pixel[0] < 60]
    assert len(blue) > 200
    assert alone.share_that_differs(both) > 0.005
    assert draw("TH1F", "reference", spec="w=400;h=300;ref=object").share_that_differs(alone) == 0


def test_an_overlay_is_scaled_to_the_plot_unless_told_not_to(draw: Draw) -> None:
    scaled = draw("TH1F", "higher")
    assert scaled.share_that_differs(draw("TH1F", "higher", spec="w=400;h=300;norm=False")) > 0.005
    efficiency = draw("TH1F", "higher", flags=0x00200010)
    assert efficiency.share_that_differs(draw("TH1F", "higher", spec="w=400;h=300;norm=False")) == 0


def test_json_is_the_object(service: Service, request_for: Callable[..., Request]) -> None:
    one = json.loads(service.client.render(request_for("TH1F", spec="w=1;h=1;json=True")).image)
    assert (one["_typename"], one["fName"], one["fXaxis"]["fNbins"]) == ("TH1F", "TH1F", 50)
    several = json.loads(service.client.render(request_for("TH1F", "named", spec="w=1;h=1;json=True")).image)
    assert [item and item["_typename"] for item in several["objects"]] == ["TH1F", None]


def test_real_pixel_maps_are_drawn_without_complaint(service: Service, fixtures_dir: Path) -> None:
    path = fixtures_dir / "dqmfiles" / "DQM_V0001_R000367129__ZeroBias__Run2023C-PromptReco-v1__DQMIO.root"
    maps = 0
    with uproot.open(path) as file:
        for name, kind in file.classnames(recursive=True).items():
            if kind != "TH2F":
                continue
            folder, _, last = name.rpartition("/")
            rendered = service.client.render(Request(name=name, spec="w=600;h=400", objects=[cut_out(file[folder].key(last))]))
            assert rendered.code == 0, service.log
            assert len(pictures.read(rendered.image).colours) > 60
            maps += 1
    assert maps == 2


def test_polygons_are_drawn_out_of_a_file(draw: Draw, service: Service, objects: Path) -> None:
    with uproot.open(objects / "polygons.root") as file:
        rendered = service.client.render(Request(name="A/TH2Poly", spec="w=400;h=300", objects=[cut_out(file.key("TH2Poly"))]))
    assert rendered.code == 0, service.log
    assert pictures.read(rendered.image).share_that_differs(draw("TH2Poly")) == 0


def cut_out(key: uproot.reading.ReadOnlyKey) -> tuple[bytes, int]:
    """An object as it lies in a file, framed as the protocol wants it, and the displacement of its offsets."""
    chunk, cursor = key.get_uncompressed_chunk_cursor()
    raw = bytes(chunk.get(cursor.index, cursor.index + key.data_uncompressed_bytes, cursor, {}))
    kind = key.fClassName.encode() + b"\0"
    frame = struct.pack(">II", 0x40000000 | (4 + len(kind) + len(raw)), 0xFFFFFFFF) + kind
    return frame + raw, key.fKeylen - len(frame)


def test_a_reference_that_a_logarithmic_axis_cannot_show_is_left_out(draw: Draw) -> None:
    assert draw("TH1F", "below0", spec="w=400;h=300;xtype=log") == draw("TH1F", spec="w=400;h=300;xtype=log")
    draw("TH1F", "below0", "reference", spec="w=400;h=300;xtype=log;ref=ratiooverlay")
