"""The newer front end of the legacy DQM GUI works on this API: its requests, one by one, as its code writes them.

The addresses are those of its `api/newApi.ts` and `api/oldApi.ts`, with their mixture of `;` and `&`; see also the
specification of the front ends. A browser encodes blanks in them, but not `+`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uproot
from flask.testing import FlaskClient

DATASET = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
SAMPLE = f"367129{DATASET}"
FOLDER = "EcalBarrel/EBTimingTask"
BLANKS = f"{FOLDER}/EBTMT%20timing%20EB+02"
"""An ME with blanks and a plus, as a browser sends it."""
MAP = "PixelPhase1/EventInfo/reportSummaryMap"


def data(client: FlaskClient, address: str, field: str = "data") -> Any:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json[field]


def image(client: FlaskClient, address: str) -> bytes:
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/png"), answer.text
    return answer.data


def size(png: bytes) -> Any:
    return struct.unpack(">II", png[16:24])


def mes(client: FlaskClient, folder: str) -> Iterator[str]:
    for item in data(client, f"/api/v1/archive/{SAMPLE}/{folder}"):
        if "subdir" in item:
            yield from mes(client, f"{folder}{item['subdir']}/")
        else:
            yield item["path"]


@pytest.fixture
def path(client: FlaskClient) -> str:
    """The path of a histogram of one dimension."""
    found = mes(client, "PixelPhase1/")
    return next(path for path in found if client.get(f"/api/v1/json/{SAMPLE}/{path}").json["_typename"] == "TH1F")


@pytest.mark.parametrize("query", ["", "?notOlderThan=1700000000"])
def test_the_latest_runs_are_numbers_with_the_newest_first(client: FlaskClient, query: str) -> None:
    assert data(client, f"/api/v1/latest_runs{query}", "runs") == [367140, 367131, 367129, 367100, 1]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("run=367129&lumi=0&dataset=", 2),
        (f"run=367129&lumi=0&dataset={DATASET}", 1),
        (f"run=367129&dataset={DATASET}&lumi=-1", 0),
        (f"run=&lumi=&dataset={DATASET}&notOlderThan=1700000000", 2),
    ],
)
def test_the_samples_of_a_run_and_a_dataset_have_run_lumi_and_dataset(client: FlaskClient, query: str, count: int) -> None:
    found = data(client, f"/api/v1/samples?{query}")
    assert len(found) == count
    assert all(item.keys() == {"run", "lumi", "dataset"} for item in found)


@pytest.mark.parametrize("query", ["", "?notOlderThan=1700000000", "?search=EBTMT&notOlderThan=1700000000"])
def test_a_folder_has_the_fields_that_the_front_end_reads(client: FlaskClient, query: str) -> None:
    top = data(client, f"/api/v1/archive/{SAMPLE}/{query}")
    assert {"subdir", "me_count"} == set(top[0])
    plots = data(client, f"/api/v1/archive/{SAMPLE}/{FOLDER}{query}")
    assert len(plots) == 36
    assert plots == data(client, f"/data/json/archive/{SAMPLE}/{FOLDER}{query}", "contents")
    for plot in plots:
        assert plot["path"].rpartition("/")[2] == plot["name"]
        assert plot["layout"] is None
        assert all(type(code) is int for code in plot["qtstatuses"])


@pytest.mark.parametrize("address", ["/api/v1", "/data/json"])
@pytest.mark.parametrize("typed", ["(", "[", "timing(", "*"])
def test_a_search_that_is_not_typed_to_its_end_lists_the_whole_folder(client: FlaskClient, address: str, typed: str) -> None:
    plain = client.get(f"{address}/archive/{SAMPLE}/{FOLDER}").json
    found = client.get(f"{address}/archive/{SAMPLE}/{FOLDER}?search={typed}").json
    assert found.pop("warning").startswith("search: ")
    assert found == plain


@pytest.mark.parametrize("name", ["", "01%20-%20No%20such%20layout", "a/b"])
def test_an_unknown_layout_is_an_empty_list(client: FlaskClient, name: str) -> None:
    assert client.get(f"/api/v1/layouts?name={name}").json == {"data": []}


def test_the_host_is_a_name(client: FlaskClient) -> None:
    assert data(client, "/api/v1/host", "host")


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("stats=true;errors=false;norm=true;w=266;h=200", ""),
        ("stats=true;errors=false;norm=true;;", ""),
        (
            "xtype=lin;xmin=0;xmax=5;ytype=log;stats=false;errors=true;w=67;h=50",
            "xtype=lin&xmin=0&xmax=5&ytype=log&stats=false&errors=true&w=67&h=50",
        ),
        ("drawopts=HIST;withref=yes;stats=true;showerrbars=true;w=720;h=541", "drawopts=HIST&errors=true&w=720&h=541"),
        ("stats=true;showerrbars=false;w=532;h=400;notOlderThan=1700000000", "w=532&h=400"),
    ],
)
def test_a_plot_with_semicolons_is_that_of_the_same_options(client: FlaskClient, path: str, query: str, same: str) -> None:
    plot = image(client, f"/api/v1/render/{SAMPLE}/{path}?{query}")
    assert plot == image(client, f"/api/v1/render/{SAMPLE}/{path}?{same}")


def test_error_bars_by_their_older_name_are_drawn(client: FlaskClient, path: str) -> None:
    address = f"/api/v1/render/{SAMPLE}/{path}?stats=true"
    assert image(client, f"{address};showerrbars=true") != image(client, f"{address};showerrbars=false")


def overlay(client: FlaskClient, path: str, *parts: str, kind: str = "/api/v1/render_overlay") -> bytes:
    """An overlay of an ME with that of the older run; `parts` stand between `&` in the query."""
    objects = f"obj=archive/{SAMPLE}/{path}&obj=archive/367100{DATASET}/{path}&reflabel=367100"
    return image(client, f"{kind}?{'&'.join([objects, *parts])}")


@pytest.mark.parametrize("kind", ["/api/v1/render_overlay", "/plotfairy/overlay"])
def test_an_overlay_in_the_order_of_the_front_end_is_drawn(client: FlaskClient, path: str, kind: str) -> None:
    rest = "stats=true;showerrbars=false;norm=true;w=266;h=200;notOlderThan=1700000000" if "api" in kind else "showstats=1;norm=True"
    plain = overlay(client, path, kind=kind)
    objects = f"obj=archive/{SAMPLE}/{path};obj=archive/367100{DATASET}/{path};reflabel=367100"
    assert image(client, f"{kind}?xtype=;ref=overlay;{objects};{rest}") == plain
    joined = f"obj=archive/{SAMPLE}/{path}&obj=archive/367100{DATASET}/{path}&w=266&h=200&norm=true&reflabel=367100"
    assert image(client, f"{kind}?{joined}&&ref=overlay&undefined") == plain


@pytest.mark.parametrize("kind", ["/api/v1/render_overlay", "/plotfairy/overlay"])
def test_each_value_of_ref_is_drawn_in_its_own_way(client: FlaskClient, path: str, kind: str) -> None:
    pictures = {ref: overlay(client, path, f"ref={ref}", kind=kind) for ref in ("overlay", "ratiooverlay", "stacked", "onSide")}
    assert len(set(pictures.values())) == 4
    assert overlay(client, path, "ref=undefined", kind=kind) == overlay(client, path, "ref=", kind=kind) == pictures["overlay"]
    alone = image(client, f"/api/v1/render/{SAMPLE}/{path}")
    assert pictures["onSide"] == overlay(client, path, "ref=on-side", kind=kind) == alone, "the front end draws the others beside it"


def test_an_unknown_value_of_ref_is_still_refused(client: FlaskClient) -> None:
    answer = client.get(f"/api/v1/render_overlay?obj=archive/{SAMPLE}/{MAP}&ref=aside")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "ref")


def test_nine_references_are_drawn_and_a_tenth_is_refused(client: FlaskClient, path: str) -> None:
    references = ";".join(f"obj=archive/367100{DATASET}/{path};reflabel={number}" for number in range(9))
    address = f"/api/v1/render_overlay?obj=archive/{SAMPLE}/{path};{references}"
    assert size(image(client, f"{address};w=532;h=400")) == (532, 400)
    assert client.get(f"{address};obj=archive/{SAMPLE}/{path}").status_code == 400


def test_a_name_with_blanks_and_a_plus_is_overlaid_as_a_browser_sends_it(client: FlaskClient) -> None:
    alone = image(client, f"/api/v1/render/{SAMPLE}/{BLANKS}")
    assert image(client, f"/api/v1/render_overlay?obj=archive/{SAMPLE}/{BLANKS}&ref=overlay") == alone
    form = BLANKS.replace("+", "%2B").replace("%20", "+")
    assert image(client, f"/api/v1/render_overlay?obj=archive/{SAMPLE}/{form}") == alone, "as scripts encode it"


@pytest.mark.parametrize("query", ["jsroot=true;", "jsroot=true;notOlderThan=1700000000"])
def test_the_object_for_jsroot_has_the_bins_of_the_file(client: FlaskClient, demo_files: list[Path], query: str) -> None:
    document = client.get(f"/jsrootfairy/archive/{SAMPLE}/{MAP}?{query}").json
    file = next(file for file in demo_files if "R000367129" in file.name and "ZeroBias" in file.name)
    with uproot.open(file) as content:
        stored = content["DQMData/Run 367129/PixelPhase1/Run summary/EventInfo/reportSummaryMap"]
        assert (document["_typename"], document["fEntries"]) == (stored.classname, stored.member("fEntries"))
        assert document["fArray"] == pytest.approx(stored.values(flow=True).T.flatten().tolist(), rel=1e-6)


@pytest.mark.parametrize("key", ["reportSummary", "no_such_key"])
def test_the_values_of_the_summary_page_are_strings_of_the_event_info(client: FlaskClient, key: str) -> None:
    found = client.get(f"/jsrootfairy/archive/{SAMPLE}/PixelPhase1/EventInfo/{key}?jsroot=true;")
    if key == "no_such_key":
        assert found.status_code == 404
    else:
        assert float(found.json["fString"]) >= 0
