"""What plugins written for the DQM GUI do to a plot beyond its look: other objects, scales, texts, options of the object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from render.client import Request
from tests.render.pictures import Picture, read
from tests.render.service import Service, compiled, text

pytestmark = pytest.mark.slow

SOURCE = """
#include "../src/DQMRenderPlugin.h"
#include <TCanvas.h>
#include <TH2.h>
#include <TObjString.h>
#include <TText.h>

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
    if (o.objname == "option")
      dynamic_cast<TH1 &>(*o.object).SetOption("BOX");
    if (o.objname == "labels")
      dynamic_cast<TH1 &>(*o.object).SetTitle(std::to_string(i.reflabels.size()).c_str());
    if (o.objname == "words")
      dynamic_cast<TObjString &>(*o.object).SetString("changed");
  }

  void postDraw(TCanvas *c, const VisDQMObject &o, const VisDQMImgInfo &) override {
    if (o.objname != "clear")
      return;
    c->Clear();
    (new TText(0.5, 0.5, dynamic_cast<TObjString &>(*o.object).GetString()))->Draw();
  }
} change;
"""


@pytest.fixture(scope="module")
def changing(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("changing")
    with Service(program, folder, "--workers", "1", "--load", str(compiled(folder, SOURCE))) as service:
        yield service.wait_until_ready()


def drawn(service: Service, asked: Request) -> Picture:
    rendered = service.client.render(asked)
    assert rendered.code == 0, service.log
    return read(rendered.image)


def test_an_object_in_place_of_the_first_is_drawn_on_the_scale_that_the_plugin_chose(
    changing: Service, service: Service, request_for: Callable[..., Request]
) -> None:
    compared = replace(request_for("TH2F", "TH2D"), name="Change/compare")
    (worker,) = changing.workers
    for _ in range(20):
        shown = drawn(changing, compared)
    assert shown == drawn(service, request_for("TH2D", spec="w=400;h=300;ztype=log"))
    assert changing.workers == [worker]


def test_the_scale_of_one_plot_is_not_that_of_the_next(changing: Service, service: Service, request_for: Callable[..., Request]) -> None:
    drawn(changing, replace(request_for("TH2F", "TH2D"), name="Change/compare"))
    assert drawn(changing, request_for("TH2F")) == drawn(service, request_for("TH2F"))


def test_the_option_of_the_object_counts_unless_the_user_asks_for_another(
    changing: Service, service: Service, request_for: Callable[..., Request]
) -> None:
    for spec, same in (("w=400;h=300", "w=400;h=300;drawopts=BOX"), ("w=400;h=300;drawopts=TEXT", "w=400;h=300;drawopts=TEXT")):
        shown = drawn(changing, replace(request_for("TH2F", spec=spec), name="Change/option"))
        assert shown == drawn(service, request_for("TH2F", spec=same))


def test_plugins_see_as_many_labels_as_were_given(changing: Service, request_for: Callable[..., Request]) -> None:
    specs = ["w=400;h=300", "w=400;h=300;reflabel1=a", "w=400;h=300;reflabel1=b", "w=400;h=300;reflabel2=a"]
    none, one, other, two = (drawn(changing, replace(request_for("TH2F", spec=spec), name="Change/labels")) for spec in specs)
    assert one == other
    assert none != one != two


def test_plugins_see_and_change_texts(changing: Service, service: Service, request_for: Callable[..., Request]) -> None:
    size = "w=200;h=100"
    plain = drawn(service, text("changed", size))
    assert drawn(changing, text("before", size, name="Change/words")) == plain
    assert drawn(changing, replace(request_for("words", spec=size), name="Change/words")) == plain
    assert drawn(changing, text("before", size, name="Change/clear")) not in (plain, drawn(service, text("before", size)))
