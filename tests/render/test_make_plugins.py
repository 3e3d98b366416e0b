"""Plugin sources of the DQM GUI are built where people have them, and only with the headers of this checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from render.make_plugins import build
from tests.render.service import TREE, Service
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

FOREIGN = "#error the header of another program\n"
FOREIGN_BASE = """
#ifndef VIS_RENDER_PLUGIN_H
#define VIS_RENDER_PLUGIN_H
#include <string>
#include <vector>
struct VisDQMObject { std::string name; };
class DQMRenderPlugin {
 public:
  DQMRenderPlugin();
  virtual ~DQMRenderPlugin();
  virtual bool applies(const VisDQMObject &) = 0;
};
#endif
"""
"""A base class with other functions than the one of this checkout."""

PLUGIN = """
struct {name} : DQMRenderPlugin {{
  bool applies(const VisDQMObject &, const VisDQMImgInfo &) override {{ return {applies}; }}
}} plugin_{name};
"""


def plugin(name: str, *includes: str, applies: str = "false") -> str:
    """The source of a plugin."""
    return "".join(f"#include {include}\n" for include in includes) + PLUGIN.format(name=name, applies=applies)


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_sources_in_a_clone_of_the_gui_are_built_with_the_headers_of_this_checkout(program: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    headers = ("src/DQMRenderPlugin.h", "src/Objects.h", "plugins/DQM/DQMRenderPlugin.h", "DQM/DQMRenderPlugin.h")
    write(clone, dict.fromkeys(headers, FOREIGN))
    sources = {
        "plugins/ByPlace.cc": plugin("ByPlace", '"../src/DQMRenderPlugin.h"', '"utils.h"', applies="helper()"),
        "plugins/Production.cc": plugin("Production", '"DQM/DQMRenderPlugin.h"'),
        "plugins/Nested.cc": plugin("Nested", '"maps/geometry.h"'),
        "plugins/Sibling.cc": plugin("Sibling", '"../common/palette.h"', '"../src/DQMRenderPlugin.h"'),
        "plugins/Bracketed.cc": plugin("Bracketed", "<DQM/DQMRenderPlugin.h>"),
        "plugins/utils.cc": '#include "utils.h"\nbool helper() { return true; }\n',
    }
    write(clone, sources)
    write(clone, {"plugins/utils.h": "bool helper();\n", "plugins/maps/geometry.h": '#include "../../src/DQMRenderPlugin.h"\n'})
    write(clone, {"common/palette.h": "const int colours = 60;\n"})
    library = tmp_path / "clone.so"
    assert build(sorted((clone / "plugins").glob("*.cc")), library).failed == {}
    with Service(program, tmp_path, "--workers", "1", "--load", str(library)) as service:
        service.wait_until_ready()
        names = json.loads((service.state / "status.json").read_text())["plugins"]
    assert sorted(names) == ["Bracketed", "ByPlace", "Nested", "Production", "Sibling"]


def test_base_class_of_another_program_is_never_mixed_into_a_library(tmp_path: Path) -> None:
    write(tmp_path / "src", {"DQMRenderPlugin.h": FOREIGN_BASE})
    write(tmp_path / "common", {"base.h": '#include "../src/DQMRenderPlugin.h"\n'})
    write(tmp_path / "plugins", {"Mixed.cc": plugin("Mixed", '"../common/base.h"')})
    library = tmp_path / "mixed.so"
    result = build([tmp_path / "plugins" / "Mixed.cc"], library)
    assert "redefinition of" in result.failed[tmp_path / "plugins" / "Mixed.cc"]
    assert not library.exists()


def test_library_built_with_other_headers_is_refused_with_the_remedy(program: Path, tmp_path: Path) -> None:
    write(tmp_path, {"base.h": FOREIGN_BASE})
    source = (
        '#include "base.h"\nstruct Foreign : DQMRenderPlugin { bool applies(const VisDQMObject &) override { return true; } } foreign;\n'
    )
    write(tmp_path, {"Foreign.cc": source})
    include = Path(sysconfig.get_path("platlib")) / "ROOT" / "include"
    command = ["g++", "-std=c++17", "-shared", "-fPIC", f"-I{include}", "-o", "foreign.so", "Foreign.cc"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=PATIENCE_S)
    with Service(program, tmp_path, "--workers", "1", "--load", str(tmp_path / "foreign.so")) as service:
        service.wait_until_ready()
        status = json.loads((service.state / "status.json").read_text())
        assert service.client.ping() > 0
    assert status["plugins"] == []
    assert "built with other plugin headers: build it with `make plugins`" in status["error"]


FLAGS = {
    "REPORT_ERROR": 0x100,
    "REPORT_WARN": 0x200,
    "REPORT_OTHER": 0x400,
    "REPORT_ALARM": 0x700,
    "EFFICIENCY_PLOT": 0x200000,
    "TYPE_TH1I": 0x13,
    "TYPE_TH2I": 0x23,
    "TYPE_TH2Poly": 0x24,
}
"""Flags of the DQM GUI, by its specification."""


def test_sources_of_the_production_gui_find_their_flags_and_boost(tmp_path: Path) -> None:
    checks = "".join(f"static_assert(DQMNet::DQM_PROP_{name} == {value}u);\n" for name, value in FLAGS.items())
    used = "std::max(DQMNet::DQM_PROP_REPORT_ERROR, DQMNet::DQM_PROP_REPORT_WARN) > 0 && boost::starts_with(std::string(), std::string())"
    includes = ('"DQM/DQMRenderPlugin.h"', "<boost/algorithm/string/predicate.hpp>")
    write(tmp_path, {"Flags.cc": plugin("Flags", *includes, applies=used) + checks})
    write(tmp_path, {"Net.cc": '#include "DQM/DQMNet.h"\n' + checks})
    assert build([tmp_path / "Flags.cc", tmp_path / "Net.cc"], tmp_path / "flags.so").failed == {}


USES_OF_STANDARD_HEADERS = """
bool standard() {
  assert(std::strlen("ME") == 2 && std::abs(-1) == 1);
  char label[8];
  std::snprintf(label, sizeof label, "%d", std::numeric_limits<short>::max());
  std::ostringstream text;
  text << std::setw(8) << std::list<std::string>{label}.size() << std::set<int>{1}.size();
  return text.str().empty();
}
"""


@pytest.mark.parametrize("header", ["../src/DQMRenderPlugin.h", "DQM/DQMRenderPlugin.h"])
def test_sources_may_leave_out_the_standard_headers_that_those_of_the_gui_include(tmp_path: Path, header: str) -> None:
    source = f'#include "{header}"\n' + USES_OF_STANDARD_HEADERS + PLUGIN.format(name="Bare", applies="standard()")
    write(tmp_path / "plugins", {"Bare.cc": source})
    assert build([tmp_path / "plugins" / "Bare.cc"], tmp_path / "bare.so").failed == {}


def test_missing_headers_of_boost_are_reported_with_their_package(tmp_path: Path) -> None:
    write(tmp_path, {"Boost.cc": "#include <boost/no_such_part.hpp>\n"})
    command = [sys.executable, "-m", "render.make_plugins", str(tmp_path), "-o", str(tmp_path / "boost.so")]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 1
    assert "failed  Boost.cc: fatal error: boost/no_such_part.hpp: No such file or directory; install Boost's headers" in done.stdout
    assert "libboost-dev" in done.stdout
