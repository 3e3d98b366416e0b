"""API version 1: the peer's shapes, 400 for bad input, ETag and 304 everywhere."""

from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import uproot
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.core.settings import Settings
from app.gui.files import register
from app.gui.files.entries import Entry
from app.gui.settings import GuiSettings
from tests.support.gui import register_all

ZERO_BIAS = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
SAMPLE = f"367129{ZERO_BIAS}"
SUMMARY = "EventInfo/reportSummaryMap"


@pytest.fixture
def app(hub: Settings) -> Flask:
    return create_app(hub)


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def get(client: FlaskClient, address: str, **arguments: Any) -> Any:
    answer = client.get(f"/api/v1/{address}", query_string=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_samples_are_listed_newest_run_first_then_by_dataset(client: FlaskClient) -> None:
    data = get(client, "samples")["data"]
    assert [(item["run"], item["dataset"].split("/")[1]) for item in data] == [
        (367140, "Cosmics"),
        (367131, "Muon"),
        (367131, "StreamExpress"),
        (367129, "Muon"),
        (367129, "ZeroBias"),
        (367100, "ZeroBias"),
        (1, "RelValTTbar_14TeV"),
    ]
    assert all(item["lumi"] == 0 for item in data)


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        ({"run": "367129"}, [367129, 367129]),
        ({"run": "3671"}, [367140, 367131, 367131, 367129, 367129, 367100]),
        ({"run": "29"}, [367129, 367129]),
        ({"dataset": "zerobias"}, [367129, 367100]),
        ({"dataset": "ZeroBias", "run": "100"}, [367100]),
        ({"dataset": "%"}, []),
        ({"dataset": "Run_023C"}, []),
        ({"run": "abc"}, []),
        ({"lumi": "-1"}, []),
    ],
)
@pytest.mark.both_databases
def test_samples_are_filtered_by_the_requested_texts(client: FlaskClient, arguments: dict[str, str], runs: list[int]) -> None:
    assert [item["run"] for item in get(client, "samples", **arguments)["data"]] == runs


@pytest.mark.both_databases
def test_lumisections_are_chosen_by_lumi(client: FlaskClient) -> None:
    register.register([Entry("/A/B/C", 5, lumi, "/data/5.root", "tdirectory") for lumi in (0, 1, 12)])
    assert [item["lumi"] for item in get(client, "samples", run="5", lumi=-1)["data"]] == [1, 12]
    assert [item["lumi"] for item in get(client, "samples", dataset="/A/B/C", lumi=12)["data"]] == [12]
    assert get(client, "lumis/5/A/B/C") == [0, 1, 12]
    assert get(client, "lumis/6/A/B/C") == []


def test_a_folder_lists_subfolders_with_counts_then_mes(client: FlaskClient) -> None:
    top = get(client, f"archive/{SAMPLE}")["data"]
    assert top == get(client, f"archive/{SAMPLE}/")["data"]
    assert [item["subdir"] for item in top] == sorted(item["subdir"] for item in top)
    first = top[0]["subdir"]
    below = get(client, f"archive/{SAMPLE}/{first}")["data"]
    counted = sum(item.get("me_count", 1) for item in below)
    assert counted == top[0]["me_count"]
    info = get(client, f"archive/{SAMPLE}/PixelPhase1/EventInfo")["data"]
    summary = next(item for item in info if item.get("name") == "reportSummaryMap")
    assert summary == {
        "name": "reportSummaryMap",
        "path": "PixelPhase1/EventInfo/reportSummaryMap",
        "layout": None,
        "qtstatuses": summary["qtstatuses"],
    }


def test_every_state_of_a_quality_test_is_listed(client: FlaskClient) -> None:
    statuses: set[int] = set()

    def walk(folder: str) -> None:
        for item in get(client, f"archive/{SAMPLE}/{folder}")["data"]:
            if "subdir" in item:
                walk(f"{folder}{item['subdir']}/")
            else:
                statuses.update(item["qtstatuses"])

    walk("")
    assert statuses == {30, 50, 60, 70, 90, 100, 200, 300}


def test_an_unknown_folder_or_the_path_of_an_me_is_an_empty_list(client: FlaskClient) -> None:
    assert get(client, f"archive/{SAMPLE}/No/Such")["data"] == []
    assert get(client, f"archive/{SAMPLE}/PixelPhase1/EventInfo/reportSummaryMap")["data"] == []


def test_a_search_counts_and_lists_matches_anywhere_in_the_name(client: FlaskClient) -> None:
    top = get(client, f"archive/{SAMPLE}", search="SUMMARYmap$")["data"]
    assert {"subdir": "PixelPhase1", "me_count": 1} in top
    inside = get(client, f"archive/{SAMPLE}/PixelPhase1/EventInfo", search="summarymap")["data"]
    assert [item["name"] for item in inside] == ["reportSummaryMap"]


