"""The example plugins, and the tool that builds a folder of plugin sources into a library."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from render.client import Request
from render.make_plugins import build
from tests.render import pictures
from tests.render.pictures import Picture
from tests.render.service import TREE, Service
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

EXAMPLES = TREE / "render" / "plugins"
SPEC = "w=400;h=300"
WHITE = (254, 254, 254)  # colour 10 of ROOT

MAPS = '''
import sys
import ROOT

ROOT.TH1.AddDirectory(False)
ROOT.gInterpreter.Declare("""
void save(const TObject &object, const char *path) {
  TBufferFile buffer(TBuffer::kWrite);
  buffer.WriteObject(&object);
  std::ofstream(path, std::ios::binary).write(buffer.Buffer(), buffer.Length());
}
""")
folder = sys.argv[1]
share = ROOT.TH2F("share", "Report summary;x;y", 4, 0, 4, 1, 0, 1)
for x, content in enumerate((0.0, 0.5, 1.0, -1.0), 1):
    share.SetBinContent(x, 1, content)
hits = ROOT.TH2F("hits", "Occupancy;x;y", 4, 0, 4, 1, 0, 1)
for x, content in enumerate((0, 40, 70, 100), 1):
    hits.SetBinContent(x, 1, content)
for item in (share, hits):
    ROOT.save(item, f"{folder}/{item.GetName()}.obj")
'''


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maps")
    subprocess.run([sys.executable, "-W", "ignore", "-c", MAPS, str(folder)], check=True, timeout=PATIENCE_S)
    return folder


@pytest.fixture(scope="module")
def plugin_service(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("examples")
    library = folder / "plugins.so"
    assert build(sorted(EXAMPLES.glob("*.cc")), library).failed == {}
    with Service(program, folder, "--workers", "1", "--load", str(library)) as service:
        yield service.wait_until_ready()
        assert "plugins loaded: 2" in service.log


def draw_map(service: Service, maps: Path, item: str, name: str) -> Picture:
    response = service.client.render(Request(name=name, spec=SPEC, objects=[((maps / f"{item}.obj").read_bytes(), 0)]))
    assert response.code == 0, service.log
    return pictures.read(response.image)


def columns(picture: Picture) -> list[tuple[int, int, int]]:
    """The colours in the middle of the four bins, between margins of 10 and 14 % of the width."""
    middle = picture.height // 2 * picture.width
    return [picture.pixels[middle + int(picture.width * (0.1 + 0.76 * (bin + 0.6) / 4))] for bin in range(4)]


@pytest.mark.parametrize("name", ["reportSummaryMap", "reportSummaryMap_Barrel"])
def test_report_summary_map_goes_from_red_to_green(plugin_service: Service, maps: Path, name: str) -> None:
    bad, medium, good, without_result = columns(draw_map(plugin_service, maps, "share", f"EventInfo/{name}"))
    assert bad[0] > 200 > 60 > bad[1]
    assert min(medium[:2]) > 190
    assert good[1] > 180 > 60 > good[0]
    assert without_result == WHITE


def test_palette_of_a_report_summary_map_does_not_affect_the_next_plot(plugin_service: Service, service: Service, maps: Path) -> None:
    before = draw_map(service, maps, "hits", "A/map")
    draw_map(plugin_service, maps, "share", "EventInfo/reportSummaryMap")
    assert draw_map(plugin_service, maps, "hits", "A/map") == before


def test_occupancy_map_shows_empty_cells_in_white(plugin_service: Service, maps: Path) -> None:
    empty, smallest, more, largest = columns(draw_map(plugin_service, maps, "hits", "Tracker/HitOccupancy_disk1"))
    assert empty == WHITE
    assert len({empty, smallest, more, largest}) == 4


def test_example_plugins_do_not_change_other_plots(plugin_service: Service, service: Service, objects: Path) -> None:
    request = Request(name="A/occupancy", spec=SPEC, objects=[((objects / "TH1F.obj").read_bytes(), 0)])
    for name in ("A/occupancy", "A/reportSummaryMap"):
        assert plugin_service.client.render(replace(request, name=name)) == service.client.render(replace(request, name=name))


PRODUCTION = """
#include "DQM/DQMRenderPlugin.h"
#include "DQM/DQMDefinitions.h"

struct Production : DQMRenderPlugin {
  std::array<double, 2> cuts{};
  bool applies(const VisDQMObject &, const VisDQMImgInfo &) override {
    return fabs(*std::max_element(cuts.begin(), cuts.end())) > dqm::qstatus::ERROR;
  }
} production;
"""


def test_plugin_sources_of_the_production_gui_compile(tmp_path: Path) -> None:
    source = tmp_path / "Production.cc"
    source.write_text(PRODUCTION)
    assert build([source], tmp_path / "some.so").failed == {}


FAR = """
#include "../src/DQMRenderPlugin.h"
#include <TLorentzVector.h>
#include <TMatrixD.h>
#include <TPolyLine3D.h>

struct Far : DQMRenderPlugin {
  TLorentzVector sum;
  TMatrixD matrix{2, 2};
  bool applies(const VisDQMObject &, const VisDQMImgInfo &) override { return sum.M() > 1 && new TPolyLine3D(2); }
} far_away;
"""


def test_plugin_may_use_root_libraries_that_the_service_has_not_loaded(program: Path, tmp_path: Path) -> None:
    source = tmp_path / "Far.cc"
    source.write_text(FAR)
    assert build([source], tmp_path / "far.so").failed == {}
    with Service(program, tmp_path, "--workers", "1", "--load", str(tmp_path / "far.so")) as service:
        assert "plugins loaded: 1" in service.wait_until_ready().log


BROKEN = {
    "Syntax.cc": ("int x = ;\n", "error: expected primary-expression"),
    "Header.cc": ('#include "NoSuchHeader.h"\n', "fatal error: NoSuchHeader.h: No such file"),
    "Symbol.cc": ("void nowhere();\nvoid here() { nowhere(); }\n", "undefined reference to `nowhere()'"),
    "Base.cc": ('#include "../src/DQMRenderPlugin.h"\nclass Half : public DQMRenderPlugin {};\nstatic Half half;\n', "error: "),
}


def test_sources_that_cannot_be_built_are_reported_and_the_others_built(program: Path, tmp_path: Path) -> None:
    """Two of the valid sources depend on each other, like CMS sources that share helpers."""
    sources = tmp_path / "sources"
    sources.mkdir()
    for name, (text, _) in BROKEN.items():
        (sources / name).write_text(text)
    (sources / "Occupancy.cxx").write_text((EXAMPLES / "OccupancyMap.cc").read_text() + "int helper();\nint helped = helper();\n")
    (sources / "Helper.cpp").write_text("int helper();\nint helper() { return 1; }\n")
    library = tmp_path / "some.so"
    command = [sys.executable, "-m", "render.make_plugins", str(sources), "-o", str(library)]
    result = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode == 1
    for name, (_, reason) in BROKEN.items():
        assert f"failed  {name}: {reason}" in result.stdout
    assert "built   Helper.cpp\nbuilt   Occupancy.cxx\nBuilt 2 of 6 sources into " in result.stdout
    with Service(program, tmp_path, "--workers", "1", "--load", str(library)) as service:
        assert "plugins loaded: 1" in service.wait_until_ready().log


def test_folder_without_plugin_sources_is_refused(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "render.make_plugins", str(tmp_path)], cwd=TREE, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "No plugin sources in" in result.stderr
