"""Changes that plugins of the DQM GUI make to plots: other objects, scales, text and draw options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from render.client import Request
from tests.render.pictures import Picture, read
from tests.render.service import Service, compile_plugin, scalar_request

pytestmark = pytest.mark.slow

SOURCE = """
#include "../src/DQMRenderPlugin.h"
#include <TCanvas.h>
#include <TH2.h>
#include <TLine.h>
#include <TObjString.h>
#include <TText.h>
#include <stdexcept>

struct Change : DQMRenderPlugin {
  bool applies(const VisDQMObject &o, const VisDQMImgInfo &) override { return o.dirname == "Change"; }

  void preDraw(TCanvas *c, const VisDQMObject &o, const VisDQMImgInfo &i, VisDQMRenderInfo &how) override {
    c->cd();
    if (o.objname == "compare") {
      TObject *result = i.objects[1].object->Clone();
      delete o.object;
      const_cast<VisDQMObject &>(o).object = result;
      const_cast<std::string &>(i.zaxis.type) = "log";
    }
    if (o.objname == "reference" && o.reference) {
      dynamic_cast<TH1 &>(*o.object).SetTitle(o.reference->GetTitle());
      const_cast<VisDQMObject &>(i.objects[1]).object = o.object->Clone();
      delete o.reference;
    }
    if (o.objname == "option")
      dynamic_cast<TH1 &>(*o.object).SetOption("BOX");
    if (o.objname == "labels")
      dynamic_cast<TH1 &>(*o.object).SetTitle(std::to_string(i.reflabels.size()).c_str());
    if (o.objname == "words")
      dynamic_cast<TObjString &>(*o.object).SetString("changed");
  }

  void draw_lines(TCanvas &canvas) {
    TLine line;
    for (int i = 0; i < 1000; ++i)
      line.DrawLineNDC(i / 1000., 0, i / 1000., 1);
    const auto twice = new TText(0.5, 0.5, "twice");
    twice->SetBit(kCanDelete);
    twice->Draw();
    (new TPad("inner", "", 0, 0, 0.5, 0.5))->Draw();
    canvas.cd(1);
    twice->Draw();
    canvas.cd();
    twice->Draw();
    static TText kept(0.2, 0.2, "kept");
    kept.Draw();
  }

  void postDraw(TCanvas *c, const VisDQMObject &o, const VisDQMImgInfo &i) override {
    if (o.reference != (i.objects.size() > 1 ? i.objects[1].object : nullptr))
      throw std::logic_error("another reference");
    if (o.objname == "lines")
      draw_lines(*c);
    if (o.objname != "clear")
      return;
    c->Clear();
    (new TText(0.5, 0.5, dynamic_cast<TObjString &>(*o.object).GetString()))->Draw();
  }
} change;
"""


@pytest.fixture(scope="module")
def plugin_service(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("changing")
    with Service(program, folder, "--workers", "1", "--load", str(compile_plugin(folder, SOURCE))) as service:
        yield service.wait_until_ready()


def draw_image(service: Service, request: Request) -> Picture:
    response = service.client.render(request)
    assert response.code == 0, service.log
    return read(response.image)


def test_plugin_may_replace_the_object_and_choose_the_scale(
    plugin_service: Service, service: Service, request_for: Callable[..., Request]
) -> None:
    compared = replace(request_for("TH2F", "TH2D"), name="Change/compare")
    (worker,) = plugin_service.workers
    for _ in range(20):
        image = draw_image(plugin_service, compared)
    assert image == draw_image(service, request_for("TH2D", spec="w=400;h=300;ztype=log"))
    assert plugin_service.workers == [worker]


def test_plugin_gets_the_first_reference_with_the_object(
    plugin_service: Service, service: Service, request_for: Callable[..., Request]
) -> None:
    alone = replace(request_for("TH2F"), name="Change/reference")
    assert draw_image(plugin_service, alone) == draw_image(service, alone)
    (worker,) = plugin_service.workers
    compared = replace(request_for("TH2F", "TH2D", "TH2S"), name="Change/reference")
    assert draw_image(plugin_service, compared) != draw_image(service, compared)
    assert plugin_service.workers == [worker]


def test_objects_that_a_plugin_draws_are_deleted_once(plugin_service: Service, request_for: Callable[..., Request]) -> None:
    request = replace(request_for("TH2F"), name="Change/lines")
    (worker,) = plugin_service.workers
    first = draw_image(plugin_service, request)
    assert all(draw_image(plugin_service, request) == first for _ in range(5))
    assert plugin_service.workers == [worker]


def test_scale_chosen_by_a_plugin_does_not_affect_the_next_plot(
    plugin_service: Service, service: Service, request_for: Callable[..., Request]
) -> None:
    draw_image(plugin_service, replace(request_for("TH2F", "TH2D"), name="Change/compare"))
    assert draw_image(plugin_service, request_for("TH2F")) == draw_image(service, request_for("TH2F"))


def test_option_of_the_object_applies_unless_the_user_requests_another(
    plugin_service: Service, service: Service, request_for: Callable[..., Request]
) -> None:
    for spec, same in (("w=400;h=300", "w=400;h=300;drawopts=BOX"), ("w=400;h=300;drawopts=TEXT", "w=400;h=300;drawopts=TEXT")):
        image = draw_image(plugin_service, replace(request_for("TH2F", spec=spec), name="Change/option"))
        assert image == draw_image(service, request_for("TH2F", spec=same))


def test_plugins_see_the_labels_of_the_request(plugin_service: Service, request_for: Callable[..., Request]) -> None:
    specs = ["w=400;h=300", "w=400;h=300;reflabel1=a", "w=400;h=300;reflabel1=b", "w=400;h=300;reflabel2=a"]
    none, one, other, two = (draw_image(plugin_service, replace(request_for("TH2F", spec=spec), name="Change/labels")) for spec in specs)
    assert one == other
    assert none != one != two


def test_plugins_see_and_change_text(plugin_service: Service, service: Service, request_for: Callable[..., Request]) -> None:
    size = "w=200;h=100"
    plain = draw_image(service, scalar_request("changed", size))
    assert draw_image(plugin_service, scalar_request("before", size, name="Change/words")) == plain
    assert draw_image(plugin_service, replace(request_for("words", spec=size), name="Change/words")) == plain
    assert draw_image(plugin_service, scalar_request("before", size, name="Change/clear")) not in (
        plain,
        draw_image(service, scalar_request("before", size)),
    )
