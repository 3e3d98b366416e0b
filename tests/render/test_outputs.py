"""Output as SVG, PDF, ROOT file and JSON."""

from __future__ import annotations

import io
import json
import math
import re
import struct
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

from render.client import Request
from render.errors import RenderCrashed, RenderOverrun, RenderRefused
from tests.render.service import Service, compile_plugin, scalar_request
from tests.support.patience import PATIENCE_S

SVG = "{http://www.w3.org/2000/svg}"
LINK = b"#url[javascript:a()]{x}"
"""A link in ROOT's text syntax, with the length of the title that it replaces."""

Make = Callable[..., Request]


@pytest.fixture
def render_format(service: Service, request_for: Make) -> Callable[..., bytes]:
    """Returns objects in a format, and asserts that ROOT reported no problem."""

    def make(output_format: str, *names: str, spec: str = "w=600;h=400") -> bytes:
        response = service.client.render(request_for(*names, spec=f"{spec};format={output_format}"))
        assert response.code == 0, service.log
        return response.image

    return make


def with_words(request: Request, **text: tuple[bytes, bytes]) -> Request:
    """The request with texts in its object replaced by others of equal length."""
    raw, shift = request.objects[0]
    for old, new in text.values():
        assert len(old) == len(new)
        assert old in raw
        raw = raw.replace(old, new)
    return replace(request, objects=[(raw, shift)])