@pytest.mark.parametrize("search", ["(", "(a)\\1", "a" * 201, "[z-a]"])
def test_an_invalid_search_expression_answers_the_whole_folder_with_a_warning(client: FlaskClient, search: str) -> None:
    everything = get(client, f"archive/{SAMPLE}/PixelPhase1")
    document = get(client, f"archive/{SAMPLE}/PixelPhase1", search=search)
    assert "expected a regular expression of at most 200 characters" in document.pop("warning")
    assert document == everything


def test_a_plot_has_the_requested_size_and_its_etag_gives_304(client: FlaskClient) -> None:
    address = f"/api/v1/render/{SAMPLE}/PixelPhase1/{SUMMARY}"
    answer = client.get(address, query_string={"w": 400, "h": 300})
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert size(answer.data) == (400, 300)
    again = client.get(address, query_string={"w": 400, "h": 300}, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get(address, query_string={"w": 401, "h": 300}, headers={"If-None-Match": answer.headers["ETag"]})
    assert other.status_code == 200
    assert client.get(address, query_string={"w": 400, "h": 300}).data == answer.data


def test_the_plot_of_a_changed_file_is_redrawn(client: FlaskClient, hub: Settings, demo_files: list[Path]) -> None:
    folder = hub.data / "demo"
    folder.mkdir()
    copy = folder / "DQM_V0001_R000400000__A__B__DQMIO.root"
    shutil.copy(demo_files[0], copy)
    register_all([copy])
    address = f"/api/v1/render/400000/A/B/DQMIO/PixelPhase1/{SUMMARY}"
    tag = client.get(address).headers["ETag"]
    os.utime(copy, ns=(1, 1))
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_the_json_of_a_histogram_equals_that_of_root(client: FlaskClient, demo_files: list[Path]) -> None:
    answer = get(client, f"json/{SAMPLE}/PixelPhase1/{SUMMARY}")
    file = next(file for file in demo_files if "367129__ZeroBias" in file.name)
    with uproot.open(file) as opened:
        histogram = opened[f"DQMData/Run 367129/PixelPhase1/Run summary/{SUMMARY}"]
        assert answer["_typename"] == "TH2F"
        assert answer["fEntries"] == histogram.member("fEntries")
        assert answer["fArray"] == pytest.approx(histogram.values(flow=True).T.flatten().tolist())
    assert answer["dqmProperties"] == {"efficiency": False}


def test_json_of_every_me_is_valid_and_knows_efficiencies(client: FlaskClient) -> None:
    efficiencies, numbers = 0, 0

    def strict(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    def walk(folder: str) -> None:
        nonlocal efficiencies, numbers
        for item in get(client, f"archive/{SAMPLE}/{folder}")["data"]:
            if "subdir" in item:
                walk(f"{folder}{item['subdir']}/")
            else:
                text = client.get(f"/api/v1/json/{SAMPLE}/{quote(item['path'])}").text
                efficiencies += json.loads(text, parse_constant=strict)["dqmProperties"]["efficiency"]
                numbers += 1

    walk("")
    assert numbers > 300
    assert efficiencies > 0


def test_json_of_an_unknown_me_is_404(client: FlaskClient) -> None:
    assert client.get(f"/api/v1/json/{SAMPLE}/PixelPhase1/NoSuchPlot").status_code == 404


def test_an_unknown_me_is_404_with_an_image_that_states_it(client: FlaskClient) -> None:
    answer = client.get(f"/api/v1/render/{SAMPLE}/PixelPhase1/NoSuchPlot")
    assert (answer.status_code, answer.mimetype) == (404, "image/png")
    assert size(answer.data) == (266, 200)


@pytest.mark.parametrize("name", ["w", "h", "xmin", "ytype", "stats", "drawopts"])
def test_a_drawing_option_that_cannot_be_used_is_named(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/api/v1/render/{SAMPLE}/PixelPhase1/{SUMMARY}", query_string={name: "$("})
    assert answer.status_code == 400
    assert answer.json["errors"][0]["field"] == name


def test_without_a_render_service_a_plot_is_503_and_names_the_command_to_start(hub: Settings, tmp_path: Path) -> None:
    (hub.data / "render").unlink()
    answer = create_app(hub).test_client().get(f"http://127.0.0.1/api/v1/render/{SAMPLE}/PixelPhase1/{SUMMARY}")
    assert answer.status_code == 503
    assert "dqmhub render" in answer.json["message"]
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("content", [b"root" + bytes(200), b"", b"no DQM file at all" * 10])
def test_a_file_that_is_damaged_or_no_dqm_file_is_422_without_its_folder_and_other_files_work(
    hub: Settings, client: FlaskClient, content: bytes
) -> None:
    folder = hub.data / "demo"
    folder.mkdir()
    bad = folder / "DQM_V0001_R000400000__A__B__DQMIO.root"
    bad.write_bytes(content)
    register_all([bad])
    app = create_app(hub.replace(file_roots=(str(folder), *hub.of(GuiSettings).file_roots)))
    for address in ("/api/v1/archive/400000/A/B/DQMIO", "/api/v1/json/400000/A/B/DQMIO/x", "/browse/400000/A/B/DQMIO", "/files", "/status"):
        answer = app.test_client().get(address)
        assert answer.status_code == (200 if address in ("/files", "/status") else 422)
        assert bad.name in answer.text
        assert str(folder) not in answer.text, address
    assert app.test_client().get("/api/v1/files").json["data"][0]["url"] == bad.name
    assert get(client, f"archive/{SAMPLE}")["data"]


@pytest.mark.parametrize(
    "address",
    [
        "archive/abc/A/B/C",
        "archive/1:x/A/B/C",
        "archive/-1/A/B/C",
        "archive/99999999999/A/B/C",
        "archive/²/A/B/C",
        "render/abc/A/B/C/me",
        "lumis/abc/A/B/C",
        "samples?lumi=abc",
        "samples?lumi=-2",
        "samples?notOlderThan=soon",
        "samples?notOlderThan=-1",
        "samples?notOlderThan=²",
        "latest_runs?notOlderThan=x",
    ],
)
@pytest.mark.both_databases
def test_bad_input_is_400_in_the_one_error_shape(client: FlaskClient, address: str) -> None:
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == 400, answer.text
    assert answer.json["status"] == 400
    assert answer.json["errors"][0].keys() == {"field", "problem"}
    assert answer.json["errors"][0]["field"] in answer.json["message"]


@pytest.mark.parametrize(
    ("address", "status"), [("archive/1/No/Such/DQMIO", 404), ("render/1/No/Such/DQMIO/x?format=json", 404), ("nothing", 404)]
)
def test_missing_things_are_404_in_the_one_error_shape(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == status
    assert answer.json.keys() == {"message", "status", "errors"}


def test_the_wrong_method_is_405(client: FlaskClient) -> None:
    answer = client.delete("/api/v1/samples", headers={"Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, answer.json["status"]) == (405, 405)
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("address", ["samples", f"archive/{SAMPLE}", "datasets", "latest_runs", "host", f"lumis/{SAMPLE}"])
@pytest.mark.both_databases
def test_lists_have_an_etag_that_gives_304(client: FlaskClient, address: str) -> None:
    tag = client.get(f"/api/v1/{address}").headers["ETag"]
    assert client.get(f"/api/v1/{address}", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.both_databases
def test_latest_runs_and_datasets(client: FlaskClient) -> None:
    assert get(client, "latest_runs") == {"runs": [367140, 367131, 367129, 367100, 1]}
    assert get(client, "latest_runs", search="29") == {"runs": [367129]}
    assert get(client, "datasets", search="MUON") == {"datasets": ["/Muon/Run2023C-Demo-v1/DQMIO"]}


def test_a_real_file_is_listed_and_drawn(hub: Settings, fixtures_dir: Path) -> None:
    folder = fixtures_dir / "dqmfiles"
    hub = hub.replace(file_roots=(*hub.of(GuiSettings).file_roots, str(folder)))
    for file in sorted(folder.glob("DQM_V0001_*.root")):
        register_all([file])
    client = create_app(hub).test_client()

    def answer(address: str) -> Any:
        return client.get(f"http://127.0.0.1/api/v1/{address}")

    plots = []
    for run in (367094, 367129):
        top = answer(f"archive/{run}/ZeroBias/Run2023C-PromptReco-v1/DQMIO").json["data"]
        assert [item["subdir"] for item in top] == ["Info", "PixelPhase1"]
        folder_of = "PixelPhase1/Tracks/" + ("PXBarrel" if run == 367094 else "PXForward")
        mes = answer(f"archive/{run}/ZeroBias/Run2023C-PromptReco-v1/DQMIO/{folder_of}").json["data"]
        path = mes[0]["path"].replace("+", "%2B")
        plots.append(answer(f"render/{run}/ZeroBias/Run2023C-PromptReco-v1/DQMIO/{path}?w=600&h=400"))
    assert [plot.status_code for plot in plots] == [200, 200]
    empty, full = (len(plot.data) for plot in plots)
    assert full > 2 * empty  # a map with colours against an empty frame
