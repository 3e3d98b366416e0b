"""The service's pictures are those that plain ROOT code paints (tests/render/golden)."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from render.client import Request
from tests.render import pictures
from tests.render.golden import image
from tests.render.pictures import Picture
from tests.render.service import Service
from tests.support.patience import PATIENCE_S

TREE = Path(__file__).parents[2]
IMAGES = sorted(Path(__file__).with_name("golden").glob("*/*.png"))
COMMAND = "python -m tests.render.golden"


class Gallery:
    """What ROOT's own code has made just now, and a service that is asked for the same."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service = service
        self.folder = folder
        self.version = (folder / "version").read_text()
        self.asked = json.loads((folder / "requests.json").read_text())

    def made_now(self) -> dict[str, bytes]:
        return {path.stem: path.read_bytes() for path in (self.folder / self.version).iterdir()}

    def request(self, name: str) -> Request:
        asked = self.asked[name]
        objects = [((self.folder / f"{item}.obj").read_bytes() if item else b"", 0) for item in asked["objects"]]
        return Request(name=f"Golden/{name}", spec=asked["spec"], objects=objects, flags=asked["flags"], text=asked["text"].encode())

    def drawn(self, request: Request) -> Picture:
        rendered = self.service.client.render(request)
        assert rendered.code == 0, self.service.log
        return pictures.read(rendered.image)

    def kept(self, name: str) -> Picture:
        """The picture as it is kept for this version of ROOT."""
        path = Path(__file__).with_name("golden") / self.version / f"{name}.png"
        if not path.exists():
            pytest.skip(f"there are no golden images for ROOT {self.version}: `{COMMAND}` makes them")
        return pictures.read(path.read_bytes())


@pytest.fixture(scope="module")
def gallery(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    folder = tmp_path_factory.mktemp("golden")
    command = [sys.executable, "-W", "ignore", "-m", "tests.render.golden", "--images", str(folder), "--requests", str(folder)]
    subprocess.run(command, check=True, cwd=TREE, timeout=PATIENCE_S)
    (folder / "blacklist.txt").write_text("Golden/blacklisted\n")
    with Service(program, folder, "--workers", "1") as service:
        yield Gallery(service.wait_until_ready(), folder)


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_service_draws_what_root_draws(gallery: Gallery, path: Path, tmp_path: Path) -> None:
    if path.parent.name != gallery.version:
        pytest.skip(f"made by ROOT {path.parent.name}, this is {gallery.version}: `{COMMAND}` makes its images")
    expected, actual = gallery.kept(path.stem), gallery.drawn(gallery.request(path.stem))
    differing = image.difference(expected, actual)
    if differing:
        image.keep(tmp_path, path.stem, expected, actual)
    assert not differing, f"{differing}; see {tmp_path}"


def test_the_images_are_those_that_the_command_makes(gallery: Gallery) -> None:
    made = gallery.made_now()
    assert set(made) == set(gallery.asked)
    differing = [name for name, png in made.items() if image.difference(gallery.kept(name), pictures.read(png))]
    assert not differing
    assert {path.stem for path in IMAGES if path.parent.name == gallery.version} == set(made)


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("TH1F", "w=266;h=200;xmax=97"),
        ("TH1F", "w=266;h=200;showstats=0"),
        ("TH1F", "w=266;h=200;showstats=1101"),
        ("TH1F", "w=266;h=200;ymax=44"),
        ("TH2F", "w=266;h=200;drawopts=COL"),
        ("part_of_x", "w=266;h=200;xmin=22;xmax=61"),
        ("contents_of_map", "w=266;h=200;zmin=0;zmax=29"),
    ],
)
def test_another_axis_or_a_missing_box_is_noticed(gallery: Gallery, name: str, spec: str) -> None:
    asked = dataclasses.replace(gallery.request(name), spec=spec)
    assert image.difference(gallery.kept(name), gallery.drawn(asked))


@pytest.mark.parametrize(
    ("name", "other"), [("no_statistics", "TH1F with one bin off"), ("map_without_statistics", "TH2F with one bin off")]
)
def test_one_wrong_bin_is_noticed(gallery: Gallery, name: str, other: str) -> None:
    asked = dataclasses.replace(gallery.request(name), objects=[((gallery.folder / f"{other}.obj").read_bytes(), 0)])
    differing = image.difference(gallery.kept(name), gallery.drawn(asked))
    assert 0 < len(differing.pixels) < 0.002 * differing.of


def with_a_rectangle_shifted(picture: Picture, left: int, top: int, right: int, bottom: int) -> Picture:
    """The picture with a part of it one pixel further down."""
    pixels = list(picture.pixels)
    for y in range(bottom, top, -1):
        for x in range(left, right):
            pixels[y * picture.width + x] = picture.pixels[(y - 1) * picture.width + x]
    return dataclasses.replace(picture, pixels=pixels)


def test_a_box_one_pixel_further_down_is_noticed(gallery: Gallery) -> None:
    kept = gallery.kept("TH1F")
    box = (int(0.75 * kept.width), 0, kept.width, int(0.3 * kept.height))
    assert image.difference(kept, with_a_rectangle_shifted(kept, *box))


def test_a_slightly_other_colour_is_noticed_and_a_rounding_is_not(gallery: Gallery) -> None:
    kept = gallery.kept("TH2F")

    def brighter(by: int) -> Picture:
        return dataclasses.replace(kept, pixels=[(min(red + by, 255), green, blue) for red, green, blue in kept.pixels])

    assert not image.difference(kept, brighter(image.LEVELS))
    assert image.difference(kept, brighter(image.LEVELS + 1))


def test_what_differs_is_shown(gallery: Gallery, tmp_path: Path) -> None:
    kept, other = gallery.kept("TH1F"), gallery.kept("TH1S")
    image.keep(tmp_path, "TH1F", kept, other)
    shown = {path.name: pictures.read(path.read_bytes()) for path in tmp_path.iterdir()}
    assert set(shown) == {"TH1F-expected.png", "TH1F-actual.png", "TH1F-difference.png"}
    assert (shown["TH1F-expected.png"].pixels, shown["TH1F-actual.png"].pixels) == (kept.pixels, other.pixels)
    marked = shown["TH1F-difference.png"].pixels
    assert {i for i, pixel in enumerate(marked) if pixel == image.OTHER} == image.difference(kept, other).pixels
