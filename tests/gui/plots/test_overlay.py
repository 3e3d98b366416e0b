"""Several monitor elements on each other, and the addresses of the older DQM GUI."""

from __future__ import annotations

import shutil
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from urllib.parse import quote

import pytest
import uproot
from flask.testing import FlaskClient

from app.core.metrics import RENDERS
from app.core.settings import Settings
from app.formats import payload
from app.gui.addresses import object_name
from app.gui.catalog.catalog import Catalog
from app.gui.files import register
from app.gui.files.entries import Entry
from app.gui.models import File
from app.gui.plots import overlay
from app.gui.plots.plot_parts import PlotPart, render_request
from app.gui.samples import SampleKey
from app.queue.models import BackgroundJob
from render.options import Options
from tests.formats import snapshots
from tests.support.patience import PATIENCE_S

DATASET = "/ZeroBias/Run2023C-Demo-v1/DQMIO"
SAMPLE = f"367129{DATASET}"
OLDER = f"367100{DATASET}"
MAP = "PixelPhase1/EventInfo/reportSummaryMap"
NUMBER = "PixelPhase1/EventInfo/reportSummary"
OVERLAY = "/api/v1/render_overlay"


def obj(sample: str, path: str) -> tuple[str, str]:
    return "obj", f"archive/{sample}/{path}"


def drawn() -> float:
    return sum(metric.value for family in RENDERS.collect() for metric in family.samples if metric.name.endswith("_total"))


def histogram(client: FlaskClient) -> str:
    """The path of a 1D histogram."""
    return next(
        path for path in mes(client, "PixelPhase1/") if client.get(f"/api/v1/json/{SAMPLE}/{quote(path)}").json["_typename"] == "TH1F"
    )


def mes(client: FlaskClient, folder: str) -> Iterator[str]:
    for item in client.get(f"/api/v1/archive/{SAMPLE}/{quote(folder)}").json["data"]:
        if "subdir" in item:
            yield from mes(client, f"{folder}{item['subdir']}/")
        else:
            yield item["path"]


def size(png: bytes) -> Any:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def test_overlaid_mes_are_drawn_once(client: FlaskClient) -> None:
    path = histogram(client)
    query = [obj(SAMPLE, path), obj(OLDER, path), ("w", "400"), ("h", "300"), ("reflabel", "older")]
    before = drawn()
    answers = [client.get(OVERLAY, query_string=query) for _ in range(2)]
    assert [(answer.status_code, answer.mimetype, size(answer.data)) for answer in answers] == [(200, "image/png", (400, 300))] * 2
    assert drawn() == before + 1
    tag = answers[0].headers["ETag"]
    assert client.get(OVERLAY, query_string=query, headers={"If-None-Match": tag}).status_code == 304
    alone = client.get(f"/api/v1/render/{SAMPLE}/{quote(path)}?w=400&h=300")
    assert len({alone.data, answers[0].data}) == 2
    others = [client.get(OVERLAY, query_string=[*query, ("ref", ref)]).headers["ETag"] for ref in ("ratiooverlay", "stacked", "difference")]
    assert len({tag, *others}) == 4


def test_an_overlay_of_one_me_is_its_plot(client: FlaskClient) -> None:
    alone = client.get(f"/api/v1/render/{SAMPLE}/{MAP}")
    assert client.get(OVERLAY, query_string=[obj(SAMPLE, MAP)]).data == alone.data


def test_missing_mes_are_omitted_with_their_labels(client: FlaskClient) -> None:
    path = histogram(client)
    there = [obj(SAMPLE, path), obj(OLDER, path)]
    missing = [obj(SAMPLE, "No/Such"), obj("5/A/B/C", path)]
    wanted = client.get(OVERLAY, query_string=[*there, ("reflabel", "older")])
    for query in ([*missing, *there, ("reflabel", "a"), ("reflabel", "b"), ("reflabel", "older")],):
        answer = client.get(OVERLAY, query_string=query)
        assert (answer.status_code, answer.data == wanted.data) == (200, True)


def test_without_any_me_the_image_states_that(client: FlaskClient) -> None:
    query = [obj(SAMPLE, "No/Such"), obj("5/A/B/C", MAP)]
    answer = client.get(OVERLAY, query_string=query)
    assert (answer.status_code, size(answer.data)) == (404, (266, 200))
    assert client.get("/plotfairy/overlay", query_string=query).status_code == 200
    assert client.get("/api/v1/json_overlay", query_string=query).status_code == 404


