"""Render plugins compiled against render/include, like those of CMS."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from render.client import Request
from render.errors import RenderCrashed, RenderExhausted, RenderLost, RenderOverrun
from tests.render import pictures
from tests.render.service import Service, compile_plugin, wait_until
from tests.support.patience import PATIENCE_S

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
    assert(commands > 2 && o.object && !o.reference && i.objects[0].object == o.object && i.reflabels.empty());
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


def status(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((service.state / "status.json").read_text())
    return document


@pytest.fixture(scope="module")
def library(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_plugin(tmp_path_factory.mktemp("plugin"), SOURCE)


@pytest.fixture(scope="module")
def plugin_service(program: Path, library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(program, tmp_path_factory.mktemp("plugins"), "--workers", "1", "--load", str(library)) as service:
        yield service.wait_until_ready()


def test_plugin_changes_the_plots_it_applies_to(plugin_service: Service, service: Service, request_for: Callable[..., Request]) -> None:
    assert "plugins loaded: 1" in plugin_service.log
    assert status(plugin_service)["plugins"] == ["Chosen"]
    request = request_for("TH1F")
    changed = pictures.read(plugin_service.client.render(request).image)
    assert changed.differing_share(pictures.read(service.client.render(request).image)) > 0.01
    red = [pixel for pixel in changed.pixels if pixel[0] > 200 and pixel[1] < 50]
    assert len(red) > 100
    assert b"tEXtPlugins\0Chosen" in plugin_service.client.render(request).image


def test_user_options_override_the_plugin(plugin_service: Service, request_for: Callable[..., Request]) -> None:
    request = request_for("TH1F", spec="w=400;h=300;ytype=lin")
    image = pictures.read(plugin_service.client.render(request).image)
    assert image.differing_share(pictures.read(plugin_service.client.render(request_for("TH1F")).image)) > 0.01


def test_plugin_does_not_change_other_plots(plugin_service: Service, service: Service, request_for: Callable[..., Request]) -> None:
    plugin_service.client.render(request_for("TH1F"))
    for name in ("TH1D", "TH2F"):
        request = request_for(name)
        assert plugin_service.client.render(request) == service.client.render(request)


def test_plugins_are_not_called_for_missing_objects(plugin_service: Service) -> None:
    assert plugin_service.client.render(Request(name="Test/TH1F", spec="w=400;h=300", objects=[(b"", 0)])).code == 0


def test_missing_plugin_library_is_reported_and_the_service_runs(program: Path, tmp_path: Path) -> None:
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
def test_service_survives_a_plugin_library_that_fails_to_load(program: Path, tmp_path: Path, how: str) -> None:
    source, expected_error = UNUSABLE[how]
    library = compile_plugin(tmp_path, QUIET + source)
    with Service(program, tmp_path, "--workers", "1", "--load", str(library)) as service:
        service.wait_until_ready()
        assert expected_error in status(service)["error"]
        assert status(service)["plugins"] == []
        assert service.client.ping() > 0


def test_plugin_that_fails_on_every_plot_does_not_keep_the_service_from_starting(
    program: Path, tmp_path: Path, request_for: Callable[..., Request]
) -> None:
    failing = QUIET.replace("return false", 'throw std::runtime_error("no geometry")') + "Quiet quiet;"
    with Service(program, tmp_path, "--workers", "1", "--load", str(compile_plugin(tmp_path, failing))) as service:
        service.wait_until_ready()
        with pytest.raises(RenderLost, match="no geometry, in the plugin Quiet"):
            service.client.render(request_for("TH1F"))
        assert status(service)["plugins"] == ["Quiet"]


@pytest.fixture(scope="module")
def faulty(program: Path, faulty_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    limits = ("--cpu", "0.5", "--timeout", f"{PATIENCE_S:.0f}", "--memory", "100")  # a busy machine provides CPU time slowly
    with Service(program, tmp_path_factory.mktemp("limited"), "--workers", "1", "--load", str(faulty_library), *limits) as service:
        yield service.wait_until_ready()


@pytest.mark.parametrize(
    ("what", "error", "reason"),
    [
        ("crash", RenderCrashed, "died of SIGSEGV"),
        ("abort", RenderCrashed, "died of SIGABRT"),
        ("deep", RenderCrashed, "died of SIGSEGV"),
        ("spin", RenderOverrun, "took more than 0.5 s of CPU time"),
        ("hoard", RenderExhausted, "took too much memory"),
        ("throw", RenderLost, "no geometry"),
    ],
)
def test_error_names_the_plugin_that_caused_it(
    faulty: Service, request_for: Callable[..., Request], what: str, error: type[RenderLost], reason: str
) -> None:
    request = replace(request_for("TH1F"), name=f"Faulty/{what}")
    with pytest.raises(error) as raised:
        faulty.client.render(request)
    assert type(raised.value) is error
    assert (raised.value.reason, raised.value.plugin) == (reason, "Faulty")
    assert str(raised.value) == f"The render worker was lost while drawing 'Faulty/{what}': {reason}, in the plugin Faulty"
    assert faulty.client.render(request_for("TH1F")).code == 0
    faulty.wait_for_log(f"'Faulty/{what}' as '{request.spec}', in the plugin Faulty")


def test_error_names_the_plugin_that_slept(
    program: Path, faulty_library: Path, tmp_path: Path, request_for: Callable[..., Request]
) -> None:
    with Service(program, tmp_path, "--workers", "1", "--load", str(faulty_library), "--timeout", "2") as service:
        service.wait_until_ready()
        request = replace(request_for("TH1F"), name="Faulty/sleep")
        wait_until(lambda: service.ends_with(request) == ("took more than 2 s", "Faulty"), "the error should name time and plugin")
        assert service.stop() == 0


def test_plugin_that_leaks_memory_costs_workers_but_no_plots(faulty: Service, request_for: Callable[..., Request]) -> None:
    wait_until(lambda: len(faulty.workers) == 1, "the worker that was lost before should be gone")
    (before,) = faulty.workers
    for _ in range(30):
        assert faulty.client.render(replace(request_for("TH1F"), name="Faulty/leak")).code == 0
    assert [before] != faulty.workers
    assert re.search(r"a worker has grown by \d+ MB and is replaced; last plot 'Faulty/leak' as", faulty.log)
