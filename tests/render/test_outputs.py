"""Plots as SVG, PDF, ROOT file and JSON."""

from __future__ import annotations

import io
import json
import math
import re
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import uproot

from render.client import RenderCrashed, RenderOverrun, RenderRefused, Request
from tests.render.service import Service, compiled, text
from tests.support.patience import PATIENCE_S

SVG = "{http://www.w3.org/2000/svg}"
LINK = b"#url[javascript:a()]{x}"
"""In ROOT's text a link; as long as the title that it replaces."""

Make = Callable[..., Request]


@pytest.fixture
def made(service: Service, request_for: Make) -> Callable[..., bytes]:
    """What the service makes of objects in a format, without a complaint from ROOT."""

    def make(form: str, *names: str, spec: str = "w=600;h=400") -> bytes:
        rendered = service.client.render(request_for(*names, spec=f"{spec};format={form}"))
        assert rendered.code == 0, service.log
        return rendered.image

    return make


def with_words(request: Request, **words: tuple[bytes, bytes]) -> Request:
    """The same with other texts of equal length in its object."""
    raw, shift = request.objects[0]
    for old, new in words.values():
        assert len(old) == len(new)
        assert old in raw
        raw = raw.replace(old, new)
    return replace(request, objects=[(raw, shift)])


def letters(svg: bytes) -> list[str]:
    return [(element.text or "").strip() for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_an_svg_has_the_size_that_was_asked_for_and_its_title(made: Callable[..., bytes]) -> None:
    drawn = ElementTree.fromstring(made("svg", "TH1F"))
    assert (drawn.tag, drawn.get("width"), drawn.get("height")) == (f"{SVG}svg", "600", "400")
    assert drawn.findtext(f"{SVG}title") == "Test/TH1F"
    assert "TH1F of a signal" in letters(made("svg", "TH1F"))


def test_the_cells_of_a_map_are_drawn_one_by_one(made: Callable[..., bytes]) -> None:
    drawn = ElementTree.fromstring(made("svg", "big2d"))
    assert len(list(drawn.iter(f"{SVG}rect"))) > 3000
    assert not list(drawn.iter(f"{SVG}image"))


@pytest.mark.parametrize("name", ["TH1S", "TH2D", "TH3F", "TProfile", "TProfile2D", "empty", "nan", "inf"])
def test_every_kind_of_object_is_drawn(made: Callable[..., bytes], name: str) -> None:
    assert len(list(ElementTree.fromstring(made("svg", name)))) > 5
    assert made("pdf", name).startswith(b"%PDF-1.")


def test_references_are_drawn_too(made: Callable[..., bytes]) -> None:
    ratios = "w=600;h=400;ref=ratiooverlay;reflabel1=Last week"
    assert {"Last week", "Ratio"} <= set(letters(made("svg", "TH1F", "higher", spec=ratios)))
    assert len(made("pdf", "TH1F", "higher", spec=ratios)) > len(made("pdf", "TH1F"))


def test_nothing_in_a_title_gets_out_of_its_text(service: Service, request_for: Make) -> None:
    request = with_words(
        replace(request_for("TH1F", spec="w=600;h=400;format=svg"), name='A/<b a="&">\x01\ud7ff'),
        title=(b"TH1F of a signal", b"<script>alert(1)"),
        axis=(b"E_{T} [GeV]", b"\"&'<b>]]>@\xff"),
        entries=(b"Entries", b"a\x02b\x1fc\xc3("),
    )
    drawn = ElementTree.fromstring(service.client.render(request).image)
    assert {element.tag.removeprefix(SVG) for element in drawn.iter()} <= {"svg", "title", "defs", "rect", "path", "text", "g"}
    assert {"<script>alert(1)", "\"&'<b>]]>@\ufffd", "a\ufffdb\ufffdc\ufffd("} <= set(letters(service.client.render(request).image))
    assert drawn.findtext(f"{SVG}title") == 'A/<b a="&">\ufffd\ud7ff'


@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_a_title_cannot_make_a_link(service: Service, request_for: Make, form: str) -> None:
    request = with_words(request_for("TProfile", spec=f"w=600;h=400;format={form}"), title=(b"Efficiency against time", LINK))
    drawn = service.client.render(request).image
    assert b"javascript" not in drawn
    assert b"href" not in drawn
    assert b"/URI" not in drawn


@pytest.mark.parametrize(("width", "height"), [(600, 400), (200, 900), (3000, 2000)])
def test_the_page_of_a_pdf_is_the_plot(made: Callable[..., bytes], width: int, height: int) -> None:
    box = re.search(rb"/MediaBox \[ *(-?\d+) (-?\d+) (-?\d+) (-?\d+) *\]", made("pdf", "TH2F", spec=f"w={width};h={height}"))
    assert box
    left, bottom, right, top = map(int, box.groups())
    assert (right - left, top - bottom) == (width, height)


def streams(pdf: bytes) -> Iterator[bytes]:
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        yield zlib.decompress(match[1])


def test_text_in_a_drawing_is_that_of_the_picture(service: Service) -> None:
    words = "Zürich µ <b>\n(Ω)"
    assert letters(service.client.render(text(words, "w=600;h=400;format=svg")).image) == ["Zürich µ <b>", "(Ω)"]
    page = b"".join(streams(service.client.render(text(words, "w=600;h=400;format=pdf")).image))
    assert "(Zürich µ <b>)".encode("cp1252") in page
    assert rb"(\(?\))" in page  # the fonts of every reader have no Omega


@pytest.mark.parametrize("form", ["svg", "pdf"])
def test_a_plot_that_is_missing_says_so(service: Service, form: str) -> None:
    request = Request(name="A/lost", spec=f"w=300;h=200;format={form}", objects=[(b"", 0)])
    drawn = service.client.render(request).image
    assert "is not available now" in " ".join(letters(drawn) if form == "svg" else [part.decode("cp1252") for part in streams(drawn)])


@pytest.mark.parametrize("form", ["svg", "pdf", "root", "json"])
def test_equal_requests_have_equal_answers_at_any_time(service: Service, made: Callable[..., bytes], form: str) -> None:
    first = made(form, "TH2F")
    made(form, "TH1F", "higher")
    time.sleep(1.1)  # times of day in files are in seconds
    assert {made(form, "TH2F") for _ in range(6)} == {first}


def test_a_root_file_holds_the_object_under_its_name(made: Callable[..., bytes], objects: Path, tmp_path: Path) -> None:
    content = made("root", "TH1F")
    with uproot.open(io.BytesIO(content)) as file:
        assert file.keys() == ["TH1F;1"]
        histogram = file["TH1F"]
        assert (histogram.title, len(histogram.values())) == ("TH1F of a signal", 50)
        assert sum(histogram.values()) == histogram.member("fEntries")
    path = tmp_path / "plot.root"
    path.write_bytes(content)
    code = f"import ROOT; f = ROOT.TFile.Open({str(path)!r}); h = f.Get('TH1F'); print(h.ClassName(), h.GetEntries() == h.Integral())"
    read = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    assert read.stdout.split() == ["TH1F", "True"]


def test_a_root_file_holds_references_beside_the_plot(made: Callable[..., bytes]) -> None:
    with uproot.open(io.BytesIO(made("root", "TProfile", "higher", "named", "TH2F"))) as file:
        assert file.classnames() == {"TProfile;1": "TProfile", "TProfile_reference1;1": "TH1S", "TProfile_reference3;1": "TH2F"}


def test_a_root_file_holds_nothing_of_the_memory_of_the_service(made: Callable[..., bytes]) -> None:
    content = made("root", "TH1F")
    assert content[63:100] == bytes(37)
    assert len(content) < 8000


def test_a_scalar_is_a_text_in_a_root_file_and_in_json(service: Service) -> None:
    with uproot.open(io.BytesIO(service.client.render(text("Zürich", "w=1;h=1;format=root", "A/where")).image)) as file:
        assert file["where"] == "Zürich"
    assert json.loads(service.client.render(text("Zürich", "w=1;h=1;format=json")).image)["fString"] == "Zürich"


@pytest.mark.parametrize("form", ["root", "json"])
def test_nothing_is_made_of_what_is_missing_or_damaged(service: Service, request_for: Make, form: str) -> None:
    assert service.client.render(Request(name="A/lost", spec=f"w=1;h=1;format={form}", objects=[(b"", 0)])).image == b""
    raw, _ = request_for("TH1F").objects[0]
    with pytest.raises(RenderRefused, match="damaged"):
        service.client.render(Request(name="A/cut", spec=f"w=1;h=1;format={form}", objects=[(raw[:200], 0)]))


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers(item)
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize("names", [["nan"], ["inf"], ["nan2d"], ["nanprofile"], ["inf", "named", "nan2d"]])
def test_json_is_valid_whatever_is_in_the_bins(made: Callable[..., bytes], names: list[str]) -> None:
    document = json.loads(made("json", *names), parse_constant=pytest.fail)
    assert all(map(math.isfinite, numbers(document)))
    assert [None in item["fArray"] for item in document.get("objects", [document]) if item] == [True] * (1 + len(names) // 2)
    assert made("json", *names) == made("png", *names, spec="w=1;h=1;json=True")


def test_words_that_look_like_no_number_stay_in_json(service: Service) -> None:
    words = 'nan inf -2e308 "nan" \\"inf\\'
    assert json.loads(service.client.render(text(words, "w=1;h=1;format=json")).image)["fString"] == words


def test_a_map_of_too_many_cells_for_a_drawing_is_refused_and_its_picture_is_not(service: Service, request_for: Make) -> None:
    for form in ("svg", "pdf"):
        with pytest.raises(RenderRefused, match="at most 250000 bins in an SVG or PDF"):
            service.client.render(request_for("slow", spec=f"w=300;h=200;format={form}"))
    assert service.client.render(request_for("slow", spec="w=300;h=200")).image.startswith(b"\x89PNG")


PLUGIN = """
#include "../src/DQMRenderPlugin.h"
#include <TText.h>

struct Stamp : DQMRenderPlugin {
  bool applies(const VisDQMObject &, const VisDQMImgInfo &) override { return true; }
  void preDraw(TCanvas *, const VisDQMObject &o, const VisDQMImgInfo &, VisDQMRenderInfo &) override {
    if (o.objname == "crash")
      *reinterpret_cast<volatile int *>(8) = 1;
    volatile bool turning = true;
    while (o.objname == "spin" && turning) {
    }
  }
  void postDraw(TCanvas *, const VisDQMObject &, const VisDQMImgInfo &) override { (new TText(0.5, 0.5, "stamped"))->Draw(); }
} stamp;
"""


def test_plugins_take_part_in_drawings_and_bring_down_no_more_than_with_pictures(program: Path, tmp_path: Path, request_for: Make) -> None:
    library = compiled(tmp_path, PLUGIN)
    request = request_for("TH1F", spec="w=300;h=200;format=svg")
    with Service(program, tmp_path, "--workers", "1", "--load", str(library), "--cpu", "0.5") as service:
        service.wait_until_ready()
        assert "stamped" in letters(service.client.render(request).image)
        for form in ("svg", "pdf"):
            spec = f"w=300;h=200;format={form}"
            with pytest.raises(RenderCrashed, match="died of SIGSEGV, in the plugin Stamp"):
                service.client.render(replace(request, spec=spec, name="A/crash"))
            with pytest.raises(RenderOverrun, match="of CPU time, in the plugin Stamp"):
                service.client.render(replace(request, spec=spec, name="A/spin"))
        assert "stamped" in letters(service.client.render(request).image)


def test_a_format_that_is_none_is_refused(service: Service, request_for: Make) -> None:
    with pytest.raises(RenderRefused):
        service.client.render(request_for("TH1F", spec="w=60;h=40;format=gif"))