def test_numbers_and_texts_are_lines_of_one_plot(client: FlaskClient) -> None:
    both = client.get(OVERLAY, query_string=[obj(SAMPLE, NUMBER), obj(OLDER, NUMBER)])
    alone = client.get(OVERLAY, query_string=[obj(SAMPLE, NUMBER)])
    assert (both.status_code, both.data != alone.data) == (200, True)


@pytest.mark.parametrize(
    "query",
    [
        [obj(SAMPLE, MAP)] * 11,
        [],
        [("obj", "x")],
        [("obj", f"archive/{SAMPLE}")],
        [("obj", f"archive/abc{DATASET}/{MAP}")],
    ],
)
@pytest.mark.parametrize("address", ["render_overlay", "json_overlay"])
def test_an_invalid_overlay_is_400(client: FlaskClient, query: list[tuple[str, str]], address: str) -> None:
    answer = client.get(f"/api/v1/{address}", query_string=query)
    assert answer.status_code == 400, answer.text
    assert answer.json["errors"][0]["field"] == "obj"


@pytest.mark.parametrize(("first", "other"), [(MAP, NUMBER), (NUMBER, MAP)])
def test_a_number_among_histograms_leaves_the_picture_of_the_others(client: FlaskClient, first: str, other: str) -> None:
    mixed = [obj(SAMPLE, first), obj(SAMPLE, other), obj(OLDER, first)]
    without = [obj(SAMPLE, first), obj(SAMPLE, "No/Such"), obj(OLDER, first)]
    answer = client.get(OVERLAY, query_string=mixed)
    assert (answer.status_code, answer.data == client.get(OVERLAY, query_string=without).data) == (200, True)
    assert client.get("/api/v1/json_overlay", query_string=mixed).status_code == 400


@pytest.mark.parametrize("style", ["overlay", "ratiooverlay", "stacked", "difference"])
def test_a_map_as_reference_leaves_the_picture_of_the_others_and_the_header_says_so(client: FlaskClient, style: str) -> None:
    path = histogram(client)
    mixed = [obj(SAMPLE, path), obj(SAMPLE, MAP), obj(SAMPLE, "No/Such"), obj(OLDER, path), ("ref", style)]
    without = [obj(SAMPLE, path), obj("5/A/B/C", MAP), obj(SAMPLE, "No/Such"), obj(OLDER, path), ("ref", style)]
    answer = client.get(OVERLAY, query_string=mixed)
    assert (answer.status_code, answer.data == client.get(OVERLAY, query_string=without).data) == (200, True)
    last = "; 4: a difference is that from the first reference" if style == "difference" else ""
    assert answer.headers["DQM-Not-Drawn"] == f"2: it is a TH2F, this is a TH1F; 3: missing{last}"
    assert "DQM-Not-Drawn" not in client.get(OVERLAY, query_string=[obj(SAMPLE, path), obj(OLDER, path)]).headers
    alone = client.get(OVERLAY, query_string=[*mixed[:-1], ("ref", "object")])
    assert alone.headers["DQM-Not-Drawn"] == "3: missing", "each has a picture of its own"


def test_a_root_file_of_an_overlay_holds_histograms_of_all_dimensions(client: FlaskClient, tmp_path: Path) -> None:
    file = tmp_path / "both.root"
    query = [obj(SAMPLE, histogram(client)), obj(SAMPLE, MAP), ("format", "root")]
    file.write_bytes(client.get(OVERLAY, query_string=query).data)
    with uproot.open(file) as content:
        assert sorted(content.classnames().values()) == ["TH1F", "TH2F"]


def test_a_reference_whose_file_is_broken_leaves_the_picture_of_the_others(client: FlaskClient, hub: Settings) -> None:
    broken = hub.data / "demo" / "broken.root"
    broken.parent.mkdir()
    broken.write_bytes(b"no file of ROOT")
    register.register([Entry(DATASET, 500001, 0, str(broken), "tdirectory")])
    lost, missing = obj(f"500001{DATASET}", MAP), obj("5/A/B/C", MAP)
    assert client.get(OVERLAY, query_string=[lost]).status_code == 422, "alone, the reason is the answer"
    own, older = obj(SAMPLE, MAP), obj(OLDER, MAP)
    answer = client.get(OVERLAY, query_string=[own, lost, older])
    wanted = client.get(OVERLAY, query_string=[own, missing, older])
    assert (answer.status_code, answer.data == wanted.data) == (200, True)


