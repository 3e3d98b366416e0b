"""A plot as PNG, SVG, PDF, ROOT file and JSON over the API: types, names, what a browser may do with them, and errors."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import uproot
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from app import create_app
from app.core.settings import Settings
from app.gui.plots.saved_files import file_name
from app.gui.samples import SampleKey
from app.web.downloads import content_disposition
from tests.support import gui
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

SAMPLE = "367129/ZeroBias/Run2023C-Demo-v1/DQMIO"
MAP = f"/api/v1/render/{SAMPLE}/PixelPhase1/EventInfo/reportSummaryMap"
SCALAR = f"/api/v1/render/{SAMPLE}/PixelPhase1/EventInfo/reportSummary"
NONE = f"/api/v1/render/{SAMPLE}/PixelPhase1/EventInfo/none"
FORMATS = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "root": "application/x-root",
    "json": "application/json",
}


@pytest.fixture
def app(hub: Settings) -> Flask:
    return create_app(hub)


def document_at(client: FlaskClient, address: str, **arguments: str) -> dict[str, Any]:
    answer = client.get(address, query_string=arguments)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.data)
    return found


@pytest.mark.parametrize(("form", "kind"), FORMATS.items())
def test_each_format_has_its_type_and_an_etag(client: FlaskClient, form: str, kind: str) -> None:
    answer = client.get(MAP, query_string={"format": form})
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert answer.headers["Cache-Control"] == "no-cache"
    again = client.get(MAP, query_string={"format": form}, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_each_format_has_its_own_etag(client: FlaskClient) -> None:
    assert len({client.get(MAP, query_string={"format": form}).headers["ETag"] for form in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("form", ["png", "svg", "pdf", "root"])
def test_a_plot_is_saved_under_its_name_and_run(client: FlaskClient, form: str) -> None:
    where, parts = parse_options_header(client.get(MAP, query_string={"format": form}).headers["Content-Disposition"])
    assert parts == {"filename": f"reportSummaryMap_run367129.{form}"}
    assert where == ("inline" if form == "png" else "attachment")


@pytest.mark.parametrize(
    ("path", "lumi", "name"),
    [
        (b"A/map", 0, "map_run7.svg"),
        (b"A/map", 12, "map_run7_ls12.svg"),
        ("A/Größe".encode(), 0, "Größe_run7.svg"),
        (b'A/..a"b\\c;d\r\ne', 0, "a_b_c_d_e_run7.svg"),
        (b"A/\xff", 0, "__run7.svg"),
        (b"A/" + b"x" * 5000, 0, "x" * 150 + "_run7.svg"),
        (b"A/...", 0, "plot_run7.svg"),
    ],
)
def test_the_file_name_is_valid_on_every_file_system(path: bytes, lumi: int, name: str) -> None:
    assert file_name(SampleKey(7, lumi, "/A/B/C"), path, "svg") == name


@pytest.mark.parametrize(("name", "simple"), [("map.svg", "map.svg"), ("Größe 日.svg", "Gr__e _.svg")])
def test_a_non_ascii_file_name_is_encoded_in_the_header(name: str, simple: str) -> None:
    header = content_disposition("attachment", name)
    assert header.isascii()
    assert f"filename={simple}" in header.replace('"', "")
    assert parse_options_header(header)[1]["filename"] in (name, simple)
    assert ("filename*=" in header) == (name != simple)


def test_the_page_of_a_plot_offers_every_format(client: FlaskClient) -> None:
    page = client.get(f"/browse/{SAMPLE}/PixelPhase1/EventInfo?plot=PixelPhase1%2FEventInfo%2FreportSummaryMap&stats=false").text
    links = re.findall(r'href="([^"]*)"[^>]*>(PNG|SVG|PDF|ROOT|JSON)<', page)
    assert {name.lower(): client.get(unescape(link)).mimetype for link, name in links} == FORMATS
    assert all("stats=false" in link for link, name in links if name != "JSON")


def test_an_svg_opened_alone_cannot_run_scripts(client: FlaskClient) -> None:
    answer = client.get(MAP, query_string={"format": "svg", "w": 500, "h": 300})
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert ElementTree.fromstring(answer.data).get("width") == "500"


def test_a_root_file_holds_the_same_object_as_json(client: FlaskClient) -> None:
    document = document_at(client, MAP, format="json")
    with uproot.open(io.BytesIO(client.get(MAP, query_string={"format": "root"}).data)) as file:
        assert file.classnames() == {"reportSummaryMap;1": document["_typename"]}
        assert file["reportSummaryMap"].member("fEntries") == document["fEntries"]
    assert document == document_at(client, MAP.replace("/render/", "/json/"))
    assert document["dqmProperties"] == {"efficiency": False}


def test_a_scalar_is_available_in_every_format(client: FlaskClient) -> None:
    value = document_at(client, SCALAR, format="json")["fString"]
    words = [
        (element.text or "").strip() for element in ElementTree.fromstring(client.get(SCALAR, query_string={"format": "svg"}).data).iter()
    ]
    assert value in words
    with uproot.open(io.BytesIO(client.get(SCALAR, query_string={"format": "root"}).data)) as file:
        assert file["reportSummary"] == value


def test_a_missing_me_is_an_image_or_an_error(client: FlaskClient) -> None:
    for form in ("png", "svg", "pdf"):
        answer = client.get(NONE, query_string={"format": form})
        assert (answer.status_code, answer.mimetype) == (404, FORMATS[form])
    for form in ("root", "json"):
        answer = client.get(NONE, query_string={"format": form})
        assert (answer.status_code, answer.mimetype) == (404, "application/json")
        assert (answer.json or {})["message"] == (
            "There is no monitor element PixelPhase1/EventInfo/none in run 367129 of /ZeroBias/Run2023C-Demo-v1/DQMIO"
        )


@pytest.mark.parametrize("sample", ["1/No/Such/DQMIO", "367129:9999/ZeroBias/Run2023C-Demo-v1/DQMIO"])
def test_an_unknown_sample_is_an_image_or_an_error_like_an_unknown_me(client: FlaskClient, sample: str) -> None:
    missing_me, address = "PixelPhase1/EventInfo/none", "/api/v1/render"
    for form in ("png", "svg", "pdf"):
        answer = client.get(f"{address}/{sample}/{missing_me}", query_string={"format": form, "w": "400"})
        assert (answer.status_code, answer.mimetype) == (404, FORMATS[form])
        again = client.get(f"{address}/{sample}/{missing_me}", query_string={"format": form, "w": "400"})
        assert again.headers["ETag"] == answer.headers["ETag"]
    for form in ("root", "json"):
        answer = client.get(f"{address}/{sample}/{missing_me}", query_string={"format": form})
        assert (answer.status_code, answer.mimetype) == (404, "application/json")


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("format", "gif", "'gif' is none of png, svg, pdf, root, json"),
        ("ref", "beside", "'beside' is none of overlay, object, ratiooverlay, stacked, difference"),
        ("ktest", "2", "2 is not a probability from 0 to 1"),
    ],
)
def test_the_error_of_a_wrong_option_lists_the_allowed_values(client: FlaskClient, field: str, value: str, problem: str) -> None:
    answer = client.get(MAP, query_string={field: value})
    assert answer.status_code == 400
    assert (answer.json or {})["errors"] == [{"field": field, "problem": problem}]


REAL = "0.98765000000000003"
WRITE_REAL = f"""
import sys, ROOT
file = ROOT.TFile(sys.argv[1], "RECREATE")
folder = file.mkdir("DQMData/Run 1/Sub/Run summary/Folder", "", True)
folder.WriteTObject(ROOT.TObjString("<real>f={REAL}</real>"))
folder.WriteTObject(ROOT.TObjString("<words>s={REAL}</words>"))
folder.WriteTObject(ROOT.TObjString("<real.close>qr=st:100:0.29999999999999999:Close:</real.close>"))
file.Close()
print(ROOT.TBufferJSON.ToJSON(ROOT.TObjString("{REAL}")))
"""


def test_reals_are_shown_in_the_shortest_form_and_are_complete_in_json(hub: Settings, tmp_path: Path) -> None:
    file = tmp_path / "DQM_V0001_R000000001__A__B__DQMIO.root"
    command = [sys.executable, "-W", "ignore", "-c", WRITE_REAL, str(file)]
    by_root = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout
    gui.register_all([file])
    client = create_app(hub.replace(file_roots=(str(tmp_path),))).test_client()
    base = "1/A/B/DQMIO"
    assert document_at(client, f"/api/v1/json/{base}/Sub/Folder/real") == json.loads(by_root) | {"dqmProperties": {"efficiency": False}}
    with uproot.open(io.BytesIO(client.get(f"/api/v1/render/{base}/Sub/Folder/real?format=root").data)) as content:
        assert content["real"] == REAL
    folder, plot = (client.get(f"/browse/{base}/Sub/Folder{query}").text for query in ("", "?plot=Sub%2FFolder%2Freal"))
    for page in (folder, plot):
        assert 'title="0.98765"' in page, "the whole value of the rounded one"
    assert REAL not in plot
    assert folder.count(REAL) == 1, "the text that looks like a number"
    assert ">0.3<" in plot, "the result of the quality test"
    assert "0.29999999999999999" not in plot
    for name, shown in {"real": "0.98765", "words": REAL}.items():
        image = ElementTree.fromstring(client.get(f"/api/v1/render/{base}/Sub/Folder/{name}?format=svg").data)
        assert shown in [(element.text or "").strip() for element in image.iter()]


WRITE_FAULTY = """
import sys, ROOT
file = ROOT.TFile(sys.argv[1], "RECREATE", "", 0)
folder = file.mkdir("DQMData/Run 1/Sub/Run summary/Folder", "", True)
folder.WriteTObject(ROOT.TH2S("large", "", 600, 0, 1, 500, 0, 1))
folder.WriteTObject(ROOT.TH1F("n" * 5000, "", 10, 0, 1))
folder.WriteTObject(ROOT.TH1F("damaged", "", 10, 0, 1))
file.Close()
"""


@pytest.fixture
def faulty(hub: Settings, tmp_path: Path) -> FlaskClient:
    """A client of a hub with a file that has a map of 300,000 bins, a name of 5000 bytes and a damaged histogram."""
    file = tmp_path / "DQM_V0001_R000000001__A__B__DQMIO.root"
    subprocess.run([sys.executable, "-W", "ignore", "-c", WRITE_FAULTY, str(file)], check=True, timeout=PATIENCE_S)
    raw = bytearray(file.read_bytes())
    content = raw.index(b"\x04TH1F\x07damaged\0") + len(b"\x04TH1F\x07damaged\0")
    raw[content + 16 : content + 60] = bytes(44)
    file.write_bytes(raw)
    gui.register_all([file])
    return create_app(hub.replace(file_roots=(str(tmp_path),))).test_client()


def faulty_plot(client: FlaskClient, name: str, form: str) -> tuple[int, dict[str, Any]]:
    answer = client.get(f"/api/v1/render/1/A/B/DQMIO/Sub/Folder/{name}?format={form}")
    return answer.status_code, answer.json or {}


def test_a_map_of_more_cells_than_svg_and_pdf_hold_is_a_wrong_format(faulty: FlaskClient) -> None:
    for form in ("svg", "pdf"):
        status, answer = faulty_plot(faulty, "large", form)
        assert (status, [error["field"] for error in answer["errors"]]) == (400, ["format"])
        assert "at most 250000 bins" in answer["message"]
    assert [faulty_plot(faulty, "large", form)[0] for form in ("png", "json", "root")] == [200, 200, 200]


def test_an_me_with_a_name_of_5000_bytes_is_drawn(faulty: FlaskClient) -> None:
    assert [faulty_plot(faulty, "n" * 5000, form)[0] for form in ("png", "svg", "json", "root")] == [200] * 4
    assert faulty_plot(faulty, "m" * 5000, "png")[0] == 404


def test_a_damaged_object_is_a_fault_of_its_file_and_not_of_the_server(faulty: FlaskClient, tmp_path: Path) -> None:
    assert faulty_plot(faulty, "damaged", "png")[0] == 200, "the picture says it"
    for form in ("json", "root"):
        status, answer = faulty_plot(faulty, "damaged", form)
        assert status == 422
        assert "damaged in its file" in answer["message"]
    file = next(tmp_path.glob("*.root"))
    mtime = file.stat().st_mtime_ns
    raw = bytearray(file.read_bytes())
    at = raw.index(b"\x04TH2S\x05large\0")
    raw[at : at + 5] = b"\x04TH2D"
    file.write_bytes(raw)
    os.utime(file, ns=(mtime, mtime))  # so that the hub takes it for the listed version
    status, answer = faulty_plot(faulty, "large", "json")
    assert status == 422
    assert (str(tmp_path) in answer["message"], file.name in answer["message"]) == (False, True)
