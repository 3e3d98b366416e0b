"""Render plugins: a library compiled against render/include, as those of CMS are."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from render.client import Request
from tests.render import pictures
from tests.render.conftest import TREE
from tests.render.service import PATIENCE_S, Service

SOURCE = """
#include "../src/DQMRenderPlugin.h"
#include <TCanvas.h>
#include <TH1.h>
#include <TStyle.h>
#include <TText.h>
#include <cassert>

class Chosen : public DQMRenderPlugin {
  int commands = 0;
 public:
  void initialise(int argc, char **) override { commands = argc; }
  bool applies(const VisDQMObject &o, const VisDQMImgInfo &i) override {
    assert(commands > 2 && o.object && i.objects[0].object == o.object && i.reflabels.size() == 10);
    return o.dirname == "Test" && o.objname == "TH1F" && o.name == "Test/TH1F" && o.flags == 0x10 && i.width == 400;
  }
  void preDraw(TCanvas *c, const VisDQMObject &o, const VisDQMImgInfo &i, VisDQMRenderInfo &how) override {
    if (i.yaxis.type == "def" && i.yaxis.min != i.yaxis.min)
      c->SetLogy();
    gStyle->SetOptStat(0);
    dynamic_cast<TH1 *>(o.object)->SetLineColor(kRed);
    how.drawOptions = "HIST";
  }
  void postDraw(TCanvas *, const VisDQMObject &, const VisDQMImgInfo &) override { (new TText(50, 20, "CHOSEN"))->Draw(); }
} chosen;
"""


@pytest.fixture(scope="module")
def library(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "Chosen.cc").write_text(SOURCE)
    includes = [TREE / "render" / "include" / "src", Path(sysconfig.get_path("platlib")) / "ROOT" / "include"]
    command = ["g++", "-std=c++17", "-shared", "-fPIC", *(f"-I{include}" for include in includes), "-o", "plugins.so", "Chosen.cc"]
    subprocess.run(command, cwd=folder, check=True, timeout=120)
    return folder / "plugins.so"


@pytest.fixture(scope="module")
def plugged(program: Path, library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(program, tmp_path_factory.mktemp("plugged"), "--workers", "1", "--load", str(library)) as service:
        yield service.wait_until_ready()


def test_a_plugin_changes_the_plots_it_applies_to(plugged: Service, service: Service, request_for: Callable[..., Request]) -> None:
    assert "plugins loaded: 1" in plugged.log
    asked = request_for("TH1F")
    changed = pictures.read(plugged.client.render(asked).image)
    assert changed.share_that_differs(pictures.read(service.client.render(asked).image)) > 0.01
    red = [pixel for pixel in changed.pixels if pixel[0] > 200 and pixel[1] < 50]
    assert len(red) > 100


def test_what_the_user_asks_for_wins(plugged: Service, request_for: Callable[..., Request]) -> None:
    asked = request_for("TH1F", spec="w=400;h=300;ytype=lin")
    shown = pictures.read(plugged.client.render(asked).image)
    assert shown.share_that_differs(pictures.read(plugged.client.render(request_for("TH1F")).image)) > 0.01


def test_other_plots_stay_as_they_are(plugged: Service, service: Service, request_for: Callable[..., Request]) -> None:
    plugged.client.render(request_for("TH1F"))
    for name in ("TH1D", "TH2F"):
        asked = request_for(name)
        assert plugged.client.render(asked) == service.client.render(asked)


def test_a_missing_object_is_not_shown_to_plugins(plugged: Service) -> None:
    assert plugged.client.render(Request(name="Test/TH1F", spec="w=400;h=300", objects=[(b"", 0)])).code == 0


def test_a_library_that_cannot_be_loaded_is_refused_with_the_reason(program: Path, tmp_path: Path) -> None:
    with Service(program, tmp_path, "--load", "/nonexistent/plugins.so") as service:
        assert service.process.wait(PATIENCE_S) == 1
        assert "cannot load the plugins: /nonexistent/plugins.so" in service.log
        assert list(service.state.iterdir()) == []
