"""Paints the golden images, what plots ought to look like, by plain ROOT code: `python -m tests.render.golden [--images FOLDER] [--requests FOLDER]`.

Nothing of the render service is used, so that `tests/render/test_golden.py` compares two ways to the same picture. The images go to a folder
named by the version of ROOT below `--images`, which is where they are kept unless told otherwise. `--requests` is for the test: `<object>.obj` is what the service is sent, `requests.json` maps each image to what is asked, `version` says which ROOT it was.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import ROOT

from tests.render.golden import comparisons, ordinary, overlays, words
from tests.render.golden.album import ALBUM, Page
from tests.render.golden.image import encode
from tests.render.golden.objects import OBJECTS
from tests.render.make_objects import SAVE, set_style
from tests.render.pictures import from_argb

CHAPTERS = [ordinary, words, overlays, comparisons]
"""The modules that fill the album."""

WINDOW_FRAME = (4, 28)
"""Pixels that a canvas gives to a frame in batch mode."""


def paint(page: Page, raw: Path) -> bytes:
    """The PNG of a page; `raw` is a file for the pixels on the way."""
    width, height = page.size
    set_style()
    canvas = ROOT.TCanvas("canvas", "", width + WINDOW_FRAME[0], height + WINDOW_FRAME[1])
    histograms = [OBJECTS[name]() if name else None for name in page.objects]
    for histogram in filter(None, histograms):
        histogram.UseCurrentStyle()
        histogram.SetTitle(histogram.GetTitle().removesuffix("_"))
    page.recipe(*histograms)
    ROOT.paint(canvas, str(raw))
    return encode(from_argb(raw.read_bytes(), width, height))


def paint_all(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    raw = folder / "raw"
    for page in ALBUM.values():
        (folder / f"{page.name}.png").write_bytes(paint(page, raw))
    raw.unlink()


def write_requests(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in OBJECTS.items():
        ROOT.save(make(), str(folder / f"{name}.obj"))
    asked = {page.name: {"spec": page.spec, "objects": page.objects, "flags": page.flags, "text": page.text} for page in ALBUM.values()}
    (folder / "requests.json").write_text(json.dumps(asked))
    (folder / "version").write_text(ROOT.gROOT.GetVersion())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.render.golden", description="Paint the golden images with the installed ROOT.")
    parser.add_argument("--images", type=Path, default=Path(__file__).parent, help="where the folder named by ROOT's version goes")
    parser.add_argument("--requests", type=Path, help="where what the service is to be asked goes")
    arguments = parser.parse_args()
    ROOT.gROOT.SetBatch()
    ROOT.TH1.AddDirectory(False)
    ROOT.gInterpreter.Declare(SAVE)
    folder = arguments.images / ROOT.gROOT.GetVersion()
    paint_all(folder)
    if arguments.requests:
        write_requests(arguments.requests)
    print(f"{len(ALBUM)} images in {folder}")


if __name__ == "__main__":
    main()