def test_the_json_of_an_overlay_has_all_objects(client: FlaskClient) -> None:
    query = [obj(SAMPLE, MAP), obj(SAMPLE, "No/Such"), obj(OLDER, MAP)]
    answer = client.get("/api/v1/json_overlay", query_string=query).json
    each = [client.get(f"/api/v1/json/{sample}/{MAP}").json for sample in (SAMPLE, OLDER)]
    assert [item.pop("dqmProperties") for item in each] == [answer["dqmProperties"]] * 2
    assert answer["objects"] == each
    assert client.get(OVERLAY, query_string=[*query, ("format", "json")]).json == answer
    assert client.get("/jsrootfairy/overlay", query_string=query).json == answer


STRANGE = "A;b/c&d#e%41 f=+?/x;w=5"


def test_names_with_separators_are_found_when_they_are_percent_encoded(client: FlaskClient, hub: Settings) -> None:
    opened = Catalog(hub).open(SampleKey(367129, 0, DATASET), PATIENCE_S)
    index = opened.names.find(MAP.encode())
    assert index is not None
    found = payload(opened.url, opened.format, opened.columns.row(index))
    file = hub.data / "demo" / "run500000.pb"
    file.parent.mkdir()
    file.write_bytes(snapshots.serialise([snapshots.Object(STRANGE, found.data, found.flags)]))
    register.register([Entry(DATASET, 500000, 0, str(file), "protobuf")])
    name = object_name(SampleKey(500000, 0, DATASET), STRANGE.encode())
    overlay = client.get(f"{OVERLAY}?obj={quote(name, safe='')};w=300;h=100&notOlderThan=5")
    assert (overlay.status_code, size(overlay.data)) == (200, (300, 100))
    for kind in ("/api/v1/render", "/plotfairy/archive"):
        alone = client.get(f"{kind}/500000{DATASET}/{quote(STRANGE)}?w=300;h=100")
        assert (alone.status_code, alone.data == overlay.data) == (200, True)
    (item,) = client.get(f"/data/json/archive/500000{DATASET}/{quote(STRANGE.rpartition('/')[0])}").json["contents"]
    assert item["path"] == STRANGE
    assert client.get(f"/jsrootfairy/archive/500000{DATASET}/{quote(STRANGE)}").json["_typename"] == "TH2F"


@pytest.mark.parametrize("address", ["/api/v1/render", "/plotfairy/archive"])
def test_semicolons_separate_options_as_well(client: FlaskClient, address: str) -> None:
    semicolons = client.get(f"{address}/{SAMPLE}/{MAP}?w=300;h=150;notOlderThan=1")
    assert (semicolons.status_code, size(semicolons.data)) == (200, (300, 150))
    assert client.get(f"{address}/{SAMPLE}/{MAP}?w=300&h=150").headers["ETag"] == semicolons.headers["ETag"]


def test_the_legacy_gui_lists_samples(client: FlaskClient) -> None:
    register.register([Entry("/A/B/C", 5, lumi, "/data/5.root", "dqmio") for lumi in (0, 7)])
    answer = client.get("/data/json/samples?match=/A/").json
    assert answer == {"samples": [{"type": "offline_data", "items": [{"run": "5", "dataset": "/A/B/C"}]}]}
    answer = client.get("/data/json/samples?run=5:7;match=").json
    assert answer["samples"][0]["items"] == [{"run": "5:7", "dataset": "/A/B/C"}]
    assert len(client.get("/data/json/samples?run=abc").json["samples"][0]["items"]) == 8


def test_the_legacy_gui_lists_folders_and_returns_json(client: FlaskClient) -> None:
    for folder in ("", "/", "/PixelPhase1/EventInfo"):
        contents = client.get(f"/data/json/archive/{SAMPLE}{folder}").json["contents"]
        assert contents == client.get(f"/api/v1/archive/{SAMPLE}{folder}").json["data"]
    assert client.get(f"/jsrootfairy/archive/{SAMPLE}/{MAP}?jsroot=true").json == client.get(f"/api/v1/json/{SAMPLE}/{MAP}").json
    assert client.get(f"/jsrootfairy/archive/{SAMPLE}/No/Such").status_code == 404


def test_the_legacy_gui_accepts_numbers_for_switches(client: FlaskClient) -> None:
    path = quote(histogram(client))
    old = client.get(f"/plotfairy/archive/{SAMPLE}/{path}?showstats=0;showerrbars=1;norm=False;w=266;h=200")
    new = client.get(f"/api/v1/render/{SAMPLE}/{path}?stats=false&errors=true&norm=false")
    assert old.data == new.data


