"""The plots of the service match the golden images painted by plain ROOT code (tests/render/golden)."""

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

pytestmark = pytest.mark.slow

TREE = Path(__file__).parents[2]
IMAGES = sorted(Path(__file__).with_name("golden").glob("*/*.png"))
COMMAND = "python -m tests.render.golden"


class GoldenImages:
    """The golden images and requests written by the command for the installed ROOT, and a service."""

    def __init__(self, service: Service, folder: Path) -> None:
        self.service = service
        self.folder = folder
        self.version = (folder / "version").read_text()
        self.requests = json.loads((folder / "requests.json").read_text())

    def painted_now(self) -> dict[str, bytes]:
        return {path.stem: path.read_bytes() for path in (self.folder / self.version).iterdir()}

    def request(self, name: str) -> Request:
        stored = self.requests[name]
        objects = [((self.folder / f"{item}.obj").read_bytes() if item else b"", 0) for item in stored["objects"]]
        return Request(name=f"Golden/{name}", spec=stored["spec"], objects=objects, flags=stored["flags"], text=stored["text"].encode())

    def draw(self, request: Request) -> Picture:
        response = self.service.client.render(request)
        assert response.code == 0, self.service.log
        return pictures.read(response.image)

    def stored(self, name: str) -> Picture:
        """The stored image for this version of ROOT."""
        path = Path(__file__).with_name("golden") / self.version / f"{name}.png"
        if not path.exists():
            pytest.skip(f"No golden images for ROOT {self.version}; `{COMMAND}` paints them")
        return pictures.read(path.read_bytes())


@pytest.fixture(scope="module")
def golden(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoldenImages]:
    folder = tmp_path_factory.mktemp("golden")
    command = [sys.executable, "-W", "ignore", "-m", "tests.render.golden", "--images", str(folder), "--requests", str(folder)]
    subprocess.run(command, check=True, cwd=TREE, timeout=PATIENCE_S)
    (folder / "blacklist.txt").write_text("Golden/blacklisted\n")
    with Service(program, folder, "--workers", "1") as service:
        yield GoldenImages(service.wait_until_ready(), folder)


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_plot_matches_its_golden_image(golden: GoldenImages, path: Path, tmp_path: Path) -> None:
    if path.parent.name != golden.version:
        pytest.skip(f"Painted by ROOT {path.parent.name}, installed is {golden.version}; `{COMMAND}` paints its images")
    expected, actual = golden.stored(path.stem), golden.draw(golden.request(path.stem))
    differences = image.difference(expected, actual)
    if differences:
        image.write_comparison(tmp_path, path.stem, expected, actual)
    assert not differences, f"{differences}; see {tmp_path}"


def test_stored_images_are_those_painted_by_the_command(golden: GoldenImages) -> None:
    painted = golden.painted_now()
    assert set(painted) == set(golden.requests)
    differences = [name for name, png in painted.items() if image.difference(golden.stored(name), pictures.read(png))]
    assert not differences
    assert {path.stem for path in IMAGES if path.parent.name == golden.version} == set(painted)


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
def test_comparison_detects_another_axis_or_a_missing_box(golden: GoldenImages, name: str, spec: str) -> None:
    request = dataclasses.replace(golden.request(name), spec=spec)
    assert image.difference(golden.stored(name), golden.draw(request))


@pytest.mark.parametrize(
    ("name", "other"), [("no_statistics", "TH1F with one bin off"), ("map_without_statistics", "TH2F with one bin off")]
)
def test_comparison_detects_one_wrong_bin(golden: GoldenImages, name: str, other: str) -> None:
    request = dataclasses.replace(golden.request(name), objects=[((golden.folder / f"{other}.obj").read_bytes(), 0)])
    differences = image.difference(golden.stored(name), golden.draw(request))
    assert 0 < len(differences.pixels) < 0.002 * differences.of


def with_a_rectangle_shifted(picture: Picture, left: int, top: int, right: int, bottom: int) -> Picture:
    """The image with a rectangle shifted down by one pixel."""
    pixels = list(picture.pixels)
    for y in range(bottom, top, -1):
        for x in range(left, right):
            pixels[y * picture.width + x] = picture.pixels[(y - 1) * picture.width + x]
    return dataclasses.replace(picture, pixels=pixels)


def test_comparison_detects_a_box_shifted_by_one_pixel(golden: GoldenImages) -> None:
    stored = golden.stored("TH1F")
    box = (int(0.75 * stored.width), 0, stored.width, int(0.3 * stored.height))
    assert image.difference(stored, with_a_rectangle_shifted(stored, *box))


def test_comparison_detects_another_colour_but_accepts_rounding(golden: GoldenImages) -> None:
    stored = golden.stored("TH2F")

    def brighter(by: int) -> Picture:
        return dataclasses.replace(stored, pixels=[(min(red + by, 255), green, blue) for red, green, blue in stored.pixels])

    assert not image.difference(stored, brighter(image.LEVELS))
    assert image.difference(stored, brighter(image.LEVELS + 1))


def test_failed_comparison_writes_images_of_the_difference(golden: GoldenImages, tmp_path: Path) -> None:
    stored, other = golden.stored("TH1F"), golden.stored("TH1S")
    image.write_comparison(tmp_path, "TH1F", stored, other)
    written = {path.name: pictures.read(path.read_bytes()) for path in tmp_path.iterdir()}
    assert set(written) == {"TH1F-expected.png", "TH1F-actual.png", "TH1F-difference.png"}
    assert (written["TH1F-expected.png"].pixels, written["TH1F-actual.png"].pixels) == (stored.pixels, other.pixels)
    marked = written["TH1F-difference.png"].pixels
    assert {i for i, pixel in enumerate(marked) if pixel == image.OTHER} == image.difference(stored, other).pixels
