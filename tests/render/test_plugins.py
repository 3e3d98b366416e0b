"""Render plugins: a library compiled against render/include, as those of CMS are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from render.client import RenderCrashed, RenderExhausted, RenderLost, RenderOverrun, Request
from tests.render import pictures
from tests.render.service import Service, compiled, eventually

pytestmark = pytest.mark.slow

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
    assert(commands > 2 && o.object && i.objects[0].object == o.object && i.reflabels.empty());
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


QUIET = """
#include "../src/DQMRenderPlugin.h"
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <unistd.h>

struct Quiet : DQMRenderPlugin {
  bool applies(const VisDQMObject &, const VisDQMImgInfo &) override { return false; }
};
"""

WILD = Path(__file__).with_name("wild_plugin.cc")


def status(service: Service) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((service.state / "status.json").read_text())
    return told


@pytest.fixture(scope="module")
def library(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("plugin"), SOURCE)


@pytest.fixture(scope="module")
def plugged(program: Path, library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(program, tmp_path_factory.mktemp("plugged"), "--workers", "1", "--load", str(library)) as service:
        yield service.wait_until_ready()


def test_a_plugin_changes_the_plots_it_applies_to(plugged: Service, service: Service, request_for: Callable[..., Request]) -> None:
    assert "plugins loaded: 1" in plugged.log
    assert status(plugged)["plugins"] == ["Chosen"]
    asked = request_for("TH1F")
    changed = pictures.read(plugged.client.render(asked).image)
    assert changed.share_that_differs(pictures.read(service.client.render(asked).image)) > 0.01
    red = [pixel for pixel in changed.pixels if pixel[0] > 200 and pixel[1] < 50]
    assert len(red) > 100
    assert b"tEXtPlugins\0Chosen" in plugged.client.render(asked).image


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


def test_a_library_that_cannot_be_loaded_is_told_and_the_service_goes_on(program: Path, tmp_path: Path) -> None:
    with Service(program, tmp_path, "--workers", "1", "--load", "/nonexistent/plugins.so") as service:
        service.wait_until_ready()
        assert "cannot load the plugins: /nonexistent/plugins.so" in service.log
        assert service.client.ping() > 0
        assert status(service)["library"] == "/nonexistent/plugins.so"
        assert "/nonexistent/plugins.so: cannot open" in status(service)["error"]


UNUSABLE = {
    "crashes": ("struct Bad { Bad() { raise(SIGSEGV); } } bad;", ": Loading crashes with SIGSEGV"),
    "exits": ("struct Bad { Bad() { _exit(3); } } bad;", ": Loading ends the program"),
    "throws": (
        'struct Bad : Quiet { void initialise(int, char **) override { throw std::runtime_error("no geometry"); } } bad;',
        "no geometry",
    ),
    "lacks a symbol": (
        "int nowhere(); struct Bad : Quiet { void initialise(int, char **) override { nowhere(); } } bad;",
        "undefined symbol",
    ),
}


@pytest.mark.parametrize("how", UNUSABLE)
def test_a_library_that_goes_astray_at_its_start_does_not_take_the_service_along(program: Path, tmp_path: Path, how: str) -> None:
    source, told = UNUSABLE[how]
    library = compiled(tmp_path, QUIET + source)
    with Service(program, tmp_path, "--workers", "1", "--load", str(library)) as service:
        service.wait_until_ready()
        assert told in status(service)["error"]
        assert status(service)["plugins"] == []
        assert service.client.ping() > 0


@pytest.fixture(scope="module")
def wild(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("wild")
    library = compiled(folder, WILD.read_text())
    limits = ("--cpu", "0.5", "--timeout", "5", "--memory", "100")  # far apart, for a busy machine
    with Service(program, folder, "--workers", "1", "--load", str(library), *limits) as service:
        yield service.wait_until_ready()


@pytest.mark.parametrize(
    ("what", "error", "reason"),
    [
        ("crash", RenderCrashed, "died of SIGSEGV"),
        ("abort", RenderCrashed, "died of SIGABRT"),
        ("deep", RenderCrashed, "died of SIGSEGV"),
        ("spin", RenderOverrun, "took more than 0.5 s of CPU time"),
        ("sleep", RenderOverrun, "took more than 5 s"),
        ("hoard", RenderExhausted, "took too much memory"),
        ("throw", RenderLost, "no geometry"),
    ],
)
def test_the_client_is_told_which_plugin_brought_its_plot_down(
    wild: Service, request_for: Callable[..., Request], what: str, error: type[RenderLost], reason: str
) -> None:
    asked = replace(request_for("TH1F"), name=f"Wild/{what}")
    with pytest.raises(error) as lost:
        wild.client.render(asked)
    assert type(lost.value) is error
    assert (lost.value.reason, lost.value.plugin) == (reason, "Wild")
    assert str(lost.value) == f"The render worker was lost while drawing 'Wild/{what}': {reason}, in the plugin Wild"
    assert wild.client.render(request_for("TH1F")).code == 0
    wild.wait_for_log(f"'Wild/{what}' as '{asked.spec}', in the plugin Wild")


def test_a_plugin_that_loses_memory_costs_workers_and_no_plots(wild: Service, request_for: Callable[..., Request]) -> None:
    eventually(lambda: len(wild.workers) == 1, "the worker that was lost before should be gone")
    (before,) = wild.workers
    for _ in range(30):
        assert wild.client.render(replace(request_for("TH1F"), name="Wild/leak")).code == 0
    assert [before] != wild.workers
    assert re.search(r"a worker has grown by \d+ MB and is replaced; last plot 'Wild/leak' as", wild.log)