@pytest.mark.parametrize("kind", ["/plotfairy/archive", "/api/v1/render"])
def test_a_switch_by_its_legacy_name_is_the_same_in_both_kinds_of_addresses(client: FlaskClient, kind: str) -> None:
    address = f"{kind}/{SAMPLE}/{quote(histogram(client))}"
    plain, without = (client.get(f"/api/v1/render/{SAMPLE}/{quote(histogram(client))}?stats={stats}") for stats in ("true", "false"))
    for query, expected in (
        ("showstats=111", plain),
        ("showstats=0", without),
        ("showstats=false", without),
        ("showstats=1&stats=false", without),
    ):
        assert client.get(f"{address}?{query}").data == expected.data, query
    wrong = client.get(f"{address}?showstats=some")
    assert (wrong.status_code, wrong.json["errors"]) == (
        400,
        [{"field": "showstats", "problem": "'some' is no whole number, nor true or false"}],
    )


@pytest.mark.parametrize("address", [f"{SAMPLE}/No/Such", f"5/A/B/C/{MAP}", f"367129:5{DATASET}/{MAP}"])
def test_the_legacy_gui_returns_an_image_for_a_missing_me(client: FlaskClient, address: str) -> None:
    answer = client.get(f"/plotfairy/archive/{address}")
    assert (answer.status_code, size(answer.data)) == (200, (266, 200))


@pytest.fixture
def own(hub: Settings, demo_files: list[Path]) -> Path:
    """A copy of a demo file that a test may change, registered as run 400000."""
    folder = hub.data / "demo"
    folder.mkdir(parents=True)
    copy = Path(shutil.copy(demo_files[0], folder))
    register.register([Entry(DATASET, 400000, 0, str(copy), "tdirectory")])
    return copy


def test_a_file_rewritten_between_list_and_plot_is_listed_again(
    client: FlaskClient, own: Path, demo_files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/api/v1/render/400000{DATASET}/{MAP}"
    client.get(address)
    looked: list[str] = []
    real = Catalog.open

    def replace_after_the_first_look(self: Catalog, key: SampleKey, wait_s: float, not_older_than: float = 0.0) -> Any:
        opened = real(self, key, wait_s, not_older_than)
        if not looked:
            shutil.copy(demo_files[1], own)
        looked.append(opened.identity)
        return opened

    monkeypatch.setattr(Catalog, "open", replace_after_the_first_look)
    answer = client.get(f"{address}?w=300")
    assert answer.status_code == 200
    assert len(set(looked)) == 2
    assert answer.data == client.get(f"/api/v1/render/367129{DATASET}/{MAP}?w=300").data


def test_future_and_repeated_times_cause_no_new_import_and_no_new_plot(client: FlaskClient, own: Path) -> None:
    addresses = [f"{kind}/400000{DATASET}/{MAP}" for kind in ("render", "json")] + [
        f"archive/400000{DATASET}",
        "samples",
        "datasets",
        "latest_runs",
    ]
    tags = {}
    for at, address in enumerate([*addresses, f"render_overlay?obj=archive/400000{DATASET}/{MAP}"] * 5):
        mark = "&" if "?" in address else "?"
        answer = client.get(f"/api/v1/{address}{mark}notOlderThan={int(time.time()) + 1000 * at}")
        assert answer.status_code == 200
        assert tags.setdefault(address, answer.headers["ETag"]) == answer.headers["ETag"]
    (file,) = File.select().where(File.url == str(own))
    assert BackgroundJob.select().where(BackgroundJob.kind == register.IMPORT, BackgroundJob.key == str(file.id)).count() == 1


def test_json_of_an_overlay_has_the_properties_once(monkeypatch: pytest.MonkeyPatch, client: FlaskClient) -> None:
    """Objects after the first efficiency kept the properties of their ME."""
    monkeypatch.setattr(overlay, "me_document", lambda plots, sample, path, since: {"dqmProperties": {"efficiency": True}})
    opened = client.application.extensions["catalog"].open(SampleKey(367129, 0, DATASET), PATIENCE_S)
    parts = [PlotPart(opened, opened.names[3])] * 2
    assert overlay.overlay_document(Mock(), parts) == {"objects": [{}, {}], "dqmProperties": {"efficiency": True}}


def test_any_name_of_a_missing_element_can_be_requested() -> None:
    """The legacy addresses draw a message for it; a name of more than 4096 bytes was 502."""
    for name in (b"9" * 5000, b"\xff" * 5000):
        assert render_request([PlotPart(None, name)], Options(100, 100)).message()
