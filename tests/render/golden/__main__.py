"""Paints the golden images with plain ROOT code: `python -m tests.render.golden [--images FOLDER] [--requests FOLDER]`.

The code is independent of the render service, whose plots `tests/render/test_golden.py` compares with the images. The images
are written to a folder named after the version of ROOT, below `--images` (default: the folder of this file). `--requests` is
used by the test: it writes the objects (`<object>.obj`), the request for each image (`requests.json`) and ROOT's `version`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import ROOT

from tests.render.golden import comparisons, overlays, single_objects, text_plots
from tests.render.golden.image import encode
from tests.render.golden.objects import OBJECTS
from tests.render.golden.registry import GOLDEN_IMAGES, GoldenImage
from tests.render.make_objects import SAVE, make_room_for_y_title, set_style
from tests.render.pictures import from_argb

IMAGE_MODULES = [single_objects, text_plots, overlays, comparisons]
"""The modules that register golden images."""

WINDOW_FRAME = (4, 28)
"""Width and height in pixels that a canvas reserves for a window frame in batch mode."""


def paint(image: GoldenImage, raw: Path) -> bytes:
    """Paint one image and return it as PNG; `raw` is a temporary file for the pixels."""
    width, height = image.size
    set_style()
    canvas = ROOT.TCanvas("canvas", "", width + WINDOW_FRAME[0], height + WINDOW_FRAME[1])
    histograms = [OBJECTS[name]() if name else None for name in image.objects]
    for histogram in filter(None, histograms):
        histogram.UseCurrentStyle()
        histogram.SetTitle(histogram.GetTitle().removesuffix("_"))
    if histograms and histograms[0] and histograms[0].GetDimension() < 3 and histograms[0].GetYaxis().GetTitle():
        make_room_for_y_title(width, height)
    image.recipe(*histograms)
    ROOT.paint(canvas, str(raw))
    return encode(from_argb(raw.read_bytes(), width, height))


def paint_all(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    raw = folder / "raw"
    for image in GOLDEN_IMAGES.values():
        (folder / f"{image.name}.png").write_bytes(paint(image, raw))
    raw.unlink()


def write_requests(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in OBJECTS.items():
        ROOT.save(make(), str(folder / f"{name}.obj"))
    requests = {
        image.name: {"spec": image.spec, "objects": image.objects, "flags": image.flags, "text": image.text}
        for image in GOLDEN_IMAGES.values()
    }
    (folder / "requests.json").write_text(json.dumps(requests))
    (folder / "version").write_text(ROOT.gROOT.GetVersion())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.render.golden", description="Paint the golden images with the installed ROOT.")
    parser.add_argument("--images", type=Path, default=Path(__file__).parent, help="parent folder of the images")
    parser.add_argument("--requests", type=Path, help="folder for the requests of the test")
    arguments = parser.parse_args()
    ROOT.gROOT.SetBatch()
    ROOT.TH1.AddDirectory(False)
    ROOT.gInterpreter.Declare(SAVE)
    folder = arguments.images / ROOT.gROOT.GetVersion()
    paint_all(folder)
    if arguments.requests:
        write_requests(arguments.requests)
    print(f"{len(GOLDEN_IMAGES)} images in {folder}")


if __name__ == "__main__":
    main()
