"""Colour maps painted by the service have the same pixels as those painted by ROOT."""

from __future__ import annotations

import json
import subprocess
import sys
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


UPDATING = """
#include "../src/DQMRenderPlugin.h"
#include <TAxis.h>
#include <TCanvas.h>
#include <TH2.h>
#include <TPaletteAxis.h>

struct Updating : DQMRenderPlugin {
  bool applies(const VisDQMObject &o, const VisDQMImgInfo &) override { return o.objname.rfind("map", 0) == 0; }
  void postDraw(TCanvas *c, const VisDQMObject &o, const VisDQMImgInfo &) override {
    c->Update();
    const auto functions = dynamic_cast<TH2 &>(*o.object).GetListOfFunctions();
    dynamic_cast<TPaletteAxis &>(*functions->FindObject("palette")).GetAxis()->SetLabelSize(0.02);
  }
} updating;
"""


def test_random_maps_have_the_same_pixels_as_with_root(service: Service, maps: Path) -> None:
    differing = []
    for number, spec, width, height in json.loads((maps / "specs.json").read_text()):
        response = service.client.render(Request(name=f"map{number}", spec=spec, objects=[((maps / f"{number}.obj").read_bytes(), 0)]))
        painted_by_root = pictures.from_argb((maps / f"{number}.argb").read_bytes(), width, height)
        if share := pictures.read(response.image).differing_share(painted_by_root):
            differing.append((number, spec, share))
    assert not differing


def test_maps_updated_by_a_plugin_have_the_same_pixels_as_with_root(program: Path, maps: Path, tmp_path: Path) -> None:
    differing, updated = [], [item for item in json.loads((maps / "specs.json").read_text()) if (maps / f"{item[0]}.updated.argb").exists()]
    with Service(program, tmp_path, "--workers", "1", "--load", str(compile_plugin(tmp_path, UPDATING))) as service:
        service.wait_until_ready()
        for number, spec, width, height in updated:
            response = service.client.render(Request(name=f"map{number}", spec=spec, objects=[((maps / f"{number}.obj").read_bytes(), 0)]))
            painted_by_root = pictures.from_argb((maps / f"{number}.updated.argb").read_bytes(), width, height)
            if share := pictures.read(response.image).differing_share(painted_by_root):
                differing.append((number, spec, share))
    assert len(updated) > 5
    assert not differing