def letters(svg: bytes) -> list[str]:
    return [(element.text or "").strip() for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_svg_has_the_requested_size_and_title(render_format: Callable[..., bytes]) -> None:
    output = ElementTree.fromstring(render_format("svg", "TH1F"))
    assert (output.tag, output.get("width"), output.get("height")) == (f"{SVG}svg", "600", "400")
    assert output.findtext(f"{SVG}title") == "Test/TH1F"
    assert "TH1F of a signal" in letters(render_format("svg", "TH1F"))


def test_svg_of_a_map_has_one_rectangle_per_cell(render_format: Callable[..., bytes]) -> None:
    output = ElementTree.fromstring(render_format("svg", "big2d"))
    assert len(list(output.iter(f"{SVG}rect"))) > 3000
    assert not list(output.iter(f"{SVG}image"))


@pytest.mark.parametrize("name", ["TH1S", "TH2D", "TH3F", "TProfile", "TProfile2D", "empty", "nan", "inf"])
def test_every_class_is_drawn_as_svg_and_pdf(render_format: Callable[..., bytes], name: str) -> None:
    assert len(list(ElementTree.fromstring(render_format("svg", name)))) > 5
    assert render_format("pdf", name).startswith(b"%PDF-1.")


def test_references_are_drawn_in_svg_and_pdf(render_format: Callable[..., bytes]) -> None:
    ratios = "w=600;h=400;ref=ratiooverlay;reflabel1=Last week"
    assert {"Last week", "Ratio"} <= set(letters(render_format("svg", "TH1F", "higher", spec=ratios)))
    assert len(render_format("pdf", "TH1F", "higher", spec=ratios)) > len(render_format("pdf", "TH1F"))


def test_titles_are_escaped_in_svg(service: Service, request_for: Make) -> None:
    request = with_words(
        replace(request_for("TH1F", spec="w=600;h=400;format=svg"), name='A/<b a="&">\x01\ud7ff'),
        title=(b"TH1F of a signal", b"<script>alert(1)"),
        axis=(b"E_{T} [GeV]", b"\"&'<b>]]>@\xff"),
        entries=(b"Entries", b"a\x02b\x1fc\xc3("),
    )
    output = ElementTree.fromstring(service.client.render(request).image)
    assert {element.tag.removeprefix(SVG) for element in output.iter()} <= {"svg", "title", "defs", "rect", "path", "text", "g"}
    assert {"<script>alert(1)", "\"&'<b>]]>@\ufffd", "a\ufffdb\ufffdc\ufffd("} <= set(letters(service.client.render(request).image))
    assert output.findtext(f"{SVG}title") == 'A/<b a="&">\ufffd\ud7ff'


@pytest.mark.parametrize("output_format", ["svg", "pdf"])
def test_title_cannot_create_a_link(service: Service, request_for: Make, output_format: str) -> None:
    request = with_words(request_for("TProfile", spec=f"w=600;h=400;format={output_format}"), title=(b"Efficiency against time", LINK))
    output = service.client.render(request).image
    assert b"javascript" not in output
    assert b"href" not in output
    assert b"/URI" not in output


@pytest.mark.parametrize(("width", "height"), [(600, 400), (200, 900), (3000, 2000)])
def test_pdf_page_has_the_size_of_the_plot(render_format: Callable[..., bytes], width: int, height: int) -> None:
    box = re.search(rb"/MediaBox \[ *(-?\d+) (-?\d+) (-?\d+) (-?\d+) *\]", render_format("pdf", "TH2F", spec=f"w={width};h={height}"))
    assert box
    left, bottom, right, top = map(int, box.groups())
    assert (right - left, top - bottom) == (width, height)


def streams(pdf: bytes) -> Iterator[bytes]:
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        yield zlib.decompress(match[1])


def test_text_in_svg_and_pdf_is_complete(service: Service) -> None:
    text = "Zürich µ <b>\n(Ω)"
    assert letters(service.client.render(scalar_request(text, "w=600;h=400;format=svg")).image) == ["Zürich µ <b>", "(Ω)"]
    page = b"".join(streams(service.client.render(scalar_request(text, "w=600;h=400;format=pdf")).image))
    assert "(Zürich µ <b>)".encode("cp1252") in page
    assert rb"(\(?\))" in page  # the standard fonts contain no Omega


@pytest.mark.parametrize("output_format", ["svg", "pdf"])
def test_missing_object_is_drawn_as_text_in_svg_and_pdf(service: Service, output_format: str) -> None:
    request = Request(name="A/lost", spec=f"w=300;h=200;format={output_format}", objects=[(b"", 0)])
    output = service.client.render(request).image
    assert "is not available now" in " ".join(
        letters(output) if output_format == "svg" else [part.decode("cp1252") for part in streams(output)]
    )


@pytest.mark.parametrize("output_format", ["svg", "pdf", "root", "json"])
def test_equal_requests_give_equal_bytes_at_different_times(
    service: Service, render_format: Callable[..., bytes], output_format: str
) -> None:
    first_output = render_format(output_format, "TH2F")
    render_format(output_format, "TH1F", "higher")
    time.sleep(1.1)  # times stored in files have a resolution of one second
    assert {render_format(output_format, "TH2F") for _ in range(6)} == {first_output}


def test_root_file_contains_the_object_under_its_name(render_format: Callable[..., bytes], objects: Path, tmp_path: Path) -> None:
    content = render_format("root", "TH1F")
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


def test_root_file_contains_the_references(render_format: Callable[..., bytes]) -> None:
    with uproot.open(io.BytesIO(render_format("root", "TProfile", "higher", "named", "TH2F"))) as file:
        assert file.classnames() == {"TProfile;1": "TProfile", "TProfile_reference1;1": "TH1S", "TProfile_reference3;1": "TH2F"}


def test_root_file_contains_no_uninitialised_memory(render_format: Callable[..., bytes]) -> None:
    content = render_format("root", "TH1F")
    assert content[63:100] == bytes(37)
    assert len(content) < 8000


def test_scalar_is_a_string_in_root_file_and_json(service: Service) -> None:
    with uproot.open(io.BytesIO(service.client.render(scalar_request("Zürich", "w=20;h=20;format=root", "A/where")).image)) as file:
        assert file["where"] == "Zürich"
    assert json.loads(service.client.render(scalar_request("Zürich", "w=20;h=20;format=json")).image)["fString"] == "Zürich"


@pytest.mark.parametrize("output_format", ["root", "json"])
def test_root_and_json_are_empty_for_missing_and_damaged_objects(service: Service, request_for: Make, output_format: str) -> None:
    assert service.client.render(Request(name="A/lost", spec=f"w=20;h=20;format={output_format}", objects=[(b"", 0)])).image == b""
    raw, _ = request_for("TH1F").objects[0]
    with pytest.raises(RenderRefused, match="damaged"):
        service.client.render(Request(name="A/cut", spec=f"w=20;h=20;format={output_format}", objects=[(raw[:200], 0)]))


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers(item)
    elif isinstance(value, float):
        yield value


@pytest.mark.parametrize("names", [["nan"], ["inf"], ["nan2d"], ["nanprofile"], ["inf", "named", "nan2d"]])
def test_json_is_valid_for_any_bin_contents(render_format: Callable[..., bytes], names: list[str]) -> None:
    document = json.loads(render_format("json", *names), parse_constant=pytest.fail)
    assert all(map(math.isfinite, numbers(document)))
    assert [None in item["fArray"] for item in document.get("objects", [document]) if item] == [True] * (1 + len(names) // 2)
    assert render_format("json", *names) == render_format("png", *names, spec="w=20;h=20;json=True")


@pytest.mark.parametrize("name", ["buffered", "automatic", "bufferedprofile"])
def test_entries_in_the_buffer_of_root_are_in_every_format(render_format: Callable[..., bytes], name: str) -> None:
    document = json.loads(render_format("json", name))
    with uproot.open(io.BytesIO(render_format("root", name))) as file:
        histogram = file[name]
        assert histogram.member("fEntries") == document["fEntries"]
        assert histogram.values(flow=True).tolist() == pytest.approx(
            document["fArray"] if name != "bufferedprofile" else [0, 0, 5] + [0] * 9
        )
    if name == "bufferedprofile":
        assert (document["fEntries"], document["fBinEntries"], document["fTsumwy"]) == (1, [0, 0, 1] + [0] * 9, 5)
    else:
        assert (document["fEntries"], sum(document["fArray"]), document["fTsumwx"]) == (4, 4, 1 + 2 + 2 + 3)
    if name == "buffered":
        assert document["fArray"] == [0, 0, 1, 2, 1] + [0] * 7
    assert any(f"= {document['fEntries']}" in line or line == str(document["fEntries"]) for line in letters(render_format("svg", name)))


def test_error_of_an_empty_response_tells_a_damaged_object_from_a_wrong_specification(service: Service, request_for: Make) -> None:
    damaged = replace(request_for("TH1F", spec="w=60;h=40;format=json"), objects=[(b"garbage" * 20, 0)])
    with pytest.raises(RenderRefused, match=r"^'Test/TH1F' is damaged in its file$"):
        service.client.render(damaged)
    for spec, problem in {
        "w=60;h=40;bogus=1": "bogus: is not known",
        "w=60;h=forty": "h: 'forty' is not",
        "w=60": "lacks .* a height",
    }.items():
        with pytest.raises(RenderRefused, match=f"'Test/TH1F' is invalid: .*{problem}"):
            service.client.render(request_for("TH1F", spec=spec))


def test_damaged_buffer_of_entries_is_damage(service: Service, request_for: Make) -> None:
    raw, shift = request_for("buffered", spec="w=20;h=20;format=json").objects[0]
    for count in (1e9, -1e9, float("nan"), 200):
        damaged = raw.replace(struct.pack(">d", 4) + struct.pack(">d", 1), struct.pack(">dd", count, 1))
        assert damaged != raw
        with pytest.raises(RenderRefused, match="damaged"):
            service.client.render(replace(request_for("buffered", spec="w=20;h=20;format=json"), objects=[(damaged, shift)]))


@pytest.mark.parametrize("name", ["point", "tiny", "vast axis", "close", "reversed"])
@pytest.mark.parametrize("output_format", ["png", "svg", "json"])
def test_axis_that_doubles_cannot_divide_is_damage_without_losing_the_worker(
    service: Service, request_for: Make, name: str, output_format: str
) -> None:
    workers = sorted(service.workers)
    request = request_for(name, spec=f"w=300;h=200;format={output_format}")
    if output_format == "json":
        with pytest.raises(RenderRefused, match="damaged"):
            service.client.render(request)
    else:
        output = service.client.render(request)
        assert output.code == 1
        assert output_format == "png" or "is damaged in its file" in letters(output.image)
    assert sorted(service.workers) == workers


@pytest.mark.parametrize("displayed", [(23, 17), (0, 0), (-1, 5), (5, 60)])
def test_displayed_range_that_an_axis_does_not_have_is_damage(service: Service, request_for: Make, displayed: tuple[int, int]) -> None:
    request = request_for("part", spec="w=300;h=200;format=json")
    raw, shift = request.objects[0]
    damaged = raw.replace(struct.pack(">ii", 17, 23), struct.pack(">ii", *displayed), 1)
    assert damaged != raw
    with pytest.raises(RenderRefused, match="damaged"):
        service.client.render(replace(request, objects=[(damaged, shift)]))


def test_histogram_without_axes_and_entries_is_drawn_empty(render_format: Callable[..., bytes]) -> None:
    assert "Entries " in " ".join(letters(render_format("svg", "unfilled")))
    assert json.loads(render_format("json", "unfilled"))["fXaxis"]["fXmax"] == -1, "as stored"


def test_statistics_beside_a_bin_of_nan_are_the_stored_ones(render_format: Callable[..., bytes]) -> None:
    with_nan, whole = letters(render_format("svg", "summed")), letters(render_format("svg", "TH1F"))
    assert "21" in with_nan
    for name in ("Mean", "Std Dev"):
        assert with_nan[with_nan.index(name) + 1] == whole[whole.index(name) + 1]


def test_strings_that_look_like_non_finite_numbers_stay_in_json(service: Service) -> None:
    text = 'nan inf -2e308 "nan" \\"inf\\'
    assert json.loads(service.client.render(scalar_request(text, "w=20;h=20;format=json")).image)["fString"] == text


def test_map_with_too_many_cells_is_refused_as_svg_and_pdf_but_drawn_as_png(service: Service, request_for: Make) -> None:
    for output_format in ("svg", "pdf"):
        with pytest.raises(RenderRefused, match="at most 250000 bins in an SVG or PDF"):
            service.client.render(request_for("slow", spec=f"w=300;h=200;format={output_format}"))
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


def test_plugins_apply_to_svg_and_pdf_and_their_crashes_are_reported(program: Path, tmp_path: Path, request_for: Make) -> None:
    library = compile_plugin(tmp_path, PLUGIN)
    request = request_for("TH1F", spec="w=300;h=200;format=svg")
    with Service(program, tmp_path, "--workers", "1", "--load", str(library), "--cpu", "0.5") as service:
        service.wait_until_ready()
        assert "stamped" in letters(service.client.render(request).image)
        for output_format in ("svg", "pdf"):
            spec = f"w=300;h=200;format={output_format}"
            with pytest.raises(RenderCrashed, match="died of SIGSEGV, in the plugin Stamp"):
                service.client.render(replace(request, spec=spec, name="A/crash"))
            with pytest.raises(RenderOverrun, match="of CPU time, in the plugin Stamp"):
                service.client.render(replace(request, spec=spec, name="A/spin"))
        assert "stamped" in letters(service.client.render(request).image)


def test_unknown_format_is_refused(service: Service, request_for: Make) -> None:
    with pytest.raises(RenderRefused):
        service.client.render(request_for("TH1F", spec="w=60;h=40;format=gif"))
