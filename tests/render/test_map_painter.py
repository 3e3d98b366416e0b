"""Colour maps painted by the service have the same pixels as those painted by ROOT."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from render.client import Request
from tests.render import pictures
from tests.render.service import Service, compile_plugin
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

TREE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with random maps and their images painted by ROOT."""
    folder = tmp_path_factory.mktemp("maps")
    subprocess.run([sys.executable, "-W", "ignore", "-m", "tests.render.make_maps", str(folder)], check=True, cwd=TREE, timeout=PATIENCE_S)
    return folder


CHANGING = """
#include "../src/DQMRenderPlugin.h"
#include <TAxis.h>
#include <TCanvas.h>
#include <TH2.h>
#include <TPaletteAxis.h>

struct Changing : DQMRenderPlugin {
  bool applies(const VisDQMObject &o, const VisDQMImgInfo &) override { return o.dirname == "updated" || o.dirname == "contours"; }

  void preDraw(TCanvas *, const VisDQMObject &o, const VisDQMImgInfo &, VisDQMRenderInfo &) override {
    if (o.dirname != "contours")
      return;
    auto &map = dynamic_cast<TH2 &>(*o.object);
    const double low = map.GetMinimum(), high = map.GetMaximum();
    double contours[7];
    for (int level = 0; level < 7; ++level)
      contours[level] = low + (high - low) * level * level / 49;
    map.SetContour(7, contours);
  }

  void postDraw(TCanvas *c, const VisDQMObject &o, const VisDQMImgInfo &) override {
    if (o.dirname != "updated")
      return;
    c->Update();
    const auto functions = dynamic_cast<TH2 &>(*o.object).GetListOfFunctions();
    dynamic_cast<TPaletteAxis &>(*functions->FindObject("palette")).GetAxis()->SetLabelSize(0.02);
  }
} changing;
"""
"""Changes maps as make_maps.py does."""


@pytest.fixture(scope="module")
def changing(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("changing")
    with Service(program, folder, "--workers", "1", "--load", str(compile_plugin(folder, CHANGING))) as service:
        yield service.wait_until_ready()


def test_random_maps_have_the_same_pixels_as_with_root(service: Service, maps: Path) -> None:
    differing = []
    for number, spec, width, height in json.loads((maps / "specs.json").read_text()):
        response = service.client.render(Request(name=f"map{number}", spec=spec, objects=[((maps / f"{number}.obj").read_bytes(), 0)]))
        painted_by_root = pictures.from_argb((maps / f"{number}.argb").read_bytes(), width, height)
        if share := pictures.read(response.image).differing_share(painted_by_root):
            differing.append((number, spec, share))
    assert not differing


@pytest.mark.parametrize("change", ["updated", "contours"])
def test_maps_changed_by_a_plugin_have_the_same_pixels_as_with_root(changing: Service, maps: Path, change: str) -> None:
    compared, differing = 0, []
    for number, spec, width, height in json.loads((maps / "specs.json").read_text()):
        expected = maps / f"{number}.{change}.argb"
        if not expected.exists():
            continue
        compared += 1
        request = Request(name=f"{change}/map{number}", spec=spec, objects=[((maps / f"{number}.obj").read_bytes(), 0)])
        image = pictures.read(changing.client.render(request).image)
        if share := image.differing_share(pictures.from_argb(expected.read_bytes(), width, height)):
            differing.append((number, spec, share))
    assert compared > 5
    assert not differing
